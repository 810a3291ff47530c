using TorchSharp;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts;

/// <summary>Activation functions under the names of transformers' configs.</summary>
public static class Activations
{
    private static readonly Dictionary<string, Func<Tensor, Tensor>> Known = new(StringComparer.Ordinal)
    {
        ["silu"] = x => nn.functional.silu(x),
        ["swish"] = x => nn.functional.silu(x),
        ["gelu"] = x => nn.functional.gelu(x),
        ["gelu_new"] = TanhGelu,
        ["gelu_fast"] = TanhGelu,
        ["gelu_pytorch_tanh"] = TanhGelu,
        ["gelu_python_tanh"] = TanhGelu,
        ["gelu_accurate"] = TanhGelu,
        ["gelu_python"] = x => nn.functional.gelu(x),
        ["gelu_10"] = x => nn.functional.gelu(x).clamp(-10, 10),
        ["quick_gelu"] = x => x.mul(x.mul(1.702).sigmoid()),
        ["relu"] = x => nn.functional.relu(x),
        ["relu2"] = x => nn.functional.relu(x).square(),
        ["relu6"] = x => nn.functional.relu6(x),
        ["leaky_relu"] = x => nn.functional.leaky_relu(x, 0.01),
        ["mish"] = x => nn.functional.mish(x),
        ["tanh"] = x => x.tanh(),
        ["sigmoid"] = x => x.sigmoid(),
        ["hardswish"] = x => nn.functional.hardswish(x),
        ["laplace"] = x => x.sub(0.707107).div(0.282095 * Math.Sqrt(2)).erf().add(1).mul(0.5),
        ["sqrtsoftplus"] = x => nn.functional.softplus(x, 1, 20).sqrt(),
        ["linear"] = x => x,
    };

    /// <summary>Names that are understood.</summary>
    public static IEnumerable<string> Names => Known.Keys.Order(StringComparer.Ordinal);

    /// <summary>Whether a function found here is silu.</summary>
    public static bool IsSilu(Func<Tensor, Tensor> activation) => activation == Known["silu"] || activation == Known["swish"];

    /// <summary>The function of that name; null where there is none.</summary>
    public static Func<Tensor, Tensor>? Find(string name) => Known.GetValueOrDefault(name);

    /// <summary>0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))); the names differ in rounding only.</summary>
    private static Tensor TanhGelu(Tensor x) => nn.functional.gelu(x, TorchSharp.Modules.GELU.Approximate.tanh);
}
