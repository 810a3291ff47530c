namespace TrainTools.Core.Cleaning.Records;

/// <summary>Takes the fixed words of the Alpaca prompt off, which would make all prompts resemble each other.</summary>
internal static class PromptFrame
{
    private const string Instruction = "### Instruction:";
    private const string Response = "### Response:";

    /// <summary>What stands between the frame's first and last marker; the prompt itself if it has no frame.</summary>
    public static string Strip(string prompt)
    {
        var end = prompt.AsSpan().TrimEnd();
        if (!end.EndsWith(Response, StringComparison.Ordinal))
        {
            return prompt;
        }

        var start = prompt.IndexOf(Instruction, StringComparison.Ordinal);
        return start < 0 || start > 400
            ? prompt
            : prompt[(start + Instruction.Length)..(end.Length - Response.Length)].Trim();
    }
}
