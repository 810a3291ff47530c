#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

# Every example of every page is run as it stands, in a folder that has what the examples name.

BeforeDiscovery {
    Import-Module "$PSScriptRoot/../../out/TrainTools/TrainTools.psd1"
    $script:commands = foreach ($command in Get-Command -Module TrainTools) {
        $help = Get-Help $command.Name -Full
        @{
            Name       = $command.Name
            Help       = $help
            Parameters = @($help.parameters.parameter | Where-Object Name | ForEach-Object { @{ Parameter = $_.Name; Text = "$($_.description.Text)" } })
            Examples   = @($help.examples.example | ForEach-Object { @{ Title = $_.title.Trim(' -'); Code = $_.code } })
        }
    }
}

BeforeAll {
    . "$PSScriptRoot/common.ps1"
    $place = Join-Path $TestDrive 'place'
    $null = New-Item -ItemType Directory $place, "$place/packages"
    Copy-Item $model "$place/model" -Recurse
    Get-Content (Join-Path $root 'examples/data/assistant.jsonl') -TotalCount 64 | Set-Content "$place/train.jsonl"
    Get-Content (Join-Path $root 'examples/data/assistant.jsonl') -TotalCount 80 | Select-Object -Last 16 | Set-Content "$place/eval.jsonl"
    '{"prompt":"Once"}', '{"prompt":"The dog"}' | ForEach-Object { $_ -replace '}$', ',"completion":" upon"}' } | Set-Content "$place/prompts.jsonl"
    @('review,sentiment') + (1..40 | ForEach-Object { $_ % 2 ? "a fine film number $_ to see again,good" : "a dull film number $_ to leave early,bad" }) | Set-Content "$place/reviews.csv"
    "base_model: ./model`ndatasets:`n  - path: train.jsonl`n    type: chat_template`nsequence_len: 256`nmicro_batch_size: 2`nlearning_rate: 0.001`nnum_epochs: 1`n" | Set-Content "$place/axolotl.yml"
    $history = 1..30 | ForEach-Object { @{ step = $_; epoch = $_ / 10; loss = $_ -lt 20 ? 3.0 - $_ * 0.05 : [Math]::Pow(1.6, $_ - 18); grad_norm = $_ -lt 20 ? 1.0 : 50.0; learning_rate = 0.01 } }
    @{ global_step = 30; max_steps = 30; log_history = $history } | ConvertTo-Json -Depth 4 | Set-Content "$place/trainer_state.json"
    Push-Location $place
    New-TrainingConfig -ModelPath ./model -DatasetPath train.jsonl -MaxSteps 2 -BatchSize 4 -NumThreads 1 -OutputPath runs/nightly | Export-TrainingConfig config.yaml
    $null = Start-FineTune config.yaml -WarningAction SilentlyContinue
    $null = Start-FineTune config.yaml -Set output_dir=runs/base -WarningAction SilentlyContinue
    foreach ($name in 'style', 'facts') {
        $null = Start-FineTune config.yaml -Set finetuning_type=lora, learning_rate=1e-2, output_dir=runs/$name -WarningAction SilentlyContinue
    }

    # A classifier and a tagger: a very small encoder, and as few records as five folds can do with.
    $null = New-TrainingModel (Join-Path $root 'examples/small-bert') encoder -Set hidden_size=32, intermediate_size=64, num_hidden_layers=1
    $labelled = 'card_arrival', 'exchange_rate', 'lost_or_stolen_card' | ForEach-Object { $label = $_; 1..20 | ForEach-Object { [pscustomobject]@{ text = "question $_ about $($label -replace '_', ' ')"; label = $label } } }
    $labelled | Export-Csv train.csv
    $labelled | Where-Object text -Match 'question 1\d' | Export-Csv test.csv
    Copy-Item (Join-Path $root 'examples/data/entities-validation.conll') words.conll
    $null = New-TrainingConfig -Preset classification -ModelPath ./encoder -DatasetPath train.csv -MaxSteps 2 -OutputPath runs/banking | Start-FineTune -WarningAction SilentlyContinue
    $null = New-TrainingConfig -Preset ner -ModelPath ./encoder -DatasetPath words.conll -MaxSteps 2 -OutputPath runs/ner | Start-FineTune -WarningAction SilentlyContinue

    $env:TRAINTOOLS_BACKENDS = Join-Path $TestDrive 'backends'
}

AfterAll {
    Pop-Location
    $env:TRAINTOOLS_BACKENDS = $null
}

Describe 'The help of <Name>' -ForEach $commands {
    It 'has a synopsis, a description and three examples' {
        $Help.Synopsis | Should -Not -BeLike "$Name *"
        $Help.description.Text | Should -Not -BeNullOrEmpty
        $Help.examples.example.Count | Should -BeGreaterOrEqual 3
    }

    It 'describes -<Parameter>' -ForEach $Parameters {
        $Text | Should -Not -BeNullOrEmpty
    }

    It 'has an example that runs: <Title>' -ForEach $Examples {
        $session = @{ ErrorVariable = 'failed'; ErrorAction = 'Continue' }
        $WarningPreference = 'SilentlyContinue'
        $null = Invoke-Command -NoNewScope -ScriptBlock ([scriptblock]::Create($Code)) @session 2>&1 | ForEach-Object {
            if ($_ -is [System.Management.Automation.ErrorRecord]) { throw "$Title`: $_" }
        }
    }
}

Describe 'About topics' {
    It 'has <_>' -ForEach 'about_TrainTools', 'about_TrainTools_Config', 'about_TrainTools_Cleaning', 'about_TrainTools_Diagnosis', 'about_TrainTools_Scheduling' {
        Get-Help $_ | Should -Match 'SHORT DESCRIPTION'
    }
}
