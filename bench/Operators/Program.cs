using System.Diagnostics;
using System.Globalization;
using TorchSharp;
using TrainTools.Trainer.Backend;
using static TorchSharp.torch;

// What the operators reached through TorchScript (Backend/TorchOps) cost beside what TorchSharp binds or a formula of
// bound operators. Times are the best of several rounds, in microseconds a call; one thread by default, so that other
// work on the machine disturbs less.
//
//   dotnet run -c Release --project bench/Operators [-- --threads N]
var threads = args is ["--threads", var n] ? int.Parse(n, CultureInfo.InvariantCulture) : 1;
var start = Stopwatch.StartNew();
TorchBackend.Initialize(new TorchBackendOptions { Threads = threads });
Console.WriteLine($"loading libtorch                      {start.Elapsed.TotalMilliseconds,12:F0} ms");
start.Restart();
using (NewDisposeScope())
{
    TorchOps.Norms([ones(1)]);
}

Console.WriteLine($"compiling the script, first call      {start.Elapsed.TotalMilliseconds,12:F1} ms");
Console.WriteLine($"{"",-36}{"TorchOps",12}{"bound/formula",16}   us a call, {threads} thread(s)");

using var outer = NewDisposeScope();
using (no_grad())
{
    foreach (var (rows, width) in (ReadOnlySpan<(int, int)>)[(32, 64), (2048, 512)])
    {
        var (x, w) = (randn(rows, width), ones(width));
        Compare($"rms_norm {rows}x{width}", () => TorchOps.RmsNorm(x, w, 1e-6), () => Formula(x, w));
    }

    foreach (var (heads, length, size) in (ReadOnlySpan<(int, int, int)>)[(4, 16, 16), (8, 512, 64)])
    {
        var (q, k) = (randn(2, heads, length, size), randn(2, heads, length, size));
        Compare($"attention {heads}x{length}x{size}", () => TorchOps.Attention(q, k, k, scale: 0.1, causal: true), () => nn.functional.scaled_dot_product_attention(q, k, k, is_casual: true));
    }

    foreach (var count in (ReadOnlySpan<int>)[10, 400])
    {
        Tensor[] Make(Func<Tensor> value) => [.. Enumerable.Range(0, count).Select(_ => value())];
        var (p, g, m, v, steps) = (Make(() => randn(64)), Make(() => randn(64)), Make(() => zeros(64)), Make(() => zeros(64)), Make(() => zeros([], ScalarType.Float32)));
        TorchSharp.Modules.Parameter[] parameters = [.. p.Select(t => new TorchSharp.Modules.Parameter(t.clone(), true) { grad = randn(64) })];
        using var adam = optim.AdamW(parameters, lr: 1e-3);
        Compare($"AdamW, {count} tensors of 64", () => TorchOps.FusedAdamW(p, g, m, v, steps, 1e-3, 0.9, 0.999, 0.01, 1e-8), () => adam.step());
        Compare($"global norm, {count} tensors", () => TorchOps.GlobalNorm(g), () => stack(g.Select(t => t.norm()).ToArray()).norm());
        var one = ones([]);
        Compare($"multiply, {count} tensors", () => TorchOps.Multiply(g, one), () => Each(g, t => t.mul_(one)));
        Compare($"zero, {count} tensors", () => TorchOps.Zero(g), () => Each(g, t => t.zero_()));
    }
}

var (input, weight) = (randn(2048, 512).requires_grad_(), ones(512).requires_grad_());
Compare("rms_norm 2048x512, both ways", () => TorchOps.RmsNorm(input, weight, 1e-6).sum().backward(), () => Formula(input, weight).sum().backward());
var (query, key) = (randn(2, 8, 512, 64).requires_grad_(), randn(2, 8, 512, 64).requires_grad_());
Compare(
    "attention 8x512x64, both ways",
    () => TorchOps.Attention(query, key, key, scale: 0.1, causal: true).sum().backward(),
    () => nn.functional.scaled_dot_product_attention(query, key, key, is_casual: true).sum().backward());
return 0;

static Tensor Formula(Tensor x, Tensor w) => x * rsqrt(x.square().mean([-1], keepdim: true) + 1e-6) * w;

static void Each(Tensor[] tensors, Action<Tensor> action)
{
    foreach (var tensor in tensors)
    {
        action(tensor);
    }
}

static void Compare(string name, Action script, Action bound) =>
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-36}{Best(script),12:F1}{Best(bound),16:F1}"));

// Rounds of about 20 ms; the best of 25 is what the machine can do when it is left alone.
static double Best(Action action)
{
    double Round(int calls)
    {
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < calls; i++)
        {
            using var scope = NewDisposeScope();
            action();
        }

        return clock.Elapsed.TotalMicroseconds / calls;
    }

    Round(10);
    var calls = (int)Math.Clamp(20_000 / Round(5), 1, 5000);
    return Enumerable.Range(0, 25).Min(_ => Round(calls));
}
