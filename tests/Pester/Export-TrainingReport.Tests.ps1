BeforeAll { . $PSScriptRoot/common.ps1 }

Describe 'Export-TrainingReport' {
    BeforeAll {
        $logs = Join-Path $root 'tests/TrainTools.Core.Tests/Data/Logs'
        $script:state = Join-Path $logs 'trainer_state.json'
        $script:board = Join-Path $logs 'tensorboard'
    }

    It 'writes one page without network for the log of another tool' {
        $file = Export-TrainingReport $board -OutputPath (Join-Path $TestDrive 'board.html') -PassThru
        $page = Get-Content $file.FullName -Raw
        $page | Should -Match '<svg'
        $page | Should -Match 'Loss explodes'
        $page | Should -Not -Match 'https?://'
        $page | Should -Not -Match '<script'
    }

    It 'takes several from the pipeline into a folder' {
        $folder = Join-Path $TestDrive 'pages'
        $files = $state, $board | Export-TrainingReport -OutputPath $folder -PassThru
        $files.Name | Should -Be 'trainer_state.json.html', 'tensorboard.html'
    }

    It 'compares runs on one page' {
        $file = Export-TrainingReport $state, $board -Compare -OutputPath (Join-Path $TestDrive 'both.html') -PassThru
        Get-Content $file.FullName -Raw | Should -Match 'Training loss \(running medians\)'
    }

    It 'draws pictures' {
        $files = Export-TrainingReport $board -OutputPath (Join-Path $TestDrive 'p.html') -PngPath (Join-Path $TestDrive 'png') -PassThru
        $pictures = @($files | Where-Object Extension -EQ '.png')
        $pictures.Count | Should -BeGreaterThan 1
        [System.IO.File]::ReadAllBytes($pictures[0].FullName)[1..3] | Should -Be 0x50, 0x4E, 0x47
    }

    It 'does not write over a page unless told to, and nothing with -WhatIf' {
        $path = Join-Path $TestDrive 'once.html'
        Export-TrainingReport $board -OutputPath $path -WhatIf
        Test-Path $path | Should -BeFalse
        Export-TrainingReport $board -OutputPath $path
        { Export-TrainingReport $board -OutputPath $path -ErrorAction Stop } | Should -Throw -ErrorId 'FileExists*'
        { Export-TrainingReport $board -OutputPath $path -Force -ErrorAction Stop } | Should -Not -Throw
    }

    It 'has a clear error for <What>' -ForEach @(
        @{ What = 'nothing there'; Arguments = @{ Path = 'nowhere' }; Id = 'TrainingLogNotFound' }
        @{ What = 'one run to compare'; Arguments = @{ Path = $null; Compare = $true }; Id = 'ReportNothingToCompare' }
    ) {
        if ($null -eq $Arguments.Path) { $Arguments.Path = $board }
        { Export-TrainingReport @Arguments -OutputPath (Join-Path $TestDrive 'x.html') -ErrorAction Stop } | Should -Throw -ErrorId "$Id*"
    }
}
