<#
.SYNOPSIS
    Data gate: lets a data set pass only if it is clean enough to train on.
.DESCRIPTION
    Runs Invoke-DatasetClean without changing anything and asserts on its report. Copy it, set the paths and the limits, and
    let the scheduler run it before the night's training:

        Invoke-Pester -Container (New-PesterContainer -Path examples/runbooks/data-gate.Tests.ps1 -Data @{ DatasetPath = 'train.jsonl' }) -CI

    Needs pwsh 7.6 and Pester 5.
#>
[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSReviewUnusedParameter', '', Justification = 'Used in the blocks of Pester.')]
param(
    # Data files; wildcards are allowed.
    [string[]] $DatasetPath = "$PSScriptRoot/../data/assistant.jsonl",

    # Evaluation files that must not occur in the data.
    [string[]] $EvaluationPath = @(),

    # Folder of the model, to count its tokens.
    [string] $ModelPath = "$PSScriptRoot/../stories260k",

    [int] $MinimumRecords = 100,
    [double] $MaximumDuplicateShare = 0.05,
    [double] $MaximumConflictShare = 0.02,
    [int] $MaximumTokens = 512
)

BeforeDiscovery {
    if (-not (Get-Module TrainTools)) { Import-Module "$PSScriptRoot/../../out/TrainTools" }
}

Describe 'The data' {
    BeforeAll {
        $evaluation = if ($EvaluationPath) { @{ EvaluationPath = $EvaluationPath } } else { @{} }
        $report = Invoke-DatasetClean $DatasetPath @evaluation -AsReport -ErrorVariable lineProblem -ErrorAction SilentlyContinue
        $script:statistics = Measure-TrainingDataset $DatasetPath -TokenizerPath $ModelPath -ErrorAction SilentlyContinue

        function Get-Share([string] $Check) {
            ($report.Rules | Where-Object Rule -Like "$Check.*" | Measure-Object Records -Sum).Sum / [Math]::Max(1, $report.Records)
        }
    }

    It 'can be read to the last line' {
        $lineProblem | ForEach-Object ToString | Should -BeNullOrEmpty
    }

    It 'is large enough' {
        $report.Records | Should -BeGreaterOrEqual $MinimumRecords
    }

    It 'repeats itself little' {
        $statistics.DuplicateRate | Should -BeLessOrEqual $MaximumDuplicateShare
    }

    It 'contradicts itself little' {
        $statistics.ConflictRate | Should -BeLessOrEqual $MaximumConflictShare
    }

    It 'holds no personal data' {
        Get-Share 'pii' | Should -Be 0
    }

    It 'holds nothing of the evaluation set' {
        Get-Share 'contamination' | Should -Be 0
    }

    It 'has texts that fit into the model' {
        ($statistics.Lengths | Where-Object Name -Like '*token*' | Measure-Object P99 -Maximum).Maximum | Should -BeLessOrEqual $MaximumTokens
    }
}
