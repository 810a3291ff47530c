using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;

namespace TrainTools.Host.UserInterface;

/// <summary>Writes the streams to a terminal and asks the questions that cmdlets ask.</summary>
public sealed class ConsoleUserInterface : PSHostUserInterface
{
    private const string Reset = "\u001b[0m";

    private readonly ITerminal terminal;
    private readonly ProgressLine progress;
    private readonly Lock gate = new();

    /// <summary>Makes the interface.</summary>
    public ConsoleUserInterface(ITerminal terminal)
    {
        ArgumentNullException.ThrowIfNull(terminal);
        this.terminal = terminal;
        progress = new ProgressLine(terminal, TimeProvider.System);
        RawUI = new ConsoleRawUserInterface(terminal);
    }

    /// <inheritdoc/>
    public override PSHostRawUserInterface RawUI { get; }

    /// <inheritdoc/>
    public override bool SupportsVirtualTerminal => terminal.SupportsColor;

    /// <summary>Whether ordinary output goes to the error stream too: it shows an error that ended the script.</summary>
    public bool AllToError { get; set; }

    private TextWriter Out => AllToError ? terminal.Error : terminal.Out;

    /// <summary>Takes a progress line that was left behind off the screen.</summary>
    public void EndProgress()
    {
        lock (gate)
        {
            progress.Clear();
        }
    }

    /// <inheritdoc/>
    public override void Write(string value) => Put(Out, value, null);

    /// <inheritdoc/>
    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) =>
        Put(Out, value, ConsoleColors.Sequence(foregroundColor, backgroundColor));

    /// <inheritdoc/>
    public override void WriteLine(string value) => Put(Out, value + Environment.NewLine, null);

    /// <inheritdoc/>
    public override void WriteErrorLine(string value) => Put(terminal.Error, value + Environment.NewLine, null);

    /// <inheritdoc/>
    public override void WriteWarningLine(string message) => Stream("WARNING: ", message, PSStyle.Instance.Formatting.Warning);

    /// <inheritdoc/>
    public override void WriteVerboseLine(string message) => Stream("VERBOSE: ", message, PSStyle.Instance.Formatting.Verbose);

    /// <inheritdoc/>
    public override void WriteDebugLine(string message) => Stream("DEBUG: ", message, PSStyle.Instance.Formatting.Debug);

    /// <inheritdoc/>
    public override void WriteInformation(InformationRecord record)
    {
        // The engine writes the text of information records by itself (WriteLine); this is for hosts that keep them.
    }

    /// <inheritdoc/>
    public override void WriteProgress(long sourceId, ProgressRecord record)
    {
        lock (gate)
        {
            progress.Show(record);
        }
    }

    /// <inheritdoc/>
    public override string ReadLine() => terminal.ReadLine() ?? throw NobodyThere();

    /// <inheritdoc/>
    public override SecureString ReadLineAsSecureString()
    {
        var secret = new SecureString();
        foreach (var c in terminal.ReadSecret() ?? throw NobodyThere())
        {
            secret.AppendChar(c);
        }

        return secret;
    }

    /// <inheritdoc/>
    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions)
    {
        ArgumentNullException.ThrowIfNull(descriptions);
        Caption(caption, message);
        var answers = new Dictionary<string, PSObject>(StringComparer.OrdinalIgnoreCase);
        foreach (var field in descriptions)
        {
            Write(field.Name + ": ");
            answers[field.Name] = PSObject.AsPSObject(ReadLine());
        }

        return answers;
    }

    /// <inheritdoc/>
    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
    {
        ArgumentNullException.ThrowIfNull(choices);
        Caption(caption, message);
        while (true)
        {
            for (var i = 0; i < choices.Count; i++)
            {
                var (key, label) = Hotkey(choices[i]);
                Write($"[{key}] {label}{(i == defaultChoice ? " (default)" : string.Empty)}  ");
            }

            Write(": ");
            var answer = ReadLine().Trim();
            if (answer.Length == 0 && defaultChoice >= 0)
            {
                return defaultChoice;
            }

            for (var i = 0; i < choices.Count; i++)
            {
                var (key, label) = Hotkey(choices[i]);
                if (string.Equals(answer, key, StringComparison.OrdinalIgnoreCase) || string.Equals(answer, label, StringComparison.OrdinalIgnoreCase))
                {
                    return i;
                }
            }
        }
    }

    /// <inheritdoc/>
    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) =>
        throw new NotSupportedException("This host does not ask for credentials.");

    /// <inheritdoc/>
    public override PSCredential PromptForCredential(
        string caption, string message, string userName, string targetName, PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) =>
        PromptForCredential(caption, message, userName, targetName);

    private static (string Key, string Label) Hotkey(ChoiceDescription choice)
    {
        var at = choice.Label.IndexOf('&', StringComparison.Ordinal);
        var label = choice.Label.Replace("&", string.Empty, StringComparison.Ordinal);
        return at >= 0 && at < label.Length ? (label[at].ToString().ToUpperInvariant(), label) : (label, label);
    }

    private static HostException NobodyThere() => new("A question was asked, but nobody can answer it: standard input has ended.");

    private void Caption(string caption, string message)
    {
        foreach (var line in (string[])[caption, message])
        {
            if (!string.IsNullOrEmpty(line))
            {
                WriteLine(line);
            }
        }
    }

    private void Stream(string prefix, string message, string color) =>
        Put(Out, prefix + message + Environment.NewLine, color);

    private void Put(TextWriter writer, string text, string? color)
    {
        lock (gate)
        {
            progress.Hide();
            if (color is null || !ConsoleColors.AreWanted(terminal))
            {
                // Views colour their tables whoever reads them; where that is a file, the sequences are taken out.
                writer.Write(GetOutputString(text, terminal.SupportsColor));
            }
            else
            {
                // The colour ends before the line does, or the terminal paints the next line's background with it.
                var end = text.Length - (text.EndsWith(Environment.NewLine, StringComparison.Ordinal) ? Environment.NewLine.Length : 0);
                writer.Write(color + text[..end] + Reset + text[end..]);
            }

            writer.Flush();
            if (text.EndsWith('\n'))
            {
                progress.ShowAgain();
            }
        }
    }
}
