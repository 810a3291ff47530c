<#
.SYNOPSIS
    Config gate: lets a configuration pass only if the rules have nothing against it and it fits the machine.
.DESCRIPTION
    Runs in a pull request that changes a configuration, or before a run. Copy it and set the path:

        Invoke-Pester -Container (New-PesterContainer -Path examples/runbooks/config-gate.Tests.ps1 -Data @{ Path = 'config.yaml' }) -CI

    Needs pwsh 7.6 and Pester 5.
#>
[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSReviewUnusedParameter', '', Justification = 'Used in the blocks of Pester.')]
param(
    # Configuration files; wildcards are allowed.
    [string[]] $Path = "$PSScriptRoot/nightly.yaml",

    # Rules whose Warnings are accepted here.
    [string[]] $AcceptedRule = @('OutputFolder', 'FewSteps'),

    # Longest run that is accepted, where the time can be foretold.
    [timespan] $MaximumDuration = '08:00:00'
)

BeforeDiscovery {
    if (-not (Get-Module TrainTools)) { Import-Module "$PSScriptRoot/../../out/TrainTools" }
    $script:files = @(Resolve-Path $Path | ForEach-Object { @{ File = $_.ProviderPath } })
}

Describe 'The configuration <File>' -ForEach $files {
    BeforeAll {
        $config = Import-TrainingConfig $File -WarningAction SilentlyContinue
        $script:findings = @($config | Test-TrainingConfig)
    }

    It 'can be read' {
        $config | Should -Not -BeNullOrEmpty
    }

    It 'has no error' {
        $findings | Where-Object Severity -EQ Error | ForEach-Object ToString | Should -BeNullOrEmpty
    }

    It 'has no warning that nobody has accepted' {
        $findings | Where-Object { $_.Severity -eq 'Warning' -and $_.RuleId -notin $AcceptedRule } | ForEach-Object ToString | Should -BeNullOrEmpty
    }

    It 'fits into memory and ends in time' {
        $forecast = $config | Test-TrainingConfig -Forecast
        if ($forecast.Memory.AvailableBytes) {
            $forecast.Memory.PeakBytes | Should -BeLessThan $forecast.Memory.AvailableBytes
        }

        if ($forecast.Duration) {
            $forecast.Duration | Should -BeLessOrEqual $MaximumDuration
        }
    }

    It 'is written out so that it can be repeated' {
        $config.Runtime.Seed | Should -Not -BeNullOrEmpty
        $copy = Join-Path $TestDrive 'copy.yaml'
        $config | Export-TrainingConfig $copy -Force
        (Import-TrainingConfig $copy).Equals($config) | Should -BeTrue
    }
}
