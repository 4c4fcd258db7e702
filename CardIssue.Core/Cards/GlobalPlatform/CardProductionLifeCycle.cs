using System.Diagnostics.CodeAnalysis;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.GlobalPlatform;

/// <summary>Card production life cycle data, 9F7F: who made the chip and the card, and the chip's serial number.</summary>
/// <param name="Raw">The 42 bytes.</param>
internal readonly record struct CardProductionLifeCycle(ByteString Raw)
{
    /// <summary>Length in bytes.</summary>
    public const int Length = 42;

    /// <summary>Who made the chip, 2 bytes.</summary>
    public ByteString Fabricator => Raw.Slice(0, 2);

    /// <summary>The type of chip, 2 bytes.</summary>
    public ByteString ChipType => Raw.Slice(2, 2);

    /// <summary>The serial number of the chip in its batch, 4 bytes.</summary>
    public ByteString Serial => Raw.Slice(12, 4);

    /// <summary>The batch of the chip, 2 bytes.</summary>
    public ByteString Batch => Raw.Slice(16, 2);

    /// <summary>What tells the chip from all others: fabricator | type | batch | serial, 10 bytes.</summary>
    public ByteString ChipIdentity => ByteString.Concat(Fabricator, ChipType, Batch, Serial);

    /// <summary>Parses the answer to <see cref="GetData.ProductionLifeCycle"/>, with its tag or, as some cards answer, without.</summary>
    /// <param name="data">45 bytes with the tag; 42 without, which do not begin with it: such are a part of what was cut.</param>
    /// <param name="lifeCycle">The data.</param>
    /// <param name="error">What is wrong, when the result is false.</param>
    public static bool TryParse(ReadOnlySpan<byte> data, out CardProductionLifeCycle lifeCycle, [NotNullWhen(false)] out string? error)
    {
        lifeCycle = default;
        error = null;
        var value = ByteString.Empty;
        if (data.Length == Length && !GetData.BeginsWith(data, 0x9F7F)) value = ByteString.Copy(data);
        else if (!GetData.TryUnpack(data, 0x9F7F, out var tlv, out error)) return false;
        else value = tlv.Value;
        error = value.Length == Length ? null : $"Production life cycle data has {value.Length} bytes; {Length} are due.";
        if (error is not null) return false;
        lifeCycle = new CardProductionLifeCycle(value);
        return true;
    }
}
