#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . "$PSScriptRoot/common.ps1"
    $PSDefaultParameterValues['Start-FineTune:ProgressAction'] = 'SilentlyContinue'

    function Get-Config([string] $Name, [int] $MaxSteps = 6) {
        Get-ExampleConfig $Name -MaxSteps $MaxSteps | New-TrainingConfig -SaveStrategy Steps -SaveSteps 1 -SaveTotalLimit 9
    }
}

Describe 'Start-FineTune -Resume' {
    It 'begins where there is no run yet, and finds nothing to do where it is complete' {
        $first = Get-Config nightly | Start-FineTune -Resume
        $first.State | Should -Be Completed
        $again = Get-Config nightly | Start-FineTune -Resume
        $again.StartedAt | Should -Be $first.StartedAt
    }

    It 'gives the losses of an undisturbed run, to the last bit' {
        $whole = (Get-FineTuneRun "$TestDrive/nightly").Metrics.Loss
        (Start-FineTune "$TestDrive/nightly" -Checkpoint 3).Metrics.Loss | Should -Be $whole
        (Get-FineTuneRun "$TestDrive/nightly").ResumedFrom | Should -Match 'step-000003$'
    }

    It 'passes over a damaged checkpoint, with a warning' {
        $null = Get-Config damaged | Start-FineTune
        Set-Content "$TestDrive/damaged/checkpoints/step-000006/state.json" '{'
        # As if it had been stopped: a complete run has nothing left to do.
        (Get-Content -Raw "$TestDrive/damaged/run.json").Replace('"completed"', '"stopped"') | Set-Content "$TestDrive/damaged/run.json"
        $run = Start-FineTune "$TestDrive/damaged" -Resume -WarningVariable warnings
        $run.State | Should -Be Completed
        "$warnings" | Should -Match 'step-000006'
        "$TestDrive/damaged/checkpoints/step-000006.damaged" | Should -Exist
    }

    It 'names what has changed and refuses it without -Force' {
        { Start-FineTune "$TestDrive/nightly" -Resume -Set seed=7 -ErrorAction Stop } | Should -Throw -ErrorId 'ResumeRefused,*' -ExpectedMessage '*seed was 42 and is 7*'
    }

    It 'stops in time, with exit code 3, and goes on' {
        $run = Get-Config limited -MaxSteps 1000000 | Start-FineTune -MaxDuration 5
        $run.State | Should -Be Stopped
        $run.ExitCode | Should -Be 3
        $run.StopReason | Should -Match 'time limit'
        $run.Checkpoints[-1].Step | Should -Be $run.Steps
        (Start-FineTune $run.Path -Resume -MaxDuration 5).Steps | Should -BeGreaterThan $run.Steps
    }

    It 'collects one line of JSON for each run, also for one that never began' {
        $null = Get-Config collected | Start-FineTune -OutcomePath "$TestDrive/outcomes.jsonl"
        $null = Get-Config collected | Start-FineTune -OutcomePath "$TestDrive/outcomes.jsonl" -ErrorAction SilentlyContinue
        $outcomes = Get-Content "$TestDrive/outcomes.jsonl" | ConvertFrom-Json
        $outcomes.state | Should -Be completed, failed
        $outcomes.exit_code | Should -Be 0, 2
        $outcomes[1].error_id | Should -Be OutputFolderNotEmpty
    }
}
