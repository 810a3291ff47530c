<#
.SYNOPSIS
    One night of a run: begins it, goes on with it, or finds it complete. Exits with the run's exit code.
.DESCRIPTION
    A scheduler may start this every night, and after every reboot, with the same arguments. It asks nothing, stops in time
    with a checkpoint, and leaves one line of JSON for each attempt.

    Exit codes: 0 completed, 1 failed (trying again may help), 2 the settings or the data cannot be used, 3 stopped with a
    checkpoint (goes on next time), 4 the run is under way already.

        pwsh -NoLogo -NoProfile -NonInteractive -File nightly.ps1 -ConfigPath run.yaml -StopAt 06:00
.NOTES
    The YAML file must name output_dir: it is how the next night finds the run.
#>
[CmdletBinding()]
param(
    # The run's configuration.
    [Parameter(Mandatory)] [string] $ConfigPath,

    # When to stop for the day; a time of day is the next one. Nothing = no such moment.
    [string] $StopAt,

    # How long to train at most: hh:mm:ss or seconds. Nothing = no limit.
    [string] $MaxDuration,

    # Gets one line of JSON for each attempt.
    [string] $OutcomePath = "$PSScriptRoot/outcomes.jsonl",

    # Folder of the module.
    [string] $ModulePath = "$PSScriptRoot/../../out/TrainTools"
)

$ErrorActionPreference = 'Stop'
$ConfirmPreference = 'None'
$ProgressPreference = 'SilentlyContinue'
if (-not (Get-Module TrainTools)) {
    Import-Module $ModulePath
}

$options = @{ OutcomePath = $OutcomePath; StopOn = 'Error' }
if ($StopAt) { $options.StopAt = $StopAt }
if ($MaxDuration) { $options.MaxDuration = $MaxDuration }

try {
    $run = Start-FineTune $ConfigPath -Resume @options
}
catch {
    [Console]::Error.WriteLine("$($_.FullyQualifiedErrorId): $($_.Exception.Message)")
    # What kept it from running, as the trainer's own exit codes have it.
    $code = switch ($_.CategoryInfo.Category) {
        'InvalidOperation' { 4 }
        { $_ -in 'InvalidArgument', 'InvalidData', 'ObjectNotFound', 'ResourceExists', 'NotImplemented' } { 2 }
        default { 1 }
    }

    exit $code
}

"$($run.Name): $($run.State) after step $($run.Steps) of $($run.MaxSteps), loss $($run.FinalLoss)"
exit $run.ExitCode
