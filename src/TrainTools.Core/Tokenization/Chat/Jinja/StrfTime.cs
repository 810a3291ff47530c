using System.Globalization;
using System.Text;

namespace TrainTools.Core.Tokenization.Chat.Jinja;

/// <summary>datetime.strftime in the C locale.</summary>
internal static class StrfTime
{
    public static string Format(DateTimeOffset time, string format)
    {
        var text = new StringBuilder();
        var culture = CultureInfo.InvariantCulture;
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 >= format.Length)
            {
                text.Append(format[i]);
                continue;
            }

            var c = format[++i];
            var bare = c == '-' && i + 1 < format.Length;
            c = bare ? format[++i] : c;
            var part = c switch
            {
                'Y' => time.Year.ToString("0000", culture),
                'y' => (time.Year % 100).ToString("00", culture),
                'm' => time.Month.ToString("00", culture),
                'd' => time.Day.ToString("00", culture),
                'e' => time.Day.ToString(culture).PadLeft(2),
                'H' => time.Hour.ToString("00", culture),
                'I' => ((time.Hour + 11) % 12 + 1).ToString("00", culture),
                'M' => time.Minute.ToString("00", culture),
                'S' => time.Second.ToString("00", culture),
                'f' => (time.Ticks % TimeSpan.TicksPerSecond / 10).ToString("000000", culture),
                'j' => time.DayOfYear.ToString("000", culture),
                'p' => time.Hour < 12 ? "AM" : "PM",
                'a' => time.ToString("ddd", culture),
                'A' => time.ToString("dddd", culture),
                'b' or 'h' => time.ToString("MMM", culture),
                'B' => time.ToString("MMMM", culture),
                'w' => ((int)time.DayOfWeek).ToString(culture),
                'u' => (time.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)time.DayOfWeek).ToString(culture),
                'U' => ((time.DayOfYear + 6 - (int)time.DayOfWeek) / 7).ToString("00", culture),
                'W' => ((time.DayOfYear + 6 - (((int)time.DayOfWeek + 6) % 7)) / 7).ToString("00", culture),
                'V' => ISOWeek.GetWeekOfYear(time.DateTime).ToString("00", culture),
                'G' => ISOWeek.GetYear(time.DateTime).ToString(culture),
                'D' or 'x' => Format(time, "%m/%d/%y"),
                'F' => Format(time, "%Y-%m-%d"),
                'T' or 'X' => Format(time, "%H:%M:%S"),
                'R' => Format(time, "%H:%M"),
                'c' => Format(time, "%a %b %e %H:%M:%S %Y"),
                's' => time.ToUnixTimeSeconds().ToString(culture),
                'n' => "\n",
                't' => "\t",
                'z' or 'Z' => string.Empty, // datetime.now() has no zone
                '%' => "%",
                _ => "%" + c,
            };
            text.Append(bare && part.Length > 1 && char.IsAsciiDigit(part[^1]) ? part.TrimStart('0', ' ') is { Length: > 0 } short_ ? short_ : "0" : part);
        }

        return text.ToString();
    }
}
