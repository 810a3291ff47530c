<#
.SYNOPSIS
    The session of the README's picture: runs the commands and writes what a terminal would show, colours included.
.DESCRIPTION
    Needs pwsh 7.6 and the built module:

        pwsh -NoProfile -File docs/pictures/session.ps1 -OutputPath session.txt
        dotnet run --project tools/TrainTools.Docs -- picture session.txt docs/pictures/session.svg 'pwsh'
#>
[CmdletBinding()]
param(
    # File for the recording.
    [Parameter(Mandatory)]
    [string] $OutputPath,

    [int] $Width = 100
)

$ErrorActionPreference = 'Stop'
$root = (Resolve-Path "$PSScriptRoot/../..").ProviderPath
$target = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($OutputPath)
Import-Module "$root/out/TrainTools"
$PSStyle.OutputRendering = 'Ansi'
$WarningPreference = 'SilentlyContinue'
Push-Location $root
try {
    $text = foreach ($command in @(
            '$config = New-TrainingConfig -ModelPath examples/stories260k -DatasetPath examples/data/assistant.jsonl -Epochs 5'
            '$config | New-TrainingConfig -LearningRate 0.02 -WeightDecay 0 | Test-TrainingConfig'
            '$run = $config | New-TrainingConfig -LearningRate 2e-3 -NumThreads 1 | Start-FineTune'
            '$run'
            '$run.Metrics | Select-Object -Last 3'
            '$run | Get-TrainingDiagnosis'
            '"User: I''d like to book a table for dinner.`nAssistant:" | Invoke-FineTunedModel $run.ModelPath -MaxNewTokens 32'
        )) {
        "$($PSStyle.Foreground.BrightGreen)PS>$($PSStyle.Reset) $($PSStyle.Foreground.BrightYellow)$command$($PSStyle.Reset)"
        $shown = . ([scriptblock]::Create($command)) | Out-String -Width $Width
        if ($shown.Trim()) { $shown.Trim("`r", "`n"); '' }
    }

    $text -join "`n" | Set-Content -LiteralPath $target -Encoding utf8NoBOM
}
finally {
    Pop-Location
}
