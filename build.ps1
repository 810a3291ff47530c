#requires -Version 7.4
<#
.SYNOPSIS
    Builds, tests, packs or measures TrainTools. Every task is a call of `dotnet` that can be typed by hand.
.DESCRIPTION
    Build    lays the module out in out/TrainTools                dotnet build src/TrainTools.Host
    Test     the whole suite, then Pester's where Pester is       dotnet test
    Package  out/TrainTools.<version>.zip from a Release build    dotnet build src/TrainTools.Host -c Release -t:PackageModule
    Bench    every project in bench/                              dotnet run -c Release --project bench/<name>
#>
[CmdletBinding()]
param(
    [ValidateSet('Build', 'Test', 'Package', 'Bench')]
    [string[]] $Task = 'Build',

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Debug',

    # Which libtorch the trainer is restored with.
    [ValidateSet('cpu', 'cuda-windows', 'cuda-linux')]
    [string] $TorchBackend = 'cpu'
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

function Invoke-Dotnet {
    & dotnet @args
    if ($LASTEXITCODE -ne 0) { throw "dotnet $($args -join ' ') ended with exit code $LASTEXITCODE." }
}

Push-Location $PSScriptRoot
try {
    $hostProject = 'src/TrainTools.Host'
    $backend = "-p:TorchBackend=$TorchBackend"
    foreach ($name in $Task) {
        switch ($name) {
            'Build' { Invoke-Dotnet build $hostProject -c $Configuration $backend }
            'Package' { Invoke-Dotnet build $hostProject -c Release $backend '-t:PackageModule' }
            'Test' {
                Invoke-Dotnet test -c $Configuration $backend
                if (Get-Module -ListAvailable -Name Pester | Where-Object Version -GE '5.0') {
                    # In a process of its own: a binary module stays loaded until its process ends.
                    & (Get-Process -Id $PID).Path -NoProfile -Command 'Invoke-Pester -Path tests/Pester -CI:$false -Output Detailed; exit $LASTEXITCODE'
                    if ($LASTEXITCODE -ne 0) { throw 'Pester tests failed.' }
                }
            }
            'Bench' {
                foreach ($project in Get-ChildItem -Path bench -Recurse -Filter *.csproj) {
                    Invoke-Dotnet run -c Release --project $project.FullName
                }
            }
        }
    }
}
finally {
    Pop-Location
}
