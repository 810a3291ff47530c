<#
.SYNOPSIS
    Drift check: compares last night's run with the one before it.
.DESCRIPTION
    The same configuration on nearly the same data should end nearly the same. What has moved more than the limits is named.

        Invoke-Pester examples/runbooks/drift-check.Tests.ps1 -CI

    With fewer than two complete runs there is nothing to compare, and the checks are skipped. Needs pwsh 7.6 and Pester 5.
#>
[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSReviewUnusedParameter', '', Justification = 'Used in the blocks of Pester.')]
param(
    # Folder that holds the runs.
    [string] $RunsPath = "$PSScriptRoot/../../runs",

    # Names of the runs to compare; wildcards are allowed.
    [string] $Name = 'nightly-*',

    # Largest changes, as a share of the earlier figure.
    [double] $MaximumLossDrift = 0.05,
    [double] $MaximumThroughputDrift = 0.5,
    [double] $MaximumTokenDrift = 0.1
)

BeforeDiscovery {
    if (-not (Get-Module TrainTools)) { Import-Module "$PSScriptRoot/../../out/TrainTools" }
    $pair = @(Get-FineTuneRun (Join-Path $RunsPath $Name) -State Completed -ErrorAction SilentlyContinue | Sort-Object StartedAt | Select-Object -Last 2)
    $script:hasTwo = $pair.Count -eq 2
}

Describe 'Last night against the night before' -Skip:(-not $hasTwo) {
    BeforeAll {
        $before, $now = @(Get-FineTuneRun (Join-Path $RunsPath $Name) -State Completed | Sort-Object StartedAt | Select-Object -Last 2)

        function Get-Change([double] $From, [double] $To) {
            [Math]::Abs($To - $From) / [Math]::Max([Math]::Abs($From), 1e-12)
        }
    }

    It 'ended at nearly the same loss' {
        Get-Change $before.FinalLoss $now.FinalLoss | Should -BeLessOrEqual $MaximumLossDrift -Because "$($before.Name) ended at $($before.FinalLoss), $($now.Name) at $($now.FinalLoss)"
    }

    It 'made nearly the same number of steps' {
        Get-Change $before.Steps $now.Steps | Should -BeLessOrEqual $MaximumTokenDrift
    }

    It 'read nearly as many tokens' {
        $count = { param($run) ($run.Metrics | Measure-Object NumInputTokens -Sum).Sum }
        Get-Change (& $count $before) (& $count $now) | Should -BeLessOrEqual $MaximumTokenDrift
    }

    It 'was nearly as fast' {
        Get-Change $before.TokensPerSecond $now.TokensPerSecond | Should -BeLessOrEqual $MaximumThroughputDrift
    }

    It 'had the same settings' {
        $text = { param($run) Get-Content (Join-Path $run.Path 'config.yaml') | Where-Object { $_ -notmatch 'output_dir' } }
        Compare-Object (& $text $before) (& $text $now) | ForEach-Object InputObject | Should -BeNullOrEmpty
    }

    It 'has no diagnosis that it did not have' {
        $old = @($before | Get-TrainingDiagnosis).Symptom
        $now | Get-TrainingDiagnosis -MinimumSeverity Warning | Where-Object Symptom -NotIn $old | ForEach-Object ToString | Should -BeNullOrEmpty
    }
}
