using System.Globalization;

namespace TrainTools.Core.Tokenization.Chat.Jinja;

/// <summary>Floats as Python writes them.</summary>
internal static class PythonFloat
{
    /// <summary>repr(float): the shortest digits that read back equal; exponent form below 1e-4 and from 1e16 on.</summary>
    public static string Repr(double value)
    {
        if (double.IsNaN(value))
        {
            return "nan";
        }

        if (double.IsInfinity(value))
        {
            return value > 0 ? "inf" : "-inf";
        }

        if (value == 0)
        {
            return double.IsNegative(value) ? "-0.0" : "0.0";
        }

        // "E16" gives no shortest form; "R" does, as d.dddE+xx or plain digits: take its digits and exponent apart.
        var (negative, digits, exponent) = Digits(value);
        var sign = negative ? "-" : string.Empty;
        if (exponent is < -4 or >= 16)
        {
            var mantissa = digits.Length > 1 ? $"{digits[0]}.{digits[1..]}" : digits;
            return $"{sign}{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture)}";
        }

        if (exponent < 0)
        {
            return $"{sign}0.{new string('0', -exponent - 1)}{digits}";
        }

        return digits.Length <= exponent + 1
            ? $"{sign}{digits.PadRight(exponent + 1, '0')}.0"
            : $"{sign}{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}";
    }

    /// <summary>round(value, digits), halves to even as Python does on the exact binary value.</summary>
    public static double Round(double value, int digits)
    {
        if (double.IsNaN(value) || double.IsInfinity(value) || digits > 300)
        {
            return value;
        }

        if (digits < 0)
        {
            var scale = Math.Pow(10, -digits);
            return Math.Round(value / scale, MidpointRounding.ToEven) * scale;
        }

        // Fixed-point text is made from the exact value in .NET, so parsing it back is the correct rounding.
        return double.Parse(value.ToString("F" + digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }

    private static (bool Negative, string Digits, int Exponent) Digits(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        var negative = text[0] == '-';
        text = negative ? text[1..] : text;
        var e = text.IndexOf('E', StringComparison.Ordinal);
        var exponent = e < 0 ? 0 : int.Parse(text[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = e < 0 ? text : text[..e];
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var whole = point < 0 ? mantissa : mantissa[..point];
        var all = whole + (point < 0 ? string.Empty : mantissa[(point + 1)..]);
        var leading = all.Length - all.TrimStart('0').Length;
        exponent += whole.Length - 1 - leading;
        all = all.TrimStart('0').TrimEnd('0');
        return (negative, all.Length == 0 ? "0" : all, exponent);
    }
}
