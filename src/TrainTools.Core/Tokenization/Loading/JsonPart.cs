using System.Text.Json;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Tokenization.Loading;

/// <summary>A piece of a tokenizer's JSON that knows where it stands, so that every error names the file and the path inside it.</summary>
internal readonly struct JsonPart
{
    public JsonPart(JsonElement element, string file, string path = "")
    {
        Element = element;
        File = file;
        Path = path;
    }

    public JsonElement Element { get; }

    public string File { get; }

    public string Path { get; }

    /// <summary>The "type" of a component.</summary>
    public string Type => Text("type");

    public bool IsObject => Element.ValueKind == JsonValueKind.Object;

    public bool IsArray => Element.ValueKind == JsonValueKind.Array;

    public bool IsText => Element.ValueKind == JsonValueKind.String;

    /// <summary>Reads a whole JSON file. The document must be kept as long as its parts are used.</summary>
    public static JsonDocument Parse(string path)
    {
        byte[] bytes;
        try
        {
            bytes = System.IO.File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainToolsException(ErrorIds.TokenizerFileInvalid, ErrorKind.IO, $"{path} cannot be read: {e.Message}", null, path, e);
        }

        try
        {
            ReadOnlyMemory<byte> memory = bytes;
            if (memory.Span.StartsWith("\uFEFF"u8))
            {
                memory = memory[3..];
            }

            return JsonDocument.Parse(memory, new JsonDocumentOptions { MaxDepth = 256 });
        }
        catch (JsonException e)
        {
            throw TokenizerErrors.Invalid(path, $"line {(e.LineNumber ?? 0) + 1}", "this is not JSON", e);
        }
    }

    /// <summary>A member that may be absent or null.</summary>
    public JsonPart? Find(string name)
    {
        if (!IsObject)
        {
            throw Wrong("an object");
        }

        return Element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? new JsonPart(value, File, Join(name))
            : null;
    }

    /// <summary>A member that must be there.</summary>
    public JsonPart Get(string name) => Find(name) ?? throw TokenizerErrors.Invalid(File, Path, $"'{name}' is missing");

    public string Text(string name) => Get(name).AsText();

    public string? TextOrNull(string name) => Find(name)?.AsText();

    public bool Flag(string name, bool defaultValue) => FlagOrNull(name) ?? defaultValue;

    public bool? FlagOrNull(string name)
    {
        if (Find(name) is not { } part)
        {
            return null;
        }

        return part.Element.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw part.Wrong("true or false"),
        };
    }

    public int Number(string name, int defaultValue) => Find(name)?.AsNumber() ?? defaultValue;

    public int? NumberOrNull(string name) => Find(name)?.AsNumber();

    public string AsText()
    {
        if (!IsText)
        {
            throw Wrong("a string");
        }

        try
        {
            return Element.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw TokenizerErrors.Invalid(File, Path, "the string is not valid Unicode", e);
        }
    }

    public int AsNumber() =>
        Element.ValueKind == JsonValueKind.Number && Element.TryGetInt32(out var value) ? value : throw Wrong("a whole number");

    public double AsReal() => Element.ValueKind == JsonValueKind.Number ? Element.GetDouble() : throw Wrong("a number");

    /// <summary>The single character (one code point) of a string.</summary>
    public string AsCharacter()
    {
        var text = AsText();
        return text.Length == 1 || (text.Length == 2 && char.IsSurrogatePair(text, 0)) ? text : throw Wrong("a single character");
    }

    /// <summary>The items of an array.</summary>
    public IEnumerable<JsonPart> Items()
    {
        if (!IsArray)
        {
            throw Wrong("an array");
        }

        return Enumerate(this);

        static IEnumerable<JsonPart> Enumerate(JsonPart part)
        {
            var index = 0;
            foreach (var item in part.Element.EnumerateArray())
            {
                yield return new JsonPart(item, part.File, $"{part.Path}[{index++}]");
            }
        }
    }

    public TrainToolsException Wrong(string expected) => TokenizerErrors.Invalid(File, Path, $"expected {expected}, found {Describe()}");

    private string Describe()
    {
        var raw = Element.GetRawText();
        return raw.Length <= 40 ? raw : raw[..40] + "…";
    }

    private string Join(string name) => Path.Length == 0 ? name : Path + "." + name;
}
