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

    It 'have no colour in plain text and in a file' {
        $escape = [string][char]27
        $PSStyle.OutputRendering = 'PlainText'
        $findings | Out-String | Should -Not -Match $escape
        $PSStyle.OutputRendering = 'Host'
        $findings | Out-File (Join-Path $TestDrive 'findings.txt')
        Get-Content (Join-Path $TestDrive 'findings.txt') -Raw | Should -Not -Match $escape
    }
}

# What the caller of pwsh redirects, byte by byte: through a pipe of this pwsh sequences would be taken out on the way.
Describe 'Redirected output of pwsh' {
    BeforeAll {
        $script:shown = {
            param([string] $First, [hashtable] $Environment)
            $script = Join-Path $TestDrive 'show.ps1'
            Set-Content $script @"
$First
Import-Module '$manifest'
`$config = New-TrainingConfig -ModelPath '$model' -DatasetPath '$(Get-ExampleData 5)' -WeightDecay 0 -LearningRate 0.02
`$config | Out-Default
`$config | Test-TrainingConfig | Out-Default
`$config | Get-TrainingSample | Select-Object -First 1 | Out-Default
Measure-TrainingDataset '$(Get-ExampleData 5)' -SkipDuplicate | Out-Default
Stop-FineTune (Start-FineTune -InputObject (`$config | New-TrainingConfig -LearningRate 1e-3 -MaxSteps 4 -OutputPath '$TestDrive/shown') -Force -WarningAction Ignore).Path
Get-FineTuneRun '$TestDrive/shown' | Out-Default
Import-TrainingConfig nowhere.yaml
"@
            $out = Join-Path $TestDrive 'out.txt'
            $err = Join-Path $TestDrive 'err.txt'
            $pwsh = (Get-Command pwsh -CommandType Application | Select-Object -First 1).Source
            Start-Process $pwsh "-NoProfile -NonInteractive -File `"$script`"" -Wait -RedirectStandardOutput $out -RedirectStandardError $err -Environment $Environment
            (Get-Content $out -Raw) + (Get-Content $err -Raw)
        }
    }

    It 'has no escape sequence under NO_COLOR' {
        $text = & $shown '' @{ NO_COLOR = '1' }
        $text | Should -Match 'WeightDecayZero'
        $text | Should -Match 'Completed'
        $text | Should -Match 'nowhere.yaml'
        $text | Should -Not -Match ([string][char]27)
    }

    It 'has no escape sequence in plain text' {
        $text = & $shown '$PSStyle.OutputRendering = "PlainText"' @{ NO_COLOR = $null }
        $text | Should -Match 'WeightDecayZero'
        $text | Should -Not -Match ([string][char]27)
    }

    It 'has no colour of ours otherwise' {
        # The headings of tables keep the sequences that pwsh gives them there.
        $text = & $shown '' @{ NO_COLOR = $null; TERM = 'xterm' }
        $text | Should -Match '(?m)^Warning +WeightDecayZero'
        $text | Should -Not -Match "$([char]27)\[[\d;]+m(Error|Warning|Completed)$([char]27)"
    }
}
