using System.Globalization;
using System.Management.Automation;

namespace TrainTools.Host.UserInterface;

/// <summary>
/// Shows progress. On a terminal: one line, drawn again in place, below everything else that is written. Where output is
/// redirected: a plain line now and then (each tenth of the work, or every ten seconds).
/// </summary>
public sealed class ProgressLine
{
    private const int BarWidth = 20;
    private const int PercentStep = 10;
    private const string ClearLine = "\r\u001b[K";

    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(10);

    private readonly ITerminal terminal;
    private readonly TimeProvider time;
    private ProgressRecord? current;
    private bool visible;
    private int printedActivity = -1;
    private int printedPercent;
    private long printedAt;

    /// <summary>Makes a line that is not shown yet.</summary>
    public ProgressLine(ITerminal terminal, TimeProvider time)
    {
        this.terminal = terminal;
        this.time = time;
    }

    /// <summary>Takes a record: shows it, or takes the line away when its activity is completed.</summary>
    public void Show(ProgressRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        if (record.RecordType == ProgressRecordType.Completed)
        {
            if (current is null || current.ActivityId == record.ActivityId)
            {
                Complete();
            }

            return;
        }

        // A child's detail is in its parent's status; one line has room for one activity.
        if (current is not null && record.ParentActivityId == current.ActivityId)
        {
            return;
        }

        current = record;
        if (terminal.IsInteractive)
        {
            Draw();
        }
        else
        {
            Print();
        }
    }

    /// <summary>Takes the line off the screen for output that is about to be written.</summary>
    public void Hide()
    {
        if (visible)
        {
            terminal.Out.Write(ClearLine);
            visible = false;
        }
    }

    /// <summary>Draws the line again after output was written.</summary>
    public void ShowAgain()
    {
        if (current is not null && terminal.IsInteractive)
        {
            Draw();
        }
    }

    /// <summary>Takes the line away for good.</summary>
    public void Clear()
    {
        Hide();
        terminal.Out.Flush();
        current = null;
        printedActivity = -1;
    }

    private void Complete()
    {
        // The last plain line shows where the work ended, whatever the interval left out.
        if (current is not null && !terminal.IsInteractive && current.PercentComplete != printedPercent)
        {
            PrintLine(current);
        }

        Clear();
    }

    private void Draw()
    {
        Hide();
        var text = Text(current!, terminal.Width - 1);
        terminal.Out.Write(ConsoleColors.AreWanted(terminal) ? PSStyle.Instance.Formatting.Verbose + text + PSStyle.Instance.Reset : text);
        terminal.Out.Flush();
        visible = true;
    }

    private void Print()
    {
        var record = current!;
        var isNew = record.ActivityId != printedActivity;
        if (isNew
            || record.PercentComplete / PercentStep > printedPercent / PercentStep
            || time.GetElapsedTime(printedAt) >= PlainInterval)
        {
            PrintLine(record);
        }
    }

    private void PrintLine(ProgressRecord record)
    {
        terminal.Out.WriteLine(Text(record, int.MaxValue));
        terminal.Out.Flush();
        printedActivity = record.ActivityId;
        printedPercent = record.PercentComplete;
        printedAt = time.GetTimestamp();
    }

    // What the reader can do without goes first where the line is narrow: the bar, then the activity's name.
    private string Text(ProgressRecord record, int width)
    {
        var hasPercent = record.PercentComplete >= 0;
        var percent = hasPercent ? string.Create(CultureInfo.InvariantCulture, $"{record.PercentComplete,3} %  ") : string.Empty;
        var left = record.SecondsRemaining < 0 ? string.Empty : "  " + Duration(record.SecondsRemaining) + " left";
        var detail = string.IsNullOrEmpty(record.CurrentOperation) ? string.Empty : "  " + record.CurrentOperation;
        var status = percent + record.StatusDescription + left + detail;
        var text = $"{record.Activity}  {status}";
        if (hasPercent && terminal.IsInteractive && text.Length + BarWidth + 3 <= width)
        {
            text = $"{record.Activity}  {Bar(record.PercentComplete)} {status}";
        }
        else if (hasPercent && text.Length > width)
        {
            text = status;
        }

        return text.Length <= width ? text : text[..Math.Max(0, width)];
    }

    private static string Bar(int percent)
    {
        var done = Math.Clamp(percent * BarWidth / 100, 0, BarWidth);
        return "[" + new string('#', done) + new string('.', BarWidth - done) + "]";
    }

    private static string Duration(int seconds)
    {
        var time = TimeSpan.FromSeconds(seconds);
        return time.TotalHours >= 1
            ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours}:{time.Minutes:D2}:{time.Seconds:D2}")
            : string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}:{time.Seconds:D2}");
    }
}
