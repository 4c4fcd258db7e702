using System.Globalization;

namespace CardIssue.Core.Cards.Tlv;

/// <summary>A BER tag of one to three bytes (ISO 7816-4 5.2.2.1), written as it is coded: <c>4F</c>, <c>9F70</c>, <c>5FC105</c>.</summary>
internal readonly record struct BerTag
{
    /// <summary>The longest tag in bytes.</summary>
    public const int MaxLength = 3;

    /// <summary>Checks and wraps a coded tag.</summary>
    /// <param name="value">The bytes of the tag, big-endian.</param>
    /// <exception cref="FormatException">The bytes are no tag: subsequent bytes missing, superfluous or more than three in all.</exception>
    public BerTag(uint value)
    {
        Value = value;
        Span<byte> coded = stackalloc byte[MaxLength];
        if (value > 0xFF_FFFF || !TryRead(coded[..Write(coded)], out var read, out var length, out _) || length != EncodedLength || read.Value != value)
            throw new FormatException($"{value:X2} is no BER tag of 1 to {MaxLength} bytes.");
    }

    private BerTag(uint value, bool _) => Value = value;

    /// <summary>The bytes of the tag, big-endian.</summary>
    public uint Value { get; }

    /// <summary>Length of the coded tag in bytes.</summary>
    public int EncodedLength => Value > 0xFFFF ? 3 : Value > 0xFF ? 2 : 1;

    /// <summary>Whether the value is itself a list of data objects.</summary>
    public bool IsConstructed => (Value >> 8 * (EncodedLength - 1) & 0x20) != 0;

    /// <summary>A tag written as a number.</summary>
    /// <exception cref="FormatException">No tag.</exception>
    public static implicit operator BerTag(uint value) => new(value);

    internal int Write(Span<byte> destination)
    {
        var length = EncodedLength;
        for (var i = 0; i < length; i++) destination[i] = (byte)(Value >> 8 * (length - 1 - i));
        return length;
    }

    internal static bool TryRead(ReadOnlySpan<byte> bytes, out BerTag tag, out int length, out string? error)
    {
        tag = default;
        length = 0;
        error = null;
        if (bytes.IsEmpty)
        {
            error = "A tag is missing.";
            return false;
        }
        uint value = bytes[0];
        length = 1;
        if ((bytes[0] & 0x1F) == 0x1F)
        {
            do
            {
                if (length == bytes.Length || length == MaxLength)
                {
                    error = length == MaxLength ? $"A tag is longer than {MaxLength} bytes." : "A tag is cut short.";
                    return false;
                }
                value = value << 8 | bytes[length++];
            } while ((bytes[length - 1] & 0x80) != 0);
        }
        // A first byte 00 is padding (ISO 7816-4 5.2.2), a tag of several bytes does not start its number with zeros.
        if (bytes[0] == 0x00 || length > 1 && bytes[1] == 0x80)
        {
            error = $"{value:X2} is no tag.";
            return false;
        }
        tag = new BerTag(value, true);
        return true;
    }

    /// <summary>Upper-case hexadecimal.</summary>
    public override string ToString() => Value.ToString(Value > 0xFFFF ? "X6" : Value > 0xFF ? "X4" : "X2", CultureInfo.InvariantCulture);
}
