#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . "$PSScriptRoot/common.ps1"
    $script:module = Get-Module TrainTools
}

Describe 'The module' {
    It 'has a valid manifest' {
        Test-ModuleManifest $manifest | Should -Not -BeNullOrEmpty
    }

    It 'exports the cmdlets that its assembly has, and nothing else' {
        $exported = $module.ExportedCommands.Values
        $exported.CommandType | Sort-Object -Unique | Should -Be 'Cmdlet'
        $inAssembly = (Import-Module $manifest -Force -PassThru).ImplementingAssembly.GetExportedTypes() |
            ForEach-Object { $_.GetCustomAttributes($false) } |
            Where-Object { $_ -is [System.Management.Automation.CmdletAttribute] } |
            ForEach-Object { "$($_.VerbName)-$($_.NounName)" }
        $exported.Name | Sort-Object | Should -Be ($inAssembly | Sort-Object)
    }

    It 'loads no native library of libtorch' {
        Get-Process -Id $PID | ForEach-Object Modules | Where-Object ModuleName -Match 'torch|libc10' | Should -BeNullOrEmpty
    }

    It 'keeps its dependencies out of the default load context' {
        $null = New-TrainingConfig
        [System.Runtime.Loader.AssemblyLoadContext]::Default.Assemblies | ForEach-Object { $_.GetName().Name } |
            Should -Not -Contain 'TrainTools.Core'
    }

    It 'imports again by force, and after it was removed' {
        $before = New-TrainingConfig -Seed 1
        Import-Module $manifest -Force
        (New-TrainingConfig -Seed 1).Equals($before) | Should -BeTrue
        Remove-Module TrainTools
        Import-Module $manifest
        (New-TrainingConfig -Seed 1).Equals($before) | Should -BeTrue
    }

    It 'works in parallel runspaces' {
        $path = $manifest
        $seeds = 1..4 | ForEach-Object -Parallel {
            Import-Module $using:path
            (New-TrainingConfig -Seed $_).Runtime.Seed
        } -ThrottleLimit 2
        $seeds | Sort-Object | Should -Be 1, 2, 3, 4
    }

    It 'works in a thread job' {
        $path = $manifest
        Start-ThreadJob { Import-Module $using:path; New-TrainingConfig | Test-TrainingConfig -Quiet } |
            Receive-Job -Wait -AutoRemoveJob | Should -BeFalse
    }
}

Describe '<Name>' -ForEach @(
    Get-Command -Module (Import-Module "$PSScriptRoot/../../out/TrainTools/TrainTools.psd1" -PassThru).Name | ForEach-Object { @{ Name = $_.Name; Command = $_ } }
) {
    It 'has an approved verb' {
        (Get-Verb).Verb | Should -Contain $Command.Verb
    }

    It 'says what it gives' {
        $Command.OutputType | Should -Not -BeNullOrEmpty
    }

    It 'has no bool parameter' {
        $Command.Parameters.Values.ParameterType | Should -Not -Contain ([bool])
    }

    It 'can be asked what it would do, if it changes something' {
        if ($Command.Verb -in 'Start', 'Stop', 'Export', 'Remove', 'Set') {
            $Command.Parameters.Keys | Should -Contain 'WhatIf'
        }
    }
}
