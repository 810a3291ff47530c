#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll { . "$PSScriptRoot/common.ps1" }

Describe 'New-TrainingConfig' {
    It 'takes settings as parameters' {
        $config = New-TrainingConfig -ModelPath $model -Epochs 2 -LearningRate 1e-3
        $config.Duration.NumTrainEpochs | Should -Be 2
        $config.Optimization.LearningRate | Should -Be 1e-3
        $config.Model.ModelNameOrPath | Should -Be $model
    }

    It 'takes a hashtable with the names of configuration files' {
        $settings = @{ learning_rate = 2e-4; lr_scheduler_type = 'cosine_with_min_lr'; min_lr_rate = 0.1 }
        $config = New-TrainingConfig @settings
        $config.Schedule.LrSchedulerType | Should -Be 'CosineWithMinLr'
        $config.Schedule.MinLrRate | Should -Be 0.1
    }

    It 'takes paths from the location, also on a PSDrive' {
        $null = New-Item -ItemType Directory "$TestDrive/data"
        Set-Content "$TestDrive/data/a.jsonl" '{"text": "a"}'
        $null = New-PSDrive -Name Tt -PSProvider FileSystem -Root "$TestDrive/data"
        try {
            (New-TrainingConfig -DatasetPath Tt:/*.jsonl).Data.DatasetPath | Should -Be (Join-Path $TestDrive 'data/a.jsonl')
            Push-Location Tt:/
            (New-TrainingConfig -OutputPath run).OutputDir | Should -Be (Join-Path $TestDrive 'data/run')
        }
        finally {
            Pop-Location
            Remove-PSDrive Tt
        }
    }

    It 'makes variants of a configuration from the pipeline' {
        $base = New-TrainingConfig -Epochs 3
        $variants = 1e-4, 1e-3 | ForEach-Object { $base | New-TrainingConfig -LearningRate $_ }
        $variants.Optimization.LearningRate | Should -Be 1e-4, 1e-3
        $variants.Duration.NumTrainEpochs | Should -Be 3, 3
    }

    It 'refuses a negative learning rate with a stable id' {
        { New-TrainingConfig -LearningRate -1 } | Should -Throw -ErrorId 'ConfigValueInvalid,*'
    }

    It 'completes <Line>' -ForEach @(
        @{ Line = 'New-TrainingConfig -LrSchedulerType CosineW'; Expected = 'CosineWithMinLr' }
        @{ Line = 'New-TrainingConfig -Optim adamw'; Expected = 'adamw_torch_fused' }
        @{ Line = 'New-TrainingConfig -LearningR'; Expected = '-LearningRate' }
    ) {
        (TabExpansion2 $Line $Line.Length).CompletionMatches.CompletionText | Should -Contain $Expected
    }
}
