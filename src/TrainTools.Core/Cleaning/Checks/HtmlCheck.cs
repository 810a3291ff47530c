using System.Text.RegularExpressions;

using TrainTools.Core.Cleaning.Records;

namespace TrainTools.Core.Cleaning.Checks;

/// <summary>What is left of HTML in text that is not about HTML.</summary>
internal sealed partial class HtmlCheck : IRecordCheck
{
    public void Check(RecordView view, FindingSink sink)
    {
        var tags = 0;
        var entities = 0;
        string? firstTag = null;
        string? firstEntity = null;
        foreach (var part in view.Parts)
        {
            var text = part.Text;
            if (text.Contains('<', StringComparison.Ordinal) && !IsCode(view))
            {
                var found = Tag().Matches(text);
                tags += found.Count;
                firstTag ??= found.Count > 0 ? found[0].Value : null;
            }

            if (text.Contains('&', StringComparison.Ordinal) && !IsCode(view))
            {
                var found = Entity().Matches(text);
                entities += found.Count;
                firstEntity ??= found.Count > 0 ? found[0].Value : null;
            }
        }

        if (tags > 0)
        {
            sink.Add(CleaningRules.HtmlTags, tags, firstTag);
        }

        if (entities > 0)
        {
            sink.Add(CleaningRules.HtmlEntities, entities, firstEntity);
        }
    }

    /// <summary>Whether the record deals with markup or code, where tags are the subject.</summary>
    private static bool IsCode(RecordView view)
    {
        foreach (var part in view.Parts)
        {
            if (part.Text.Contains("```", StringComparison.Ordinal) || Subject().IsMatch(part.Text))
            {
                return true;
            }
        }

        return false;
    }

    [GeneratedRegex(@"</?(?:a|abbr|b|big|blockquote|body|br|center|code|dd|div|dl|dt|em|font|form|h[1-6]|head|hr|html|i|iframe|img|input|label|li|link|meta|nav|ol|option|p|pre|s|script|section|select|small|span|strike|strong|style|sub|sup|table|tbody|td|th|thead|title|tr|tt|u|ul)(?:\s[^<>]{0,300})?/?>", RegexOptions.IgnoreCase)]
    private static partial Regex Tag();

    [GeneratedRegex(@"&(?:amp|lt|gt|quot|apos|nbsp|copy|reg|trade|hellip|mdash|ndash|lsquo|rsquo|ldquo|rdquo|bull|middot|laquo|raquo|euro|pound|eacute|egrave|agrave|uuml|ouml|auml|szlig|#\d{1,7}|#x[0-9a-f]{1,6});", RegexOptions.IgnoreCase)]
    private static partial Regex Entity();

    [GeneratedRegex(@"\b(?:html|xml|xhtml|css|javascript|jsx|svg|markup|web\s?page|php|react)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Subject();
}
