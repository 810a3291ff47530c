#requires -Version 7.4
<#
.SYNOPSIS
    Builds, tests, documents, packs or measures TrainTools on Windows, Linux and macOS.
.DESCRIPTION
    Every task but the analysis and the Pester part of Test is a call of `dotnet` that can be typed by hand:

    Build    lays the module out in out/TrainTools                       dotnet build src/TrainTools.Host
    Test     xunit; then PSScriptAnalyzer and Pester, where they are     dotnet test
    Docs     syntax and parameters of docs/en-US from the built module   dotnet run --project tools/TrainTools.Docs -- update ...
    Package  out/packages: the module as a gallery takes it (no          dotnet build src/TrainTools.Host -c Release -t:PackageModule
             libtorch), and one archive for each platform with the
             trainer and .NET in it
    Bench    what bench/ measures with the repository alone; names the   dotnet run -c Release --project bench/<name>
             ones that need arguments, data or hours
.EXAMPLE
    ./build.ps1
.EXAMPLE
    ./build.ps1 -Task Build, Test
.EXAMPLE
    ./build.ps1 -Task Package -Platform linux-x64
#>
[CmdletBinding()]
param(
    [ValidateSet('Build', 'Test', 'Docs', 'Package', 'Bench')]
    [string[]] $Task = 'Build',

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Debug',

    # Which libtorch the trainer is restored with.
    [ValidateSet('cpu', 'cuda-windows', 'cuda-linux')]
    [string] $TorchBackend = 'cpu',

    # Package: platforms that get an archive with the trainer and .NET in it.
    [ValidateSet('win-x64', 'linux-x64', 'osx-arm64')]
    [string[]] $Platform = @('win-x64', 'linux-x64', 'osx-arm64')
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

function Invoke-Dotnet([string[]] $Argument) {
    & dotnet @Argument
    if ($LASTEXITCODE -ne 0) { throw "dotnet $($Argument -join ' ') ended with exit code $LASTEXITCODE." }
}

# In a process of its own: a binary module stays loaded until its process ends.
function Invoke-Shell([string] $Command, [string] $Failure) {
    # By its name: installed as a .NET tool, pwsh runs in a process called dotnet.
    & (Get-Command pwsh -CommandType Application | Select-Object -First 1) -NoProfile -NonInteractive -Command $Command
    if ($LASTEXITCODE -ne 0) { throw $Failure }
}

function Test-Available([string] $Name, [version] $Version, [version] $Below) {
    $found = [bool](Get-Module -ListAvailable -Name $Name | Where-Object { $_.Version -ge $Version -and $_.Version -lt $Below })
    if (-not $found) { Write-Warning "$Name $Version or newer, below $Below, is not installed: its part of the tests is skipped. Install-PSResource $Name -Version '[$Version,$Below)' installs it." }
    $found
}

function Invoke-Test {
    Invoke-Dotnet 'test', '-c', $Configuration, $backend
    if (Test-Available -Name PSScriptAnalyzer -Version 1.21 -Below 2.0) {
        Invoke-Shell -Failure 'PSScriptAnalyzer has findings.' -Command '
            $paths = "build.ps1", "PSScriptAnalyzerSettings.psd1", "examples", "tests/Pester", "bench"
            $found = $paths | ForEach-Object { Invoke-ScriptAnalyzer -Path $_ -Recurse -Settings ./PSScriptAnalyzerSettings.psd1 }
            $found | Format-Table RuleName, Severity, ScriptName, Line, Message -Wrap | Out-String -Width 160
            exit [int]($found.Count -gt 0)'
    }

    if (Test-Available -Name Pester -Version 5.0 -Below 6.0) {
        Invoke-Shell -Failure 'Pester tests failed.' -Command '
            Import-Module Pester -MinimumVersion 5.0 -MaximumVersion 5.99
            $configuration = New-PesterConfiguration
            $configuration.Run.Path = "tests/Pester", "examples/runbooks"
            $configuration.Run.Exit = $true
            $configuration.Output.Verbosity = "Detailed"
            $configuration.TestResult.Enabled = $true
            $configuration.TestResult.OutputPath = "out/pester.xml"
            Invoke-Pester -Configuration $configuration'
    }
}

function Build-Help {
    Invoke-Dotnet 'build', $hostProject, '-c', $Configuration, $backend
    $comments = "src/TrainTools.PowerShell/bin/$Configuration/net10.0/TrainTools.xml"
    Invoke-Dotnet 'run', '--project', 'tools/TrainTools.Docs', '-c', $Configuration, '--no-build', '--', 'update', 'out/TrainTools/TrainTools.psd1', 'docs/en-US', $comments
    Invoke-Dotnet 'build', $hostProject, '-c', $Configuration, $backend
}

function Build-Package([string[]] $System) {
    $largest = 60MB
    Invoke-Dotnet 'build', $hostProject, '-c', 'Release', $backend, '-t:PackageModule', "-p:PackagePlatforms=`"$($System -join ';')`""
    $packages = Get-ChildItem -Path out/packages -Filter *.zip
    $packages | Format-Table Name, @{ Label = 'MB'; Expression = { '{0:N1}' -f ($_.Length / 1MB) } } | Out-String
    $module = $packages | Where-Object Name -Match '^TrainTools\.[\d.]+\.zip$'
    if ($module.Length -gt $largest) { throw "$($module.Name) has $($module.Length) bytes; it must stay under $largest." }
}

function Invoke-Bench {
    $measured = [ordered]@{
        Import        = @()
        Tokenization  = @()
        ChatTemplates = @('tests/TrainTools.Core.Tests/Data/chat-templates/chujiezheng/qwen2.5-instruct.jinja')
        Operators     = @()
        LoadSpeed     = @()
        Training      = @('examples/stories260k', 'examples/data/assistant.jsonl', 'b')
    }
    foreach ($project in $measured.Keys) {
        "--- bench/$project"
        Invoke-Dotnet (@('run', '-c', 'Release', '--project', "bench/$project", $backend, '--') + $measured[$project])
    }

    $others = Get-ChildItem -Path bench -Directory | Where-Object Name -NotIn $measured.Keys
    "--- Not run, because they need arguments, data from elsewhere or long (see docs and the head of each Program.cs): $($others.Name -join ', ')"
}

Push-Location $PSScriptRoot
try {
    $hostProject = 'src/TrainTools.Host'
    $backend = "-p:TorchBackend=$TorchBackend"
    foreach ($name in $Task) {
        switch ($name) {
            'Build' { Invoke-Dotnet 'build', $hostProject, '-c', $Configuration, $backend }
            'Test' { Invoke-Test }
            'Docs' { Build-Help }
            'Package' { Build-Package $Platform }
            'Bench' {
                Invoke-Bench
            }
        }
    }
}
finally {
    Pop-Location
}
