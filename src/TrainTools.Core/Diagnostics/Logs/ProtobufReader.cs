using System.Buffers.Binary;

namespace TrainTools.Core.Diagnostics.Logs;

/// <summary>Walks over the fields of a Protocol Buffers message.</summary>
internal ref struct ProtobufReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> rest = message;

    /// <summary>Number of the field.</summary>
    public int Field { get; private set; }

    /// <summary>Wire type: 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes.</summary>
    public int Wire { get; private set; }

    /// <summary>Value of a varint.</summary>
    public ulong Varint { get; private set; }

    /// <summary>Bytes of any other field.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Whether the message broke off.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>The four bytes as a float.</summary>
    public readonly float Float => BinaryPrimitives.ReadSingleLittleEndian(Bytes);

    /// <summary>The eight bytes as a double.</summary>
    public readonly double Double => BinaryPrimitives.ReadDoubleLittleEndian(Bytes);

    /// <summary>Goes to the next field; false at the end, or where the message is broken.</summary>
    public bool Next()
    {
        if (rest.IsEmpty || IsBroken)
        {
            return false;
        }

        var key = ReadVarint();
        (Field, Wire) = ((int)(key >> 3), (int)(key & 7));
        switch (Wire)
        {
            case 0:
                Varint = ReadVarint();
                break;
            case 1:
                Take(8);
                break;
            case 2:
                Take(ReadVarint());
                break;
            case 5:
                Take(4);
                break;
            default:
                IsBroken = true;
                break;
        }

        return !IsBroken;
    }

    private void Take(ulong count)
    {
        if (IsBroken || count > (ulong)rest.Length)
        {
            IsBroken = true;
            return;
        }

        Bytes = rest[..(int)count];
        rest = rest[(int)count..];
    }

    private ulong ReadVarint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (rest.IsEmpty)
            {
                IsBroken = true;
                return 0;
            }

            var next = rest[0];
            rest = rest[1..];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        IsBroken = true;
        return 0;
    }
}
