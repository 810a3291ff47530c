using System.Globalization;
using System.Text;

namespace TrainTools.Core.Tokenization.Chat.Jinja;

/// <summary>json.dumps as transformers' tojson filter calls it: ensure_ascii off, optional indent, separators and sorted keys.</summary>
internal static class PythonJson
{
    private const int MaxDepth = 200;

    public static string Dumps(object? value, bool ensureAscii, string? indent, string? itemSeparator, string? keySeparator, bool sortKeys)
    {
        var writer = new Writer(ensureAscii, indent, itemSeparator ?? (indent is null ? ", " : ","), keySeparator ?? ": ", sortKeys);
        writer.Write(value, 0);
        return writer.Text.ToString();
    }

    private sealed class Writer(bool ensureAscii, string? indent, string itemSeparator, string keySeparator, bool sortKeys)
    {
        public StringBuilder Text { get; } = new();

        public void Write(object? value, int depth)
        {
            if (depth > MaxDepth)
            {
                throw new JinjaException("RecursionError", "maximum recursion depth exceeded while encoding a JSON object");
            }

            if (Text.Length > Py.MaxSize)
            {
                throw JinjaException.Limit($"the template made a string of more than {Py.MaxSize} characters");
            }

            switch (value)
            {
                case null: Text.Append("null"); break;
                case bool b: Text.Append(b ? "true" : "false"); break;
                case long n: Text.Append(n.ToString(CultureInfo.InvariantCulture)); break;
                case double d: Text.Append(Number(d)); break;
                case string s: Quote(s); break;
                case Markup m: Quote(m.Text); break;
                case PyList l: WriteItems(l.Items, depth); break;
                case PyTuple t: WriteItems(t.Items, depth); break;
                case PyDict d: WriteDict(d, depth); break;
                default: throw JinjaException.Type($"Object of type {Py.TypeName(value)} is not JSON serializable");
            }
        }

        private static string Number(double d) => double.IsNaN(d) ? "NaN" : double.IsInfinity(d) ? (d > 0 ? "Infinity" : "-Infinity") : PythonFloat.Repr(d);

        private void WriteItems(IReadOnlyList<object?> items, int depth)
        {
            if (items.Count == 0)
            {
                Text.Append("[]");
                return;
            }

            Text.Append('[');
            for (var i = 0; i < items.Count; i++)
            {
                Text.Append(i == 0 ? string.Empty : itemSeparator);
                NewLine(depth + 1);
                Write(items[i], depth + 1);
            }

            NewLine(depth);
            Text.Append(']');
        }

        private void WriteDict(PyDict dict, int depth)
        {
            if (dict.Count == 0)
            {
                Text.Append("{}");
                return;
            }

            IEnumerable<KeyValuePair<object?, object?>> items = dict.Items;
            if (sortKeys)
            {
                items = SequenceFilters.InOrder(dict.Items.Order(Comparer<KeyValuePair<object?, object?>>.Create((a, b) => Py.Compare(a.Key, b.Key, "<"))));
            }

            Text.Append('{');
            var first = true;
            foreach (var (key, value) in items)
            {
                Text.Append(first ? string.Empty : itemSeparator);
                first = false;
                NewLine(depth + 1);
                Quote(KeyText(key));
                Text.Append(keySeparator);
                Write(value, depth + 1);
            }

            NewLine(depth);
            Text.Append('}');
        }

        private static string KeyText(object? key) => key switch
        {
            string s => s,
            Markup m => m.Text,
            null => "null",
            bool b => b ? "true" : "false",
            long n => n.ToString(CultureInfo.InvariantCulture),
            double d => Number(d),
            _ => throw JinjaException.Type($"keys must be str, int, float, bool or None, not {Py.TypeName(key)}"),
        };

        private void NewLine(int depth)
        {
            if (indent is null)
            {
                return;
            }

            Text.Append('\n');
            for (var i = 0; i < depth; i++)
            {
                Text.Append(indent);
            }
        }

        private void Quote(string s)
        {
            Text.Append('"');
            foreach (var c in s)
            {
                switch (c)
                {
                    case '"': Text.Append("\\\""); break;
                    case '\\': Text.Append("\\\\"); break;
                    case '\n': Text.Append("\\n"); break;
                    case '\r': Text.Append("\\r"); break;
                    case '\t': Text.Append("\\t"); break;
                    case '\b': Text.Append("\\b"); break;
                    case '\f': Text.Append("\\f"); break;
                    case < ' ': Text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"); break;
                    case > '~' when ensureAscii: Text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"); break;
                    default: Text.Append(c); break;
                }
            }

            Text.Append('"');
        }
    }
}
