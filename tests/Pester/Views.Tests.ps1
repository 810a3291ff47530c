#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . "$PSScriptRoot/common.ps1"
    $script:findings = Get-ExampleConfig views | New-TrainingConfig -WeightDecay 0 -LearningRate 0.02 | Test-TrainingConfig
    $script:rendering = $PSStyle.OutputRendering
}

AfterAll {
    $PSStyle.OutputRendering = $rendering
}

Describe 'Views' {
    It 'keep to <_> columns' -ForEach 80, 200 {
        $width = $_
        $PSStyle.OutputRendering = 'PlainText'
        $records = Import-TrainingDataset (Get-ExampleData 5)
        $shown = $findings, $records, (Measure-TrainingDataset (Get-ExampleData 5) -SkipDuplicate), (Get-ExampleConfig views)
        $text = $shown | ForEach-Object { $_ | Out-String -Width $width }
        $text -split '\r?\n' | Where-Object Length -GT $width | Should -BeNullOrEmpty
    }

    It 'colour severities where colours are wanted' {
        $PSStyle.OutputRendering = 'Ansi'
        $findings | Out-String | Should -Match ([regex]::Escape("$($PSStyle.Formatting.Warning)Warning"))
    }

    It 'use the colours that the user has set' {
        $PSStyle.OutputRendering = 'Ansi'
        $warning = $PSStyle.Formatting.Warning
        try {
            $PSStyle.Formatting.Warning = $PSStyle.Foreground.Magenta
            $findings | Out-String | Should -Match ([regex]::Escape("$($PSStyle.Foreground.Magenta)Warning"))
        }
        finally {
            $PSStyle.Formatting.Warning = $warning
        }
    }

    It 'have no colour in plain text, in a file and under NO_COLOR' {
        $escape = [string][char]27
        $PSStyle.OutputRendering = 'PlainText'
        $findings | Out-String | Should -Not -Match $escape
        $PSStyle.OutputRendering = 'Host'
        $findings | Out-File (Join-Path $TestDrive 'findings.txt')
        Get-Content (Join-Path $TestDrive 'findings.txt') -Raw | Should -Not -Match $escape
        $command = "Import-Module '$manifest'; New-TrainingConfig -WeightDecay 0 | Test-TrainingConfig"
        $pwsh = (Get-Process -Id $PID).Path
        & $pwsh -NoProfile -Command $command | Out-String | Should -Not -Match $escape
    }
}
