#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . "$PSScriptRoot/common.ps1"

    function Get-AdapterRun([string] $Name, [int] $Seed) {
        New-TrainingConfig -ModelPath $model -DatasetPath (Get-ExampleData) -OutputPath (Join-Path $TestDrive $Name) -MaxSteps 4 -BatchSize 4 `
            -NumThreads 1 -Method Lora -LoraR 4 -LearningRate 1e-2 -Seed $Seed | Start-FineTune -Force
    }

    $script:first = Get-AdapterRun 'first' 1
    $script:second = Get-AdapterRun 'second' 2
}

Describe 'Export-FineTunedModel' {
    It 'copies an adapter as it is, with a model card' {
        $export = $first | Export-FineTunedModel -OutputPath "$TestDrive/adapter" -BaseModelName 'owner/stories260k'
        $export.Kind | Should -Be 'adapter'
        $export.LogitDifference | Should -Be 0
        "$TestDrive/adapter/adapter_model.safetensors" | Should -Exist
        "$TestDrive/adapter/README.md" | Should -FileContentMatch 'base_model: owner/stories260k'
        (Get-FileHash "$TestDrive/adapter/adapter_model.safetensors").Hash | Should -Be (Get-FileHash "$($first.ModelPath)/adapter_model.safetensors").Hash
    }

    It 'merges into a model whose logits agree to the stated bound' {
        $export = $first | Export-FineTunedModel -OutputPath "$TestDrive/merged" -Merge -Dtype bfloat16 -MaxShardSize 200KB
        $export.Merged | Should -BeTrue
        $export.WeightFiles.Count | Should -BeGreaterThan 1
        $export.LogitDifference | Should -BeLessOrEqual $export.LogitBound
        (Get-Content "$TestDrive/merged/config.json" | ConvertFrom-Json).torch_dtype | Should -Be 'bfloat16'
    }

    It 'adds adapters up with weights' {
        $export = $first, $second | Export-FineTunedModel -OutputPath "$TestDrive/sum" -Weight 0.7, 0.3
        $export.Adapters | Should -Be 2
        (Get-Content "$TestDrive/sum/adapter_config.json" | ConvertFrom-Json).r | Should -Be 8
    }

    It 'quantises what was merged, and never merges into what is quantised' {
        $small = $first | Export-FineTunedModel -OutputPath "$TestDrive/nf4" -Merge -QuantizationBit 4
        $small.Dtype | Should -Be 'nf4'
        { $first | Export-FineTunedModel -OutputPath "$TestDrive/no" -Merge -BaseModelPath $small.Path -ErrorAction Stop } |
            Should -Throw -ErrorId 'AdapterMergeUnsupported,*'
        "$TestDrive/no" | Should -Not -Exist
    }

    It 'replaces nothing without -Force and does nothing with -WhatIf' {
        { $first | Export-FineTunedModel -OutputPath "$TestDrive/adapter" -ErrorAction Stop } | Should -Throw -ErrorId 'ExportOutputExists,*'
        ($first | Export-FineTunedModel -OutputPath "$TestDrive/adapter" -Force).Kind | Should -Be 'adapter'
        $first | Export-FineTunedModel -OutputPath "$TestDrive/never" -WhatIf
        "$TestDrive/never" | Should -Not -Exist
    }

    It 'wants one weight for each adapter' {
        { $first, $second | Export-FineTunedModel -OutputPath "$TestDrive/w" -Weight 1 -ErrorAction Stop } | Should -Throw -ErrorId 'ExportRequestInvalid,*'
    }
}
