#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll { . "$PSScriptRoot/common.ps1" }

Describe 'Export-TrainingConfig' {
    It 'writes a file that reads back equal' {
        $config = Get-ExampleConfig a
        $config | Export-TrainingConfig "$TestDrive/a.yaml"
        (Import-TrainingConfig "$TestDrive/a.yaml").Equals($config) | Should -BeTrue
    }

    It 'gives the file with -PassThru' {
        (Get-ExampleConfig a | Export-TrainingConfig "$TestDrive/b.yaml" -PassThru).Name | Should -Be b.yaml
    }

    It 'does not write over a file without -Force, nor with -Force and -WhatIf' {
        Set-Content "$TestDrive/c.yaml" old
        New-TrainingConfig | Export-TrainingConfig "$TestDrive/c.yaml" -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'FileExists,*'
        New-TrainingConfig | Export-TrainingConfig "$TestDrive/c.yaml" -Force -WhatIf
        Get-Content "$TestDrive/c.yaml" | Should -Be old
        New-TrainingConfig | Export-TrainingConfig "$TestDrive/c.yaml" -Force
        Get-Content "$TestDrive/c.yaml" | Should -Not -Be old
    }

    It 'says where derived defaults come from' {
        Get-ExampleConfig a | Export-TrainingConfig "$TestDrive/d.yaml" -Resolve
        "$TestDrive/d.yaml" | Should -FileContentMatch '# derived: '
    }
}
