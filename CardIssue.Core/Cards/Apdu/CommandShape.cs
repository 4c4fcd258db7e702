using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace CardIssue.Core.Cards.Apdu;

/// <summary>Where the parts of a coded command lie (ISO 7816-4 5.1), so that secret data can be read where it is, without a copy.</summary>
/// <param name="DataStart">Index of the first byte of data.</param>
/// <param name="DataLength">Length of the data in bytes, 0 for cases 1 and 2.</param>
/// <param name="Le">How many bytes are expected; null when Le is absent.</param>
/// <param name="Extended">Whether the lengths are coded in their extended form.</param>
internal readonly record struct CommandShape(int DataStart, int DataLength, int? Le, bool Extended)
{
    /// <summary>Finds the parts of a coded command, short or extended; nothing is copied.</summary>
    /// <param name="bytes">The command, nothing before and nothing after it.</param>
    /// <param name="shape">Where its parts lie.</param>
    /// <param name="error">What is wrong, when the result is false.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out CommandShape shape, [NotNullWhen(false)] out string? error)
    {
        shape = default;
        error = null;
        switch (bytes.Length)
        {
            case < 4:
                error = $"A command APDU has 4 bytes or more; {bytes.Length} came.";
                return false;
            case 4:
                shape = new CommandShape(4, 0, null, false);
                return true;
            case 5:
                shape = new CommandShape(5, 0, ShortLe(bytes[4]), false);
                return true;
        }
        return bytes[4] != 0 ? TryReadShort(bytes, out shape, out error) : TryReadExtended(bytes, out shape, out error);
    }

    private static bool TryReadShort(ReadOnlySpan<byte> bytes, out CommandShape shape, [NotNullWhen(false)] out string? error)
    {
        int lc = bytes[4];
        var after = bytes.Length - 5 - lc;
        error = after is 0 or 1 ? null : $"Lc says {lc} bytes of data; {bytes.Length - 5} bytes follow it.";
        shape = error is null ? new CommandShape(5, lc, after == 0 ? null : ShortLe(bytes[^1]), false) : default;
        return error is null;
    }

    private static bool TryReadExtended(ReadOnlySpan<byte> bytes, out CommandShape shape, [NotNullWhen(false)] out string? error)
    {
        shape = default;
        error = null;
        if (bytes.Length < 7)
        {
            error = "Lc is 00, so the lengths are extended; their two bytes are missing.";
            return false;
        }
        int length = BinaryPrimitives.ReadUInt16BigEndian(bytes[5..]);
        if (bytes.Length == 7)
        {
            shape = new CommandShape(7, 0, length == 0 ? CommandApdu.MaxLe : length, true);
            return true;
        }
        var after = bytes.Length - 7 - length;
        if (length == 0 || after is not (0 or 2))
        {
            error = $"Extended Lc says {length} bytes of data; {bytes.Length - 7} bytes follow it.";
            return false;
        }
        int le = BinaryPrimitives.ReadUInt16BigEndian(bytes[^2..]);
        shape = new CommandShape(7, length, after == 0 ? null : le == 0 ? CommandApdu.MaxLe : le, true);
        return true;
    }

    private static int ShortLe(byte le) => le == 0 ? CommandApdu.MaxShortLe : le;
}
