@{
    RootModule           = 'TrainTools.dll'
    ModuleVersion        = '0.1.0'
    GUID                 = '56924a48-4dc7-43df-b3da-def04a8dacfb'
    Author               = 'The TrainTools contributors'
    CompanyName          = 'The TrainTools contributors'
    Copyright            = '(c) The TrainTools contributors. MIT licence.'
    Description          = 'Fine-tunes transformer models on TorchSharp: configure, check, train, watch, try out. No Python.'
    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')
    CmdletsToExport      = @(
        'Export-FineTunedModel'
        'Export-TrainingConfig'
        'Export-TrainingDataset'
        'Export-TrainingReport'
        'Get-FineTuneRun'
        'Get-TrainingBackend'
        'Get-TrainingDiagnosis'
        'Get-TrainingSample'
        'Import-TrainingConfig'
        'Import-TrainingDataset'
        'Install-TrainingBackend'
        'Invoke-DatasetClean'
        'Invoke-FineTunedModel'
        'Measure-TrainingDataset'
        'New-TrainingConfig'
        'New-TrainingModel'
        'Split-TrainingDataset'
        'Start-FineTune'
        'Stop-FineTune'
        'Test-TrainingConfig'
        'Watch-FineTune'
    )
    FunctionsToExport    = @()
    AliasesToExport      = @()
    VariablesToExport    = @()
    TypesToProcess       = @('TrainTools.Types.ps1xml')
    FormatsToProcess     = @('TrainTools.Format.ps1xml', 'TrainTools.Data.Format.ps1xml', 'TrainTools.Sample.Format.ps1xml', 'TrainTools.Evaluation.Format.ps1xml', 'TrainTools.Diagnosis.Format.ps1xml', 'TrainTools.Parts.Format.ps1xml')
    PrivateData          = @{
        PSData = @{
            Tags         = @('PSEdition_Core', 'Windows', 'Linux', 'MacOS', 'MachineLearning', 'FineTuning', 'LLM', 'Transformers', 'TorchSharp')
            ReleaseNotes = 'First release.'
        }
    }
}
