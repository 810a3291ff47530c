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

    It 'keeps the shares of labels, and groups on one side' {
        $path = Join-Path $TestDrive 'groups.csv'
        $lines = foreach ($i in 1..200) { "$([guid]::NewGuid()) $([guid]::NewGuid()),$(if ($i % 4) { 'common' } else { 'rare' }),c$($i % 20)" }
        Set-Content $path (@('text,label,customer') + $lines)
        $split = Split-TrainingDataset $path -ValidationShare 0.2 -Stratify
        @($split.Validation | Where-Object Label -EQ 'rare').Count | Should -Be 10
        $split = Split-TrainingDataset $path -ValidationShare 0.2 -GroupBy customer
        $train = $split.Train | ForEach-Object { "$($_.Extra['customer'])" } | Sort-Object -Unique
        $validation = $split.Validation | ForEach-Object { "$($_.Extra['customer'])" } | Sort-Object -Unique
        Compare-Object $train $validation -IncludeEqual -ExcludeDifferent | Should -BeNullOrEmpty
    }

    It 'refuses shares that leave nothing to train on' {
        { Split-TrainingDataset (Get-ExampleData) -ValidationShare 0.7 -TestShare 0.5 -ErrorAction Stop } | Should -Throw -ErrorId 'SplitInvalid*'
    }
}
