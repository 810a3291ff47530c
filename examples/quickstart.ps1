<#
.SYNOPSIS
    Fine-tunes a small pretrained model in about a minute and shows what it has learnt.
.DESCRIPTION
    The model tells children's stories. The data are 600 openings of dialogues in which an assistant asks back what it
    needs to know. Afterwards the model, asked for something, asks back as well.

    Runs in pwsh 7.6 or in the host that comes with the repository:

        dotnet run --project src/TrainTools.Host -- examples/quickstart.ps1
#>
[CmdletBinding()]
param(
    # The folder of the run; one that is there already is replaced.
    [string] $OutputPath = "$PSScriptRoot/../runs/quickstart",

    # Passes over the data.
    [double] $Epochs = 12
)

$ErrorActionPreference = 'Stop'
if (-not (Get-Module TrainTools)) {
    Import-Module "$PSScriptRoot/../out/TrainTools"
}

$model = "$PSScriptRoot/stories260k"
$prompts = "User: I'd like to book a table for dinner.`nAssistant:", "User: Can you find me a bus to Los Angeles?`nAssistant:"

'1. The configuration'
$config = New-TrainingConfig -ModelPath $model -DatasetPath "$PSScriptRoot/data/assistant.jsonl" -OutputPath $OutputPath -Epochs $Epochs -LearningRate 2e-3
$config

'2. What the rules say about it'
$config | Test-TrainingConfig

'3. The answers before'
$prompts | Invoke-FineTunedModel -Path $model -MaxNewTokens 32

'4. Fine-tuning'
$run = $config | Start-FineTune -Force
$run

'5. The answers after'
$prompts | Invoke-FineTunedModel -Path $run.ModelPath -MaxNewTokens 32
