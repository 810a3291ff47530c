#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll { . "$PSScriptRoot/common.ps1" }

Describe 'Import-TrainingConfig' {
    BeforeAll {
        Set-Content "$TestDrive/run.yaml" "learning_rate: 1e-3`nnum_train_epochs: 2`ndataset_path: d.jsonl"
    }

    It 'reads a file and takes its paths from its folder' {
        $config = Import-TrainingConfig "$TestDrive/run.yaml"
        $config.Optimization.LearningRate | Should -Be 1e-3
        $config.Data.DatasetPath | Should -Be (Join-Path $TestDrive d.jsonl)
    }

    It 'takes files from Get-ChildItem' {
        Get-ChildItem "$TestDrive/run.yaml" | Import-TrainingConfig | Should -HaveCount 1
    }

    It 'replaces settings' {
        (Import-TrainingConfig "$TestDrive/run.yaml" -Set learning_rate=5e-4, seed=7).Runtime.Seed | Should -Be 7
    }

    It 'names the place and the nearest right key of an unknown one' {
        Set-Content "$TestDrive/bad.yaml" 'learning_rat: 1'
        $config = Import-TrainingConfig "$TestDrive/bad.yaml" -ErrorVariable problem -ErrorAction SilentlyContinue
        $config | Should -BeNullOrEmpty
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'ConfigKeyUnknown,*'
        "$($problem[0])" | Should -Match 'line 1'
        $problem[0].ErrorDetails.RecommendedAction | Should -Match learning_rate
    }
}
