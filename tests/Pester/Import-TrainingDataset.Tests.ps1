#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . "$PSScriptRoot/common.ps1"
}

Describe 'Import-TrainingDataset' {
    It 'streams records with file and line' {
        $path = Get-ExampleData 5
        $records = Import-TrainingDataset $path
        $records.Count | Should -Be 5
        $records[4].SourceLine | Should -Be 5
        $records[0].SourceFile | Should -Be $path
    }

    It 'stops reading when nobody wants more' {
        (Import-TrainingDataset (Get-ExampleData 16) | Select-Object -First 1).Index | Should -Be 0
    }

    It 'gives one error for each bad line, and the rest' {
        $path = Join-Path $TestDrive 'bad.jsonl'
        '{"text":"one"}', '{"text":', '{"text":"three"}' | Set-Content $path
        $records = Import-TrainingDataset $path -ErrorAction SilentlyContinue -ErrorVariable bad
        $records.Count | Should -Be 2
        $bad.Count | Should -Be 1
        $bad[0].FullyQualifiedErrorId | Should -BeLike 'DatasetLineInvalid,*'
        "$($bad[0])" | Should -Match ([regex]::Escape('bad.jsonl(2)'))
    }

    It 'ends at the first with -ErrorAction Stop' {
        { Import-TrainingDataset (Join-Path $TestDrive 'bad.jsonl') -ErrorAction Stop } | Should -Throw -ErrorId 'DatasetLineInvalid,*'
    }

    It 'takes files from Get-ChildItem, wildcards and PSDrives' {
        $null = Get-ExampleData 3
        (Get-ChildItem $TestDrive -Filter records-3.jsonl | Import-TrainingDataset).Count | Should -Be 3
        (Import-TrainingDataset "$TestDrive/records-[3].jsonl").Count | Should -Be 3
        $null = New-PSDrive -Name Data -PSProvider FileSystem -Root $TestDrive -Scope Script
        (Import-TrainingDataset Data:records-3.jsonl).Count | Should -Be 3
    }

    It 'takes a name with brackets literally' {
        Copy-Item (Get-ExampleData 3) (Join-Path $TestDrive 'odd.jsonl')
        Rename-Item (Join-Path $TestDrive 'odd.jsonl') 'odd [1].jsonl'
        (Import-TrainingDataset -LiteralPath "$TestDrive/odd [1].jsonl").Count | Should -Be 3
    }

    It 'reads fields under other names' {
        $path = Join-Path $TestDrive 'reviews.csv'
        'review,sentiment', 'fine,good', 'bad,poor' | Set-Content $path
        (Import-TrainingDataset $path -TextField review -LabelField sentiment).Label | Should -Be 'good', 'poor'
    }
}
