<#
.SYNOPSIS
    The quickstart with LoRA: a small adapter is trained, tried out, and merged into a copy of the model.
.DESCRIPTION
    Runs in pwsh 7.6, or in the host of this repository where there is no pwsh:

        dotnet run --project src/TrainTools.Host -- examples/lora.ps1
#>
[CmdletBinding()]
param(
    # Folder of the run. A run that is there already is replaced.
    [string] $OutputPath = "$PSScriptRoot/../runs/lora",

    # Passes over the data.
    [double] $Epochs = 3,

    # Lora, or Qlora for a base in 4 bits.
    [string] $Method = 'Lora'
)

$ErrorActionPreference = 'Stop'
if (-not (Get-Module TrainTools)) {
    Import-Module "$PSScriptRoot/../out/TrainTools"
}

$config = New-TrainingConfig -ModelPath "$PSScriptRoot/stories260k" -DatasetPath "$PSScriptRoot/data/assistant.jsonl" -OutputPath $OutputPath `
    -Epochs $Epochs -Method $Method -LoraR 16 -LearningRate 1e-2 -NumThreads 1
$run = $config | Start-FineTune -Force
$run | Out-Default
"User: I'd like to book a table for dinner.`nAssistant:" | Invoke-FineTunedModel -Path $run.ModelPath -MaxNewTokens 32 | Out-Default

# The adapter in its base's weights, as a model of its own; -Force replaces an earlier one.
$run | Export-FineTunedModel -OutputPath "$OutputPath-merged" -Merge -Force | Out-Default
