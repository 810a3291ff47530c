BeforeAll { . $PSScriptRoot/common.ps1 }

Describe 'Get-TrainingDiagnosis' {
    BeforeAll {
        $script:logs = Join-Path $root 'tests/TrainTools.Core.Tests/Data/Logs'
    }

    It 'diagnoses a TensorBoard log of another program, root first' {
        $found = @(Get-TrainingDiagnosis (Join-Path $logs 'tensorboard'))
        $found[0].Symptom | Should -Be 'LossExplodes'
        $found[0].Severity | Should -Be 'Error'
        $found[0].Cause.Id | Should -Be 'LearningRateTooHigh'
        $found[0].Remedy.Changes[0].Setting | Should -Be 'learning_rate'
    }

    It 'answers with a boolean, and takes files from the pipeline' {
        Get-Item (Join-Path $logs 'trainer_state.json') | Get-TrainingDiagnosis -Quiet | Should -BeTrue
        Get-TrainingDiagnosis (Join-Path $logs 'tensorboard') -Quiet | Should -BeFalse
    }

    It 'gives what others explain only when asked' {
        $path = Join-Path $logs 'tensorboard'
        @(Get-TrainingDiagnosis $path | Where-Object SuppressedBy).Count | Should -Be 0
        @(Get-TrainingDiagnosis $path -IncludeSuppressed).Count | Should -BeGreaterThan @(Get-TrainingDiagnosis $path).Count
    }

    It 'reads as text in a table' {
        $text = Get-TrainingDiagnosis (Join-Path $logs 'tensorboard') | Format-Table | Out-String -Width 100
        $text | Should -Match 'LossExplodes: The loss rose'
        $text | Should -Match 'learning_rate: '
    }

    It 'says what a log lacks' {
        $said = Get-TrainingDiagnosis (Join-Path $logs 'trainer_state.json') -Verbose 4>&1
        "$said" | Should -Match 'lacks evaluation loss'
    }

    It 'warns of damage and judges what could be read' {
        $path = Join-Path $TestDrive 'events.out.tfevents.1.x'
        $bytes = [System.IO.File]::ReadAllBytes((Get-ChildItem (Join-Path $logs 'tensorboard')).FullName)
        [System.IO.File]::WriteAllBytes($path, $bytes[0..($bytes.Length - 100)])
        $found = Get-TrainingDiagnosis $path -WarningVariable said -WarningAction SilentlyContinue
        "$said" | Should -Match 'damaged'
        $found[0].Symptom | Should -Be 'LossExplodes'
    }

    It 'probes the warning of a run with a short branch and keeps what came of it' {
        $path = Join-Path $TestDrive probed
        $run = Get-ExampleConfig probed 40 | New-TrainingConfig -LearningRate 1e-8 -WarmupSteps 2 | Start-FineTune -ProgressAction SilentlyContinue
        $run.State | Should -Be Completed
        $low = Get-TrainingDiagnosis $path -Probe -ProbeSteps 20 -MinimumSeverity Warning | Where-Object Symptom -EQ UpdateTooSmall
        $low.Probe.Kind | Should -Be HigherLearningRate
        $low.Probe.Confirmed | Should -BeTrue
        $low.Probe.RunPath | Should -Exist
        (Get-TrainingDiagnosis $path | Where-Object Symptom -EQ UpdateTooSmall).Probe.Summary | Should -Be $low.Probe.Summary
    }

    It 'refuses to probe what is not a run folder' {
        { Get-TrainingDiagnosis (Join-Path $logs 'trainer_state.json') -Probe -ErrorAction Stop } | Should -Throw -ErrorId 'RunFolderNotFound*'
    }

    It 'has a clear error for <What>' -ForEach @(
        @{ What = 'nothing'; Name = 'nowhere.csv'; Text = $null; Id = 'TrainingLogNotFound' }
        @{ What = 'an empty table'; Name = 'a.csv'; Text = "step,loss`n"; Id = 'TrainingLogEmpty' }
        @{ What = 'another kind of file'; Name = 'a.bin'; Text = 'x'; Id = 'TrainingLogUnknown' }
        @{ What = 'broken JSON'; Name = 'trainer_state.json'; Text = '{"log_history": [{'; Id = 'TrainingLogInvalid' }
    ) {
        $path = Join-Path $TestDrive $Name
        if ($null -ne $Text) { Set-Content $path $Text }
        { Get-TrainingDiagnosis $path -ErrorAction Stop } | Should -Throw -ErrorId "$Id*"
    }
}
