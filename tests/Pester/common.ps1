# Dot-sourced by each file: the built module, the example model and a few records. Run in a fresh pwsh:
#   Invoke-Pester tests/Pester

$root = (Resolve-Path "$PSScriptRoot/../..").Path
$manifest = Join-Path $root 'out/TrainTools/TrainTools.psd1'
Import-Module $manifest -Force

# Runs of two steps are too short for the rules' taste.
$PSDefaultParameterValues['Start-FineTune:WarningAction'] = 'SilentlyContinue'

$model = Join-Path $root 'examples/stories260k'

function Get-ExampleData([int] $Count = 16) {
    $path = Join-Path $TestDrive "records-$Count.jsonl"
    Get-Content (Join-Path $root 'examples/data/assistant.jsonl') -TotalCount $Count | Set-Content $path
    $path
}

function Get-ExampleConfig([string] $Name, [int] $MaxSteps = 2) {
    New-TrainingConfig -ModelPath $model -DatasetPath (Get-ExampleData) -OutputPath (Join-Path $TestDrive $Name) -MaxSteps $MaxSteps -BatchSize 4 -NumThreads 1
}
