#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll { . "$PSScriptRoot/common.ps1" }

Describe 'Stop-FineTune' {
    It 'stops a run of another runspace after its step, with a checkpoint' {
        $path = $manifest
        $config = Get-ExampleConfig endless -MaxSteps 1000000
        $job = Start-ThreadJob { Import-Module $using:path; $using:config | Start-FineTune -WarningAction SilentlyContinue }
        $limit = [datetime]::Now.AddMinutes(3)
        while (-not (Test-Path "$TestDrive/endless/metrics.jsonl") -and [datetime]::Now -lt $limit) { Start-Sleep -Milliseconds 100 }

        $seen = Stop-FineTune "$TestDrive/endless" -Wait -PassThru
        $seen.State | Should -Be Stopped
        $run = $job | Receive-Job -Wait -AutoRemoveJob
        $run.State | Should -Be Stopped
        $run.Checkpoints[-1].Step | Should -Be $run.Steps
    }

    It 'warns where there is nothing to stop' {
        Stop-FineTune "$TestDrive/endless" -WarningVariable warnings -WarningAction SilentlyContinue
        $warnings | Should -HaveCount 1
    }
}
