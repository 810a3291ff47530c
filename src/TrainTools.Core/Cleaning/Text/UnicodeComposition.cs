using System.Text;

namespace TrainTools.Core.Cleaning.Text;

/// <summary>Unicode normal forms, with a fast way out for text that is in the form already.</summary>
internal static class UnicodeComposition
{
    /// <summary>NFC.</summary>
    public static string Compose(string text) => Ascii.IsValid(text) ? text : text.Normalize(NormalizationForm.FormC);

    /// <summary>NFD.</summary>
    public static string Decompose(string text) => Ascii.IsValid(text) ? text : text.Normalize(NormalizationForm.FormD);
}
