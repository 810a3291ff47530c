#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . "$PSScriptRoot/common.ps1"
    $script:run = Get-ExampleConfig done | Start-FineTune -ProgressAction SilentlyContinue
}

Describe 'Start-FineTune' {
    It 'gives a completed run with a model' {
        $run.State | Should -Be Completed
        $run.Steps | Should -Be 2
        $run.Metrics | Should -HaveCount 2
        "$($run.ModelPath)/model.safetensors" | Should -Exist
        "$($run.Path)/config.yaml" | Should -Exist
    }

    It 'starts nothing with -WhatIf' {
        Get-ExampleConfig other | Start-FineTune -WhatIf | Should -BeNullOrEmpty
        Join-Path $TestDrive other | Should -Not -Exist
    }

    It 'refuses a folder that is not empty without -Force' {
        { Get-ExampleConfig done | Start-FineTune -ErrorAction Stop } | Should -Throw -ErrorId 'OutputFolderNotEmpty,*'
        (Get-ExampleConfig done | Start-FineTune -Force -ProgressAction SilentlyContinue).State | Should -Be Completed
    }

    It 'tells with -Verbose what was decided' {
        $lines = Get-ExampleConfig verbose | Start-FineTune -Verbose -ProgressAction SilentlyContinue 4>&1 | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] }
        "$lines" | Should -Match 'learning_rate = '
    }

    It 'names file and line of data that cannot be read' {
        Set-Content "$TestDrive/bad.jsonl" "{`"text`": `"a`"}", '{"text": ', '{"text": "c"}'
        $null = Get-ExampleConfig bad | New-TrainingConfig -DatasetPath "$TestDrive/bad.jsonl" |
            Start-FineTune -ErrorVariable problem -ErrorAction SilentlyContinue -ProgressAction SilentlyContinue
        $problem | Should -HaveCount 1
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'DatasetLineInvalid,*'
        "$($problem[0])" | Should -Match 'bad\.jsonl\(2\)'
    }

    It 'runs as a thread job' {
        $path = $manifest
        $config = Get-ExampleConfig job
        $result = Start-ThreadJob { Import-Module $using:path; $using:config | Start-FineTune } | Receive-Job -Wait -AutoRemoveJob
        $result.State | Should -Be Completed
    }
}
