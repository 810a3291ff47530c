using System.Globalization;
using System.Net;
using System.Text;
using TrainTools.Core.Diagnostics;

namespace TrainTools.Core.Reports;

/// <summary>The diagnoses of a run in its report: what is seen, why, what to do; numbered as on the charts.</summary>
internal static class DiagnosisSection
{
    public static void Append(StringBuilder page, IReadOnlyList<Diagnosis> diagnoses, string? title = "Diagnoses")
    {
        if (title is not null)
        {
            page.Append("<h2>").Append(title).Append("</h2>");
        }

        if (diagnoses.Count == 0)
        {
            page.Append("<p>Nothing was diagnosed.</p>");
            return;
        }

        for (var i = 0; i < diagnoses.Count; i++)
        {
            if (diagnoses[i].IsRoot)
            {
                One(page, diagnoses[i], i + 1, [.. diagnoses.Where(d => d.SuppressedBy == diagnoses[i].Id)]);
            }
        }
    }

    private static void One(StringBuilder page, Diagnosis diagnosis, int number, IReadOnlyList<Diagnosis> consequences)
    {
        var grade = diagnosis.Severity.ToString().ToLowerInvariant();
        var steps = diagnosis.ClosedAtStep is { } end ? $"steps {diagnosis.FirstStep} to {end}" : $"from step {diagnosis.FirstStep}, not over at the end";
        page.Append(CultureInfo.InvariantCulture, $"<section class=\"diagnosis {grade}\"><h3><span class=\"number\">{number}</span>{Encode(SymptomCatalog.Get(diagnosis.Symptom).Title)} <small>{grade}, {steps}</small></h3><p>{Encode(diagnosis.Summary)}</p>");
        if (diagnosis.Cause is { } cause)
        {
            page.Append("<p><b>Likely cause:</b> ").Append(Encode(cause.Title)).Append(". ").Append(Encode(cause.Reason));
            if (diagnosis.Probe is { } probe)
            {
                page.Append(" <b>Probe:</b> ").Append(Encode(probe.ToString()));
            }
            else if (cause.Check is { } check)
            {
                page.Append(" <b>To make sure:</b> ").Append(Encode(check));
            }

            page.Append("</p>");
        }

        if (diagnosis.Remedy is { } remedy)
        {
            page.Append("<p><b>What to do:</b> ").Append(Encode(remedy.Text)).AppendJoin("", remedy.Changes.Select(c => $" <code>{Encode(c.ToString())}</code>")).Append("</p>");
        }

        page.Append("<details><summary>Evidence and other causes</summary><ul>").AppendJoin("", diagnosis.Evidence.Select(e => $"<li>{Encode(e.Text)}</li>")).Append("</ul>");
        if (diagnosis.Causes.Count > 1)
        {
            page.Append("<table><tr><th>other cause</th><th class=\"n\">weight</th><th>because</th></tr>");
            foreach (var other in diagnosis.Causes.Skip(1))
            {
                page.Append(CultureInfo.InvariantCulture, $"<tr><td>{Encode(other.Title)}</td><td class=\"n\">{100 * other.Score:0} %</td><td>{Encode(other.Reason)}</td></tr>");
            }

            page.Append("</table>");
        }

        if (diagnosis.Records.Count > 0)
        {
            page.Append("<p>Records: ").Append(Encode(string.Join(", ", diagnosis.Records.Take(32)))).Append(diagnosis.Records.Count > 32 ? ", …" : "").Append("</p>");
        }

        if (consequences.Count > 0)
        {
            page.Append("<p>It explains: ").Append(Encode(string.Join("; ", consequences.Select(c => $"{SymptomCatalog.Get(c.Symptom).Title} (from step {c.FirstStep})")))).Append(".</p>");
        }

        page.Append("</details></section>");
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
