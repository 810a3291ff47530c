<#
.SYNOPSIS
    Registers nightly.ps1 as a Windows scheduled task: every evening, and after a reboot, until six in the morning.
.DESCRIPTION
    Run it once, as the user that is to train, in a shell with administrator rights: Windows asks for them for a task that
    starts with the system. The task starts pwsh without a window, is not started a second time while it runs, and is tried again
    after a failure. Started by a reboot, it trains until the next time of -StopAt; Windows ends it half an hour after the latest
    moment at which the script can have stopped the run by itself, should that have failed.

    Remove it with: Unregister-ScheduledTask -TaskName 'TrainTools nightly'
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory)] [string] $ConfigPath,
    [datetime] $At = '21:00',
    [string] $StopAt = '06:00',
    [string] $TaskName = 'TrainTools nightly'
)

$ErrorActionPreference = 'Stop'
$script = Join-Path $PSScriptRoot 'nightly.ps1'
$config = (Resolve-Path -LiteralPath $ConfigPath).ProviderPath
$pwsh = (Get-Command pwsh -CommandType Application | Select-Object -First 1).Source
$null = [datetime]$StopAt # what is no time is refused here and not at night

$action = New-ScheduledTaskAction -Execute $pwsh -WorkingDirectory (Split-Path $config) -Argument (
    "-NoLogo -NoProfile -NonInteractive -WindowStyle Hidden -File `"$script`" -ConfigPath `"$config`" -StopAt $StopAt")
$triggers = @(
    New-ScheduledTaskTrigger -Daily -At $At
    New-ScheduledTaskTrigger -AtStartup
)
$settings = New-ScheduledTaskSettingsSet -MultipleInstances IgnoreNew -StartWhenAvailable -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries `
    -RestartCount 3 -RestartInterval (New-TimeSpan -Minutes 5) -ExecutionTimeLimit (New-TimeSpan -Hours 24 -Minutes 30)

if ($PSCmdlet.ShouldProcess($TaskName, 'Register the scheduled task')) {
    # S4U: runs whether or not the user is logged on, and keeps no password.
    $principal = New-ScheduledTaskPrincipal -UserId "$env:USERDOMAIN\$env:USERNAME" -LogonType S4U
    Register-ScheduledTask -TaskName $TaskName -Action $action -Trigger $triggers -Settings $settings -Principal $principal -Force
}
