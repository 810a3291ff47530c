#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . "$PSScriptRoot/common.ps1"
    $null = Get-ExampleConfig done | Start-FineTune -ProgressAction SilentlyContinue
}

Describe 'Watch-FineTune' {
    It 'gives a run that is over, and its steps' {
        (Watch-FineTune "$TestDrive/done" -ProgressAction SilentlyContinue).State | Should -Be Completed
        (Watch-FineTune "$TestDrive/done" -AsStep -ProgressAction SilentlyContinue).Step | Should -Be 1, 2
    }

    It 'takes runs from the pipeline' {
        Get-FineTuneRun "$TestDrive/done" | Watch-FineTune -ProgressAction SilentlyContinue | Should -HaveCount 1
    }

    It 'follows a detached run until it is stopped' {
        $run = Get-ExampleConfig detached -MaxSteps 1000000 | Start-FineTune -Detach -ProgressAction SilentlyContinue
        $run.State | Should -Be Running
        $steps = Watch-FineTune $run.Path -AsStep -ProgressAction SilentlyContinue | Select-Object -First 3
        $steps.Step | Should -Be 1, 2, 3
        (Watch-FineTune $run.Path -NoWait -ProgressAction SilentlyContinue).State | Should -Be Running
        Stop-FineTune $run.Path
        $ended = Watch-FineTune $run.Path -ProgressAction SilentlyContinue
        $ended.State | Should -Be Stopped
        $ended.ExitCode | Should -Be 3
        $ended.StopReason | Should -Match 'stop'
    }

    It 'says so where there is no run' {
        { Watch-FineTune "$TestDrive/nowhere" -ErrorAction Stop } | Should -Throw -ErrorId 'RunFolderNotFound,*'
    }
}
