using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Programs;

/// <summary>
/// A component's bytes. Its size stands in two bytes in files named .cap, in four in files named .capx (Java Card VM Specification 3.1 §6.2).
/// </summary>
/// <param name="Whole">Tag, size and content, which is what is loaded.</param>
/// <param name="IsLong">Whether the size has four bytes.</param>
internal readonly record struct CapPart(ByteString Whole, bool IsLong)
{
    /// <summary>Length of tag and size in bytes.</summary>
    public const int ShortHead = 3, LongHead = 5;

    public ReadOnlySpan<byte> Content => Whole.Span[(IsLong ? LongHead : ShortHead)..];
}
