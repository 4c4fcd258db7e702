using CardIssue.Core.Cards.Tlv;

namespace CardIssue.Core.Cards.Products.Emv;

/// <summary>A data object list: tags and lengths of what a terminal is to send, concatenated (EMV Book 3 §5.4).</summary>
internal static class DataObjectList
{
    /// <summary>The most that a terminal can send for one list, in bytes: one command's data.</summary>
    public const int MaxDataLength = 252;

    /// <summary>What is wrong with a list, or null. Names tags and lengths only.</summary>
    public static string? Fault(ReadOnlySpan<byte> list)
    {
        var total = 0;
        while (!list.IsEmpty)
        {
            if (!BerTag.TryRead(list, out var tag, out var length, out var error)) return error;
            if (length == list.Length) return $"The length after tag {tag} is missing.";
            // One byte each: a length of 80 hex and more would be coded in several, which no list needs.
            if (list[length] > 0x7F) return $"The length after tag {tag} is more than 127.";
            total += list[length];
            list = list[(length + 1)..];
        }
        return total > MaxDataLength ? $"It asks for {total} bytes; {MaxDataLength} are the most." : null;
    }
}
