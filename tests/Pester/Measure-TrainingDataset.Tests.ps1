#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . "$PSScriptRoot/common.ps1"
}

Describe 'Measure-TrainingDataset' {
    It 'counts records and lengths' {
        $statistics = Measure-TrainingDataset (Get-ExampleData 16) -TokenizerPath $model
        $statistics.Records | Should -Be 16
        $statistics.BadLines | Should -Be 0
        $statistics.Lengths.Count | Should -BeGreaterThan 0
    }

    It 'takes records from the pipeline' {
        (Import-TrainingDataset (Get-ExampleData 16) | Where-Object Index -LT 5 | Measure-TrainingDataset -SkipDuplicate).Records | Should -Be 5
    }

    It 'finds duplicates' {
        $path = Join-Path $TestDrive 'twice.jsonl'
        (Get-Content (Get-ExampleData 8)) * 2 | Set-Content $path
        (Measure-TrainingDataset $path).DuplicateRate | Should -Be 0.5
    }

    It 'names a file that is not there' {
        { Measure-TrainingDataset (Join-Path $TestDrive 'nowhere.jsonl') -ErrorAction Stop } | Should -Throw -ErrorId 'DatasetNotFound,*'
    }
}
