<#
.SYNOPSIS
    Trains a classifier of bank questions from scratch in a few minutes, judges it, and tries it out.
.DESCRIPTION
    There is no pretrained encoder in this repository, so a small one begins with fresh weights: that asks for a higher
    learning rate (0.001) and more epochs than the preset, which is made for pretrained encoders (3e-5).

    Runs in pwsh 7.6, or in the host of this repository where there is no pwsh:

        dotnet run --project src/TrainTools.Host -- examples/classification.ps1
#>
[CmdletBinding()]
param(
    # Folder of the run. A run that is there already is replaced.
    [string] $OutputPath = "$PSScriptRoot/../runs/classification",

    # A model folder to start from; left out, a small encoder with fresh weights.
    [string] $ModelPath,

    # Most passes over the data; early stopping may end it before.
    [double] $Epochs = 10
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

$config = New-TrainingConfig -Preset classification -ModelPath $ModelPath -DatasetPath "$PSScriptRoot/data/banking-train.csv" -OutputPath $OutputPath `
    -LabelSmoothingFactor 0.1 -MetricForBestModel eval_f1_macro -MaxLength 64 -BatchSize 32 -Epochs $Epochs -SaveStrategy Epoch @settings
$run = $config | Start-FineTune -Force
$run | Out-Default

'--- Held-out records of the training data: what is confused, and what to look at first' | Out-Default
$run.Evaluation | Out-Default
$run.Evaluation.MostConfused[0..4] | Out-Default

'--- The test set' | Out-Default
$report = Invoke-FineTunedModel -Path $run.Path -EvaluatePath "$PSScriptRoot/data/banking-test.csv"
$report | Out-Default
$report.Classes | Out-Default

'--- New questions' | Out-Default
'How do I activate my new card?', 'I was charged twice for the same payment' | Invoke-FineTunedModel -Path $run.Path | Out-Default
