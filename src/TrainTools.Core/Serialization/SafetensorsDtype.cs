namespace TrainTools.Core.Serialization;

/// <summary>Element types of the safetensors format.</summary>
public enum SafetensorsDtype
{
    Bool,
    U8,
    I8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F16,
    BF16,
    F32,
    F64,
    F8E4M3,
    F8E5M2,
    F8E8M0,
    C64,
}

/// <summary>Names and sizes of the element types.</summary>
public static class SafetensorsDtypes
{
    private static readonly (SafetensorsDtype Dtype, string Name, int Size)[] Table =
    [
        (SafetensorsDtype.Bool, "BOOL", 1),
        (SafetensorsDtype.U8, "U8", 1),
        (SafetensorsDtype.I8, "I8", 1),
        (SafetensorsDtype.I16, "I16", 2),
        (SafetensorsDtype.U16, "U16", 2),
        (SafetensorsDtype.I32, "I32", 4),
        (SafetensorsDtype.U32, "U32", 4),
        (SafetensorsDtype.I64, "I64", 8),
        (SafetensorsDtype.U64, "U64", 8),
        (SafetensorsDtype.F16, "F16", 2),
        (SafetensorsDtype.BF16, "BF16", 2),
        (SafetensorsDtype.F32, "F32", 4),
        (SafetensorsDtype.F64, "F64", 8),
        (SafetensorsDtype.F8E4M3, "F8_E4M3", 1),
        (SafetensorsDtype.F8E5M2, "F8_E5M2", 1),
        (SafetensorsDtype.F8E8M0, "F8_E8M0", 1),
        (SafetensorsDtype.C64, "C64", 8),
    ];

    /// <summary>Bytes an element.</summary>
    public static int ElementSize(this SafetensorsDtype dtype) => Table[(int)dtype].Size;

    /// <summary>The name in a file's header.</summary>
    public static string HeaderName(this SafetensorsDtype dtype) => Table[(int)dtype].Name;

    /// <summary>The type of a header's name; false where the format has no such name.</summary>
    public static bool TryParse(string? name, out SafetensorsDtype dtype)
    {
        foreach (var row in Table)
        {
            if (row.Name == name)
            {
                dtype = row.Dtype;
                return true;
            }
        }

        dtype = default;
        return false;
    }
}
