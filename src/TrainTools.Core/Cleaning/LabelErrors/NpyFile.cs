using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

using TrainTools.Core.Errors;

namespace TrainTools.Core.Cleaning.LabelErrors;

/// <summary>An array of one or two dimensions out of a NumPy .npy file, its numbers as doubles.</summary>
/// <param name="Rows">Length of the first dimension.</param>
/// <param name="Columns">Length of the second; 1 for a vector.</param>
/// <param name="Values">The numbers, row after row.</param>
public sealed partial record NpyFile(int Rows, int Columns, double[] Values)
{
    private static readonly byte[] Magic = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>A row.</summary>
    public ReadOnlySpan<double> Row(int row) => Values.AsSpan(row * Columns, Columns);

    /// <summary>Reads a file: format 1 to 3, little-endian floats (2, 4, 8 bytes), integers and booleans.</summary>
    /// <exception cref="TrainToolsException">DatasetNotFound, NpyInvalid.</exception>
    public static NpyFile Read(string path)
    {
        try
        {
            return Parse(File.ReadAllBytes(path), path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new TrainToolsException(ErrorIds.DatasetNotFound, ErrorKind.NotFound, $"The file {path} does not exist.", "Check the path.", path, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainToolsException(ErrorIds.DatasetUnreadable, ErrorKind.IO, $"{path} could not be read: {e.Message}", target: path, inner: e);
        }
    }

    /// <summary>Reads the content of a file; the name is for messages.</summary>
    public static NpyFile Parse(ReadOnlySpan<byte> bytes, string name)
    {
        if (bytes.Length < 12 || !bytes.StartsWith(Magic))
        {
            throw Invalid(name, "it does not begin as a .npy file does");
        }

        var wide = bytes[6] >= 2;
        var headerLength = wide ? (long)BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]) : BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]);
        var headerStart = wide ? 12 : 10;
        if (headerStart + headerLength > bytes.Length)
        {
            throw Invalid(name, "it ends inside its header");
        }

        var header = Encoding.UTF8.GetString(bytes.Slice(headerStart, (int)headerLength));
        var type = Descr().Match(header);
        var shape = Shape().Match(header);
        if (!type.Success || !shape.Success)
        {
            throw Invalid(name, "its header has no descr or no shape");
        }

        var sizes = shape.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(s => int.TryParse(s, CultureInfo.InvariantCulture, out var n) && n >= 0 ? n : throw Invalid(name, $"its shape is ({shape.Groups[1].Value})"))
            .ToArray();
        if (sizes.Length is < 1 or > 2)
        {
            throw Invalid(name, $"it has {sizes.Length} dimensions; one or two are expected");
        }

        var rows = sizes[0];
        var columns = sizes.Length == 2 ? sizes[1] : 1;
        var values = Numbers(bytes[(int)(headerStart + headerLength)..], type.Groups[1].Value, (long)rows * columns, name);
        return new NpyFile(rows, columns, Fortran().IsMatch(header) && sizes.Length == 2 ? Transpose(values, rows, columns) : values);
    }

    private static double[] Numbers(ReadOnlySpan<byte> data, string type, long count, string name)
    {
        var size = type.Length > 2 && int.TryParse(type.AsSpan(2), CultureInfo.InvariantCulture, out var s) ? s : 0;
        if (size == 0 || (type[0] == '>' && size > 1))
        {
            throw Invalid(name, $"numbers of type {type} are not supported");
        }

        if (data.Length < count * size)
        {
            throw Invalid(name, FormattableString.Invariant($"it should hold {count} numbers of {size} bytes, and holds {data.Length} bytes"));
        }

        var values = new double[count];
        for (var i = 0; i < values.Length; i++)
        {
            var item = data.Slice(i * size, size);
            values[i] = type[1..] switch
            {
                "f8" => BinaryPrimitives.ReadDoubleLittleEndian(item),
                "f4" => BinaryPrimitives.ReadSingleLittleEndian(item),
                "f2" => (double)BinaryPrimitives.ReadHalfLittleEndian(item),
                "i8" => BinaryPrimitives.ReadInt64LittleEndian(item),
                "i4" => BinaryPrimitives.ReadInt32LittleEndian(item),
                "i2" => BinaryPrimitives.ReadInt16LittleEndian(item),
                "i1" => (sbyte)item[0],
                "u8" => BinaryPrimitives.ReadUInt64LittleEndian(item),
                "u4" => BinaryPrimitives.ReadUInt32LittleEndian(item),
                "u2" => BinaryPrimitives.ReadUInt16LittleEndian(item),
                "u1" or "b1" => item[0],
                _ => throw Invalid(name, $"numbers of type {type} are not supported"),
            };
        }

        return values;
    }

    private static double[] Transpose(double[] values, int rows, int columns)
    {
        var result = new double[values.Length];
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                result[(row * columns) + column] = values[(column * rows) + row];
            }
        }

        return result;
    }

    private static TrainToolsException Invalid(string name, string what) => new(
        ErrorIds.NpyInvalid, ErrorKind.InvalidData, $"{name} is no usable NumPy array: {what}.",
        "Save it with numpy.save as float64 or float32, rows × classes.", name);

    [GeneratedRegex(@"'descr'\s*:\s*'([^']+)'")]
    private static partial Regex Descr();

    [GeneratedRegex(@"'shape'\s*:\s*\(([^)]*)\)")]
    private static partial Regex Shape();

    [GeneratedRegex(@"'fortran_order'\s*:\s*True")]
    private static partial Regex Fortran();
}
