using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Apdu;

/// <summary>An application identifier (ISO 7816-4 8.2.1.2): 5 to 16 bytes, the first five the registered provider.</summary>
public readonly record struct Aid
{
    /// <summary>The shortest AID in bytes.</summary>
    public const int MinLength = 5;

    /// <summary>The longest AID in bytes.</summary>
    public const int MaxLength = 16;

    /// <summary>Checks and wraps the bytes of an AID.</summary>
    /// <exception cref="FormatException">Not 5 to 16 bytes.</exception>
    internal Aid(ByteString value) => Value = IsAid(value.Span)
        ? value
        : throw new FormatException($"An AID has {MinLength} to {MaxLength} bytes; this has {value.Length}.");

    /// <summary>The bytes; none in <c>default</c>, which is no AID.</summary>
    public ByteString Value { get; }

    /// <summary>Whether <paramref name="bytes"/> can be an AID.</summary>
    internal static bool IsAid(ReadOnlySpan<byte> bytes) => bytes.Length is >= MinLength and <= MaxLength;

    /// <summary>Parses hexadecimal digits; white space between digits is skipped.</summary>
    /// <exception cref="FormatException">Not hexadecimal, or not 5 to 16 bytes.</exception>
    internal static Aid FromHex(string hex) => new(ByteString.FromHex(hex));

    /// <summary>Upper-case hexadecimal.</summary>
    public override string ToString() => Value.ToString();
}
