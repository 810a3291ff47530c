#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . "$PSScriptRoot/common.ps1"
    $dirty = Join-Path $TestDrive 'dirty.jsonl'
    @(
        '{"prompt":"What is the capital of France?","completion":"Paris is the capital of France."}'
        '{"prompt":"What is the capital of France?","completion":"Paris is the capital of France."}'
        '{"prompt":"Whom do I write to?","completion":"Please write to anna.smith@contoso-mail.de about the contract."}'
        '{"prompt":"Say something.","completion":""}'
    ) | Set-Content $dirty
}

Describe 'Invoke-DatasetClean' {
    It 'only reports with -WhatIf' {
        $report = Invoke-DatasetClean $dirty -WhatIf
        $report.Records | Should -Be 4
        $report.Removed | Should -BeGreaterThan 0
    }

    It 'loses nothing: kept and rejected records are the input' {
        $rejected = Join-Path $TestDrive 'rejected.jsonl'
        $kept = @(Invoke-DatasetClean $dirty -RejectedPath $rejected)
        $kept.Count + (Get-Content $rejected).Count | Should -Be 4
        (Get-Content $rejected | ConvertFrom-Json)._verdicts.rule | Should -Contain 'duplicate.exact'
    }

    It 'does what the policy says' {
        $kept = Invoke-DatasetClean $dirty -Include pii.* -Action @{ 'pii.*' = 'Mask' }
        $kept.Completion -join ' ' | Should -Not -Match 'anna\.smith'
    }

    It 'decides anew from verdicts' {
        $verdicts = Join-Path $TestDrive 'verdicts.jsonl'
        $first = Invoke-DatasetClean $dirty -VerdictPath $verdicts -AsReport
        $second = Invoke-DatasetClean $dirty -FromVerdictPath $verdicts -Action @{ 'duplicate.exact' = 'Flag' } -AsReport
        $second.Removed | Should -BeLessThan $first.Removed
    }

    It 'writes a report' {
        $null = Invoke-DatasetClean $dirty -ReportPath (Join-Path $TestDrive 'report.html') -AsReport
        Join-Path $TestDrive 'report.html' | Should -Exist
        Join-Path $TestDrive 'report.json' | Should -Exist
    }

    It 'refuses an action that does not exist' {
        { Invoke-DatasetClean $dirty -Action @{ 'pii.*' = 'Burn' } -ErrorAction Stop } | Should -Throw -ErrorId 'CleaningOptionInvalid,*'
    }

    It 'repairs, masks, scores and orders easy first' {
        $path = Join-Path $TestDrive 'order.jsonl'
        $text = "caf$([char]0xE9) cr$([char]0xE8)me"
        $damaged = [System.Text.Encoding]::Latin1.GetString([System.Text.Encoding]::UTF8.GetBytes($text))
        Set-Content $path ('{{"prompt":"Order.","completion":"Write to jane@acme-tools.com for a {0} today."}}' -f $damaged), '{"prompt":"Say hello.","completion":"Hello."}'
        $kept = Invoke-DatasetClean $path -Action @{ 'pii.email' = 'Mask' } -OrderBy Length
        $kept.Completion | Should -Be 'Hello.', "Write to [EMAIL] for a $text today."
        "$($kept[0].Extra['curriculum_score'])" | Should -Be '1'
    }

    It 'refuses <What>' -ForEach @(
        @{ What = 'a rule that does not exist'; Parameters = @{ Threshold = @{ 'no.rule' = 1 } } }
        @{ What = 'an order by losses without a file'; Parameters = @{ OrderBy = 'Loss' } }
    ) {
        { Invoke-DatasetClean (Get-ExampleData) @Parameters -ErrorAction Stop } | Should -Throw -ErrorId 'CleaningOptionInvalid*'
    }
}
