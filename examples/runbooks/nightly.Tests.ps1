<#
.SYNOPSIS
    Nightly run: fine-tunes, or goes on with what last night left unfinished, and asserts that it came to its end.
.DESCRIPTION
    The same command can be given every night. Where a run of the day is unfinished (the machine was restarted, time was up)
    it goes on from its newest checkpoint; where it is complete nothing is done.

        Invoke-Pester -Container (New-PesterContainer -Path examples/runbooks/nightly.Tests.ps1 -Data @{ ConfigPath = 'config.yaml' }) -CI

    Needs pwsh 7.6 and Pester 5.
#>
[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSReviewUnusedParameter', '', Justification = 'Used in the blocks of Pester.')]
param(
    # The configuration.
    [string] $ConfigPath = "$PSScriptRoot/nightly.yaml",

    # Folder that holds the runs.
    [string] $RunsPath = "$PSScriptRoot/../../runs",

    # Name of tonight's run.
    [string] $Name = "nightly-$(Get-Date -Format yyyy-MM-dd)",

    # Longest time that the run may take; it goes on tomorrow.
    [timespan] $MaxDuration = '06:00:00',

    # Checkpoints older than this many nights are deleted with their runs; 0 keeps all.
    [int] $KeepNights = 14
)

BeforeDiscovery {
    if (-not (Get-Module TrainTools)) { Import-Module "$PSScriptRoot/../../out/TrainTools" }
}

Describe 'The nightly run' {
    BeforeAll {
        $config = Import-TrainingConfig $ConfigPath | New-TrainingConfig -OutputPath (Join-Path $RunsPath $Name)
        $script:run = $config | Start-FineTune -Resume -MaxDuration $MaxDuration -StopOn NonFinite, LossExplodes -ErrorVariable problem -ErrorAction SilentlyContinue -WarningAction SilentlyContinue
    }

    It 'started' {
        $problem | ForEach-Object ToString | Should -BeNullOrEmpty
        $run | Should -Not -BeNullOrEmpty
    }

    It 'came to its end' {
        $run.State | Should -Be Completed -Because "it goes on with -Resume; its log is $($run.Path)/trainer.log"
    }

    It 'left a model' {
        $run.ModelPath | Should -Exist
    }

    It 'has nothing to go on with that is already done' {
        $again = $config | Start-FineTune -Resume -WarningAction SilentlyContinue
        $again.Steps | Should -Be $run.Steps
    }

    It 'keeps the runs of the last nights only' {
        if ($KeepNights -gt 0) {
            Get-FineTuneRun (Join-Path $RunsPath 'nightly-*') | Where-Object State -NE Running | Sort-Object Name -Descending |
                Select-Object -Skip $KeepNights | ForEach-Object { Remove-Item -LiteralPath $_.Path -Recurse }
            @(Get-FineTuneRun (Join-Path $RunsPath 'nightly-*')).Count | Should -BeLessOrEqual ($KeepNights + 1)
        }
    }
}
