#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . "$PSScriptRoot/common.ps1"
    $script:small = Join-Path $root 'examples/small-bert'
}

Describe 'New-TrainingModel' {
    It 'makes a model that a run takes, the same for the same seed' {
        $made = New-TrainingModel $small "$TestDrive/fresh" -Set hidden_size=32, intermediate_size=64, num_hidden_layers=1
        $made.ModelType | Should -Be 'bert'
        $made.HiddenSize | Should -Be 32
        $again = New-TrainingModel $small "$TestDrive/again" -Set hidden_size=32, intermediate_size=64, num_hidden_layers=1
        (Get-FileHash "$($made.Path)/model.safetensors").Hash | Should -Be (Get-FileHash "$($again.Path)/model.safetensors").Hash

        $data = Join-Path $TestDrive 'labels.csv'
        @('text,label') + (1..20 | ForEach-Object { "it was good $_,good"; "it was bad $_,bad" }) | Set-Content $data
        $run = New-TrainingConfig -ModelPath $made.Path -DatasetPath $data -Task sequence-classification -ValidationSplit 0.2 -MaxSteps 4 -BatchSize 8 -MaxLength 16 -NumThreads 1 -OutputPath "$TestDrive/run" |
            Start-FineTune
        $run.State | Should -Be 'Completed'
        $run.Evaluation.Records | Should -Be 8
        ('it was good' | Invoke-FineTunedModel $run.Path).Label | Should -BeIn 'good', 'bad'
    }

    It 'leaves a folder that is there alone unless -Force' {
        $null = New-Item -ItemType Directory "$TestDrive/taken"
        { New-TrainingModel $small "$TestDrive/taken" -ErrorAction Stop } | Should -Throw -ErrorId 'OutputFolderNotEmpty,*'
    }

    It 'names what is wrong with a config' {
        { New-TrainingModel "$TestDrive/nowhere" "$TestDrive/x" -ErrorAction Stop } | Should -Throw -ErrorId 'ModelFolderNotFound,*'
        { New-TrainingModel $small "$TestDrive/x" -Set num_attention_heads=5 -ErrorAction Stop } | Should -Throw -ErrorId 'ModelConfigInvalid,*'
    }
}
