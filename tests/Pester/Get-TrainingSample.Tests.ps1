#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll { . "$PSScriptRoot/common.ps1" }

Describe 'Get-TrainingSample' {
    It 'shows what is learnt of each record' {
        $rows = Get-ExampleConfig a | Get-TrainingSample
        $rows | Should -HaveCount 16
        $rows[0].SupervisedText | Should -HaveCount 1
        $rows[0].Text | Should -BeLike "*$($rows[0].SupervisedText)"
        $rows[0].Tokens | Where-Object IsSupervised | Should -HaveCount $rows[0].SupervisedTokens
    }

    It 'ends early' {
        Get-ExampleConfig a | Get-TrainingSample | Select-Object -First 1 | ForEach-Object Row | Should -Be 0
    }

    It 'packs records of the pipeline as a run would' {
        $config = Get-ExampleConfig a
        $rows = Import-TrainingDataset (Get-ExampleData) | Get-TrainingSample -Config $config -Set packing=true, max_length=256
        $rows.Count | Should -BeLessThan 16
        $rows[0].DocumentLengths.Count | Should -BeGreaterThan 1
    }

    It 'has a view with marks around what is learnt' {
        Get-ExampleConfig a | Get-TrainingSample -Index 0 | Out-String | Should -Match "(?s)training row 0: .*learnt.*$([char]0x27E6).*$([char]0x27E7)"
    }

    It 'says so where a record has no row' {
        Get-ExampleConfig a | Get-TrainingSample -Index 999 -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problem.FullyQualifiedErrorId | Should -BeLike 'SampleNotFound*'
    }
}
