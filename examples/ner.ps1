<#
.SYNOPSIS
    Trains a tagger of entities from scratch in a few minutes, with early stopping by span F1, and tries it out.
.DESCRIPTION
    A small encoder with fresh weights has read nothing but these 3,394 short texts, so it finds few of entities that are
    meant to be rare and new: give a pretrained encoder with -ModelPath where there is one.

    Runs in pwsh 7.6, or in the host of this repository where there is no pwsh:

        dotnet run --project src/TrainTools.Host -- examples/ner.ps1
#>
[CmdletBinding()]
param(
    # Folder of the run. A run that is there already is replaced.
    [string] $OutputPath = "$PSScriptRoot/../runs/ner",

    # A model folder to start from; left out, a small encoder with fresh weights.
    [string] $ModelPath,

    # Most passes over the data; early stopping may end it before.
    [double] $Epochs = 6
)

$ErrorActionPreference = 'Stop'
if (-not (Get-Module TrainTools)) {
    Import-Module "$PSScriptRoot/../out/TrainTools"
}

$settings = @{}
if (-not $ModelPath) {
    $ModelPath = (New-TrainingModel -ConfigPath "$PSScriptRoot/small-bert" -OutputPath "$OutputPath-model" -Force).Path
    $settings = @{ LearningRate = 0.001; HiddenDropout = 0.2; ClassifierDropout = 0.2 }
}

$config = New-TrainingConfig -Preset ner -ModelPath $ModelPath -DatasetPath "$PSScriptRoot/data/entities-train.conll" `
    -ValidationPath "$PSScriptRoot/data/entities-validation.conll" -OutputPath $OutputPath -MaxLength 128 -BatchSize 32 -Epochs $Epochs @settings
$run = $config | Start-FineTune -Force
$run | Out-Default

'--- Span F1 after each epoch' | Out-Default
$run.Evaluations | ForEach-Object { 'epoch {0:F0}: {1:P1}' -f $_.Epoch, $_.Metrics['eval_f1'] } | Out-Default
'--- The best model, type by type' | Out-Default
$run.Evaluation.Classes | Out-Default

'--- Entities with their places in the text' | Out-Default
$text = 'Barack Obama met Taylor Swift in New York yesterday.'
$found = $text | Invoke-FineTunedModel -Path $run.Path
$found | Out-Default
foreach ($entity in $found.Entities) {
    "$($entity.Type): $($text.Substring($entity.Start, $entity.End - $entity.Start))" | Out-Default
}
