#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll { . "$PSScriptRoot/common.ps1" }

Describe 'Get-TrainingBackend' {
    It 'tells versions, devices and where libtorch came from' {
        $backend = Get-TrainingBackend
        $backend.LibTorchVersion | Should -Be 2.10.0
        $backend.Devices.Device | Should -Contain cpu
        $backend.Candidates | Where-Object Taken | Should -HaveCount 1
        $backend.CudaReason | Should -Not -BeNullOrEmpty
    }
}
