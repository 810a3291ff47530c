#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll { . "$PSScriptRoot/common.ps1" }

Describe 'Invoke-FineTunedModel' {
    It 'continues prompts from the pipeline' {
        $texts = 'Once upon a time', 'Lily' | Invoke-FineTunedModel $model -MaxNewTokens 8
        $texts.Prompt | Should -Be 'Once upon a time', 'Lily'
        $texts[0].Text | Should -Be ', there was a little girl'
        $texts.Tokens | Should -Be 8, 8
    }

    It 'samples by its seed' {
        $a, $b, $c = 1, 1, 2 | ForEach-Object { Invoke-FineTunedModel $model -Prompt 'Once' -MaxNewTokens 12 -Temperature 1.5 -Seed $_ }
        $a.Text | Should -Be $b.Text
        $a.Text | Should -Not -Be $c.Text
    }

    It 'ends with one error where there is no model' {
        { 'a', 'b' | Invoke-FineTunedModel "$TestDrive/nowhere" } | Should -Throw -ErrorId 'ModelFolderNotFound,*'
    }
}
