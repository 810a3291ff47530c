<#
.SYNOPSIS
    Fine-tunes a small pretrained model in about a minute and shows what it has learnt.
.DESCRIPTION
    The model tells children's stories. The data are the openings of 600 dialogues in which an assistant asks back what it
    needs to know. Asked for something before, the model makes up a story; afterwards it asks back.

    Runs in pwsh 7.6, or in the host of this repository where there is no pwsh:

        dotnet run --project src/TrainTools.Host -- examples/quickstart.ps1
#>
[CmdletBinding()]
param(
    # Folder of the run. A run that is there already is replaced.
    [string] $OutputPath = "$PSScriptRoot/../runs/quickstart",

    # Passes over the data.
    [double] $Epochs = 5
)

$ErrorActionPreference = 'Stop'
if (-not (Get-Module TrainTools)) {
    Import-Module "$PSScriptRoot/../out/TrainTools"
}

$model = "$PSScriptRoot/stories260k"
$prompts = @(
    "User: I'd like to book a table for dinner.`nAssistant:"
    "User: Can you find me a bus to Los Angeles?`nAssistant:"
)

# Out-Default shows each result in a view of its own, as at a prompt.
'--- The configuration. What is not set is derived from the model and the data.'
$config = New-TrainingConfig -ModelPath $model -DatasetPath "$PSScriptRoot/data/assistant.jsonl" -OutputPath $OutputPath -Epochs $Epochs -LearningRate 2e-3 -NumThreads 1
$config | Out-Default

'--- What the rules say about it, and what they would say about weight_decay 0 and a rate ten times as high:'
$config | Test-TrainingConfig | Out-Default
$config | New-TrainingConfig -WeightDecay 0 -LearningRate 2e-2 | Test-TrainingConfig | Out-Default

'--- Before: two requests to the model as it is'
$prompts | Invoke-FineTunedModel -Path $model -MaxNewTokens 32 | Out-Default

'--- Fine-tuning'
$run = $config | Start-FineTune -Force
$run | Out-Default

'--- After: the same requests to the fine-tuned model'
$prompts | Invoke-FineTunedModel -Path $run.ModelPath -MaxNewTokens 32 | Out-Default
