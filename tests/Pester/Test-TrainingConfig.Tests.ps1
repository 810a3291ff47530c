#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll { . "$PSScriptRoot/common.ps1" }

Describe 'Test-TrainingConfig' {
    It 'gives no Error for the example' {
        Get-ExampleConfig a | Test-TrainingConfig | Where-Object Severity -EQ Error | Should -BeNullOrEmpty
        Get-ExampleConfig a | Test-TrainingConfig -Quiet | Should -BeTrue
    }

    It 'finds a model that is not there' {
        $finding = New-TrainingConfig -ModelPath nowhere -DatasetPath (Get-ExampleData) | Test-TrainingConfig | Where-Object RuleId -EQ ModelUsable
        $finding.Severity | Should -Be Error
        $finding.Setting | Should -Be model_name_or_path
        $finding.ErrorId | Should -Be ModelFolderNotFound
    }

    It 'hands a usable configuration on, with its Warnings on the warning stream' {
        $config = Get-ExampleConfig a | New-TrainingConfig -LearningRate 0.05 | Test-TrainingConfig -PassThru -WarningVariable warnings -WarningAction SilentlyContinue
        $config.Optimization.LearningRate | Should -Be 0.05
        $warnings | Should -Not -BeNullOrEmpty
    }

    It 'keeps an unusable one back' {
        $config = New-TrainingConfig | Test-TrainingConfig -PassThru -ErrorVariable problem -ErrorAction SilentlyContinue
        $config | Should -BeNullOrEmpty
        $problem | Should -HaveCount 1
    }

    It 'runs the rules that are named' {
        Get-ExampleConfig a | New-TrainingConfig -WeightDecay 0 -LearningRate 0.05 | Test-TrainingConfig -Rule WeightDecay* |
            ForEach-Object RuleId | Should -Be WeightDecayZero
        Get-ExampleConfig a | New-TrainingConfig -WeightDecay 0 | Test-TrainingConfig -ExcludeRule WeightDecay* |
            ForEach-Object RuleId | Should -Not -Contain WeightDecayZero
    }

    It 'completes the names of rules' {
        $line = 'Test-TrainingConfig -Rule WeightDecayZ'
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Contain WeightDecayZero
    }

    It 'shows findings as a table that is no wider than the window' {
        $text = New-TrainingConfig | Test-TrainingConfig | Out-String -Width 80
        $text | Should -Match 'Severity\S*\s+\S*Rule'
    }
}
