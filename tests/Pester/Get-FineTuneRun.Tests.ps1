#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . "$PSScriptRoot/common.ps1"
    $null = Get-ExampleConfig runs/a | Start-FineTune -ProgressAction SilentlyContinue
    $null = New-Item -ItemType Directory "$TestDrive/runs/not-a-run"
}

Describe 'Get-FineTuneRun' {
    It 'lists the runs at the location' {
        Push-Location $TestDrive
        try { (Get-FineTuneRun).Name | Should -Be a }
        finally { Pop-Location }
    }

    It 'opens a run' {
        $run = Get-FineTuneRun "$TestDrive/runs/a"
        $run.State | Should -Be Completed
        $run.FirstLoss | Should -BeGreaterThan 0
        $run.Duration | Should -BeOfType timespan
    }

    It 'filters by state' {
        Get-FineTuneRun "$TestDrive/runs/*" -State Failed, Running | Should -BeNullOrEmpty
    }

    It 'shows a table within 80 columns' {
        $lines = (Get-FineTuneRun "$TestDrive/runs" | Out-String -Width 80) -split '\r?\n'
        ($lines | Measure-Object -Property Length -Maximum).Maximum | Should -BeLessOrEqual 80
        $lines -match 'Completed' | Should -HaveCount 1
    }

    It 'says so where there is no run' {
        { Get-FineTuneRun "$TestDrive/nowhere" -ErrorAction Stop } | Should -Throw -ErrorId 'RunFolderNotFound,*'
    }
}
