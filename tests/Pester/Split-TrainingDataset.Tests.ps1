#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . "$PSScriptRoot/common.ps1"
}

Describe 'Split-TrainingDataset' {
    It 'puts every record on one side' {
        $split = Split-TrainingDataset (Get-ExampleData 40) -ValidationShare 0.25
        $split.TrainCount + $split.ValidationCount | Should -Be 40
        $split.Train.Count | Should -Be $split.TrainCount
    }

    It 'gives the same split for the same seed' {
        $one, $two = 1..2 | ForEach-Object { Split-TrainingDataset (Get-ExampleData 40) -ValidationShare 0.25 -Seed 7 }
        $one.Validation.SourceLine | Should -Be $two.Validation.SourceLine
    }

    It 'writes files that a configuration takes from the pipeline' {
        $folder = Join-Path $TestDrive 'split'
        $config = Split-TrainingDataset (Get-ExampleData 40) -ValidationShare 0.25 -DestinationPath $folder | New-TrainingConfig -ModelPath $model
        "$($config.Data.DatasetPath)" | Should -Be (Join-Path $folder 'train.jsonl')
        "$($config.Data.ValidationPath)" | Should -Be (Join-Path $folder 'validation.jsonl')
        { Split-TrainingDataset (Get-ExampleData 40) -DestinationPath $folder -ErrorAction Stop } | Should -Throw -ErrorId 'FileExists,*'
    }

    It 'keeps duplicates on one side' {
        $path = Join-Path $TestDrive 'twice.jsonl'
        (Get-Content (Get-ExampleData 16)) * 2 | Set-Content $path
        $split = Split-TrainingDataset $path -ValidationShare 0.4
        $split.Validation.Prompt | Where-Object { $_ -in $split.Train.Prompt } | Should -BeNullOrEmpty
    }
}
