#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . "$PSScriptRoot/common.ps1"
}

Describe 'Export-TrainingDataset' {
    It 'writes <_>, which reads back the same' -ForEach '.jsonl', '.json', '.parquet', '.jsonl.gz', '.jsonl.zst' {
        $path = Join-Path $TestDrive "out$_"
        $records = Import-TrainingDataset (Get-ExampleData 8)
        $file = $records | Export-TrainingDataset $path -PassThru
        $file.FullName | Should -Be $path
        $back = Import-TrainingDataset $path
        $back.Count | Should -Be 8
        $back.Prompt | Should -Be $records.Prompt
    }

    It 'leaves a file that exists alone without -Force' {
        $path = Join-Path $TestDrive 'there.jsonl'
        'kept' | Set-Content $path
        { Import-TrainingDataset (Get-ExampleData 2) | Export-TrainingDataset $path -ErrorAction Stop } | Should -Throw -ErrorId 'FileExists,*'
        Get-Content $path | Should -Be 'kept'
        Import-TrainingDataset (Get-ExampleData 2) | Export-TrainingDataset $path -Force
        (Get-Content $path).Count | Should -Be 2
    }

    It 'leaves nothing behind when the pipeline fails' {
        $path = Join-Path $TestDrive 'half.jsonl'
        { Import-TrainingDataset (Get-ExampleData 8) | ForEach-Object { if ($_.Index -eq 4) { throw 'broken' }; $_ } | Export-TrainingDataset $path } | Should -Throw 'broken'
        $path | Should -Not -Exist
    }

    It 'writes nothing with -WhatIf' {
        $path = Join-Path $TestDrive 'planned.jsonl'
        Import-TrainingDataset (Get-ExampleData 2) | Export-TrainingDataset $path -WhatIf
        $path | Should -Not -Exist
    }
}
