<#
.SYNOPSIS
    Acceptance gate: lets a run's model pass only if the run was sound and the model does what it should.
.DESCRIPTION
    Runs after the training, before the model is given to anybody:

        Invoke-Pester -Container (New-PesterContainer -Path examples/runbooks/acceptance-gate.Tests.ps1 -Data @{ RunPath = 'runs/nightly' }) -CI

    Needs pwsh 7.6 and Pester 5.
#>
[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSReviewUnusedParameter', '', Justification = 'Used in the blocks of Pester.')]
param(
    # The run; left out, the newest by the name below. Where there is none, a short one is trained, so that the gate can be tried.
    [string] $RunPath,

    # Folder that holds the runs.
    [string] $RunsPath = "$PSScriptRoot/../../runs",

    # Names of the runs to choose from; wildcards are allowed.
    [string] $Name = 'nightly-*',

    # Loss that the last tenth of the run must reach.
    [double] $MaximumLoss = 2.5,

    # Least fall of the loss, as a share of the first.
    [double] $MinimumFall = 0.2,

    # Symptoms that are accepted.
    [string[]] $AcceptedSymptom = @(),

    # Prompts with what the answer must match.
    [hashtable[]] $Probe = @(
        @{ Prompt = "User: I'd like to book a table for dinner.`nAssistant:"; Pattern = '\w+' }
    )
)

BeforeDiscovery {
    if (-not (Get-Module TrainTools)) { Import-Module "$PSScriptRoot/../../out/TrainTools" }
}

Describe 'The run' {
    BeforeAll {
        $run = if ($RunPath) { Get-FineTuneRun $RunPath }
        else { Get-FineTuneRun (Join-Path $RunsPath $Name) -State Completed -ErrorAction SilentlyContinue | Sort-Object StartedAt | Select-Object -Last 1 }
        if (-not $RunPath -and -not $run) {
            Write-Warning "There is no run $Name in $RunsPath yet: a short one is trained to try the gate on."
            $run = Start-FineTune "$PSScriptRoot/nightly.yaml" -Set "output_dir=$TestDrive/trial" -WarningAction SilentlyContinue
        }

        $script:last = $run.Metrics | Select-Object -Last ([Math]::Max(1, [int]($run.Metrics.Count / 10))) | Measure-Object Loss -Average -Maximum
    }

    It 'is there and complete' {
        $run.State | Should -Be Completed
    }

    It 'has no figure that is no number' {
        $run.Metrics | Where-Object { -not [double]::IsFinite($_.Loss) -or -not [double]::IsFinite($_.GradNorm) } | Should -BeNullOrEmpty
    }

    It 'has learnt' {
        $last.Average | Should -BeLessOrEqual $MaximumLoss
        (1 - $last.Average / $run.FirstLoss) | Should -BeGreaterOrEqual $MinimumFall
    }

    It 'has no diagnosis that nobody has accepted' {
        $run | Get-TrainingDiagnosis -MinimumSeverity Warning | Where-Object Symptom -NotIn $AcceptedSymptom | ForEach-Object ToString | Should -BeNullOrEmpty
    }

    It 'answers <Prompt>' -ForEach $Probe {
        ($Prompt | Invoke-FineTunedModel $run.ModelPath -MaxNewTokens 32).Text | Should -Match $Pattern
    }

    It 'answers the same when asked again' {
        $answers = $Probe[0].Prompt, $Probe[0].Prompt | Invoke-FineTunedModel $run.ModelPath -MaxNewTokens 16
        $answers[1].Text | Should -Be $answers[0].Text
    }
}
