using System.Globalization;
using CsCheck;

namespace TrainTools.PowerShell.Tests.Module;

/// <summary>Lines of prose in the views, broken between words at the window's width: 80 in a host without one.</summary>
public sealed class ViewTextTests(Shell shell) : IClassFixture<Shell>
{
    private const string WrapUnder = "$before = [cultureinfo]::CurrentCulture; try { [cultureinfo]::CurrentCulture = $args[2]; [TrainTools.PowerShell.ViewText]::Wrap($Host, $args[0], $args[1]) } finally { [cultureinfo]::CurrentCulture = $before }";

    // One column stays free.
    private string Wrap(string text, int room, CultureInfo? culture = null) => (string)shell.Output(WrapUnder, text, 79 - room, culture ?? CultureInfo.InvariantCulture)[0].BaseObject;

    [Theory]
    [InlineData("one two three four five six", 27, "one two three four five six")]
    [InlineData("one two three four five six", 26, "one two three four five\nsix")]
    [InlineData("one two three four five six", 23, "one two three four five\nsix")]
    [InlineData("abcdefghijklmnopqrstuvwxyz", 20, "abcdefghijklmnopqrst\nuvwxyz")]
    [InlineData("a abcdefghijklmnopqrstuvwxyz", 20, "a\nabcdefghijklmnopqrst\nuvwxyz")]
    [InlineData("one\ntwo three four five six\n", 20, "one\ntwo three four five\nsix\n")]
    [InlineData("  one two three four five", 20, "  one two three four\n  five")]
    [InlineData("in /usr/share/dotnet/libraries/native: right", 20, "in\n/usr/share/dotnet/\nlibraries/native:\nright")]
    [InlineData("", 20, "")]
    public void Lines_break_between_words_where_there_are_any(string text, int room, string expected) => Assert.Equal(expected, Wrap(text, room));

    [Fact]
    public void No_line_is_longer_than_the_room_and_no_letter_is_lost() =>
        Gen.Select(Gen.String[Gen.OneOfConst('a', 'b', 'c', 'd', ' ', '\n'), 0, 90], Gen.Int[20, 40]).Sample(
            (text, room) =>
            {
                var wrapped = Wrap(text, room);
                return wrapped.Split('\n').All(l => l.Length <= room) && Letters(wrapped) == Letters(text);
            },
            threads: 1,
            iter: 200);

    [Theory]
    [InlineData("iv", true)]
    [InlineData("ja", true)]
    [InlineData("en", false)]
    [InlineData("de", false)]
    public void Where_the_formatter_breaks_between_words_itself_lines_are_left_to_it(string language, bool wraps) =>
        Assert.Equal(wraps, Wrap(string.Join(' ', Enumerable.Repeat("words", 40)), 60, new Language(language)).Contains('\n'));

    private static string Letters(string text) => string.Concat(text.Where(char.IsLetter));

    /// <summary>The invariant culture under a language's name, for machines that know no other.</summary>
    private sealed class Language(string name) : CultureInfo("")
    {
        public override string TwoLetterISOLanguageName => name;
    }
}
