#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . "$PSScriptRoot/common.ps1"
    $script:before = $env:TRAINTOOLS_BACKENDS
    $env:TRAINTOOLS_BACKENDS = Join-Path $TestDrive 'backends'
    $script:core = $IsWindows ? 'torch_cpu.dll' : $IsMacOS ? 'libtorch_cpu.dylib' : 'libtorch_cpu.so'
}

AfterAll {
    $env:TRAINTOOLS_BACKENDS = $before
}

Describe 'Install-TrainingBackend' {
    It 'does nothing with -WhatIf' {
        Install-TrainingBackend Cpu -Source $TestDrive -WhatIf
        $env:TRAINTOOLS_BACKENDS | Should -Not -Exist
    }

    It 'names the package that a folder lacks' {
        { Install-TrainingBackend Cpu -Source $TestDrive -ErrorAction Stop } | Should -Throw -ErrorId 'PackageNotFound,*'
    }

    It 'refuses a backend of another system' {
        { Install-TrainingBackend ($IsWindows ? 'CudaLinux' : 'CudaWindows') -ErrorAction Stop } | Should -Throw -ErrorId 'BackendPlatformMismatch,*'
    }

    It 'points to the torch of a Python environment, of the right version only' {
        $torch = Join-Path $TestDrive ($IsWindows ? 'venv/Lib/site-packages/torch' : 'venv/lib/python3.12/site-packages/torch')
        $null = New-Item -ItemType Directory "$torch/lib"
        $null = New-Item "$torch/lib/$core"
        "__version__ = '2.4.0'" | Set-Content "$torch/version.py"
        { Install-TrainingBackend FromPython -Source $TestDrive/venv -ErrorAction Stop } | Should -Throw -ErrorId 'BackendVersionMismatch,*'
        "__version__ = '2.10.0'" | Set-Content "$torch/version.py"
        (Install-TrainingBackend FromPython -Source $TestDrive/venv).Library | Should -Be (Resolve-Path "$torch/lib").ProviderPath

        # Once more is no error and does nothing; to another installation only with -Force.
        $again = Install-TrainingBackend FromPython -Source $TestDrive/venv -ErrorAction Stop
        $again.Status | Should -Be 'AlreadyInstalled'
        $again.Library | Should -Be (Resolve-Path "$torch/lib").ProviderPath
        (Install-TrainingBackend FromPython).Status | Should -Be 'AlreadyInstalled'
        Copy-Item $TestDrive/venv $TestDrive/other -Recurse
        { Install-TrainingBackend FromPython -Source $TestDrive/other -ErrorAction Stop } | Should -Throw -ErrorId 'BackendInstalled,*'
        (Install-TrainingBackend FromPython -Source $TestDrive/other -Force).Status | Should -Be 'Installed'
    }

    It 'gives a backend that is installed already as it is, and mends one that is not whole' {
        $folder = Join-Path $env:TRAINTOOLS_BACKENDS 'cpu-2.10.0'
        $null = New-Item -ItemType Directory $folder
        { Install-TrainingBackend Cpu -Source $TestDrive -ErrorAction Stop } | Should -Throw -ErrorId 'PackageNotFound,*'
        $null = New-Item (Join-Path $folder $core)
        (Install-TrainingBackend Cpu -Source $TestDrive -ErrorAction Stop).Status | Should -Be 'AlreadyInstalled'
        Install-TrainingBackend Cpu -Source $TestDrive -Verbose 4>&1 | Out-String | Should -Match 'nothing to do'
    }
}
