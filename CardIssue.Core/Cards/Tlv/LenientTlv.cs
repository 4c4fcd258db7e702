using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Tlv;

/// <summary>
/// Data objects from cards that do not code all of them well: one that is cut short, or junk between two, does not hide the others. What is
/// whole is given, level by level; what is not is told.
/// </summary>
internal static class LenientTlv
{
    /// <summary>The data objects that are whole, within constructed ones too.</summary>
    /// <param name="bytes">The coded objects; 00 and FF between them are padding (ISO 7816-4 5.2.2).</param>
    /// <param name="bad">Receives what is wrong and at which byte; tags and lengths only, never values.</param>
    public static ValueList<BerTlv> Parse(ReadOnlySpan<byte> bytes, List<string> bad)
    {
        var budget = BerTlv.MaxObjects;
        return ParseList(bytes, 0, 1, ref budget, bad);
    }

    private static ValueList<BerTlv> ParseList(ReadOnlySpan<byte> bytes, int offset, int depth, ref int budget, List<string> bad)
    {
        if (depth > BerTlv.MaxDepth)
        {
            bad.Add($"At byte {offset}: data objects nest deeper than {BerTlv.MaxDepth}.");
            return default;
        }
        var list = new List<BerTlv>();
        for (var at = BerTlv.AfterPadding(bytes, 0); at < bytes.Length; at = BerTlv.AfterPadding(bytes, at))
        {
            if (!BerTag.TryRead(bytes[at..], out var tag, out var tagLength, out var error) ||
                !BerTlv.TryReadLength(bytes[(at + tagLength)..], out var length, out var lengthLength, out error))
            {
                if (bytes[at] == BerTlv.OnesPadding)
                {
                    at++;
                    continue;
                }
                // Where one object ends unknown, so does the next one begin.
                bad.Add($"At byte {offset + at}: {error}");
                break;
            }
            if (--budget < 0)
            {
                if (budget == -1) bad.Add($"More than {BerTlv.MaxObjects} data objects.");
                break;
            }
            var start = at + tagLength + lengthLength;
            var value = bytes.Slice(start, length);
            var children = tag.IsConstructed ? ParseList(value, offset + start, depth + 1, ref budget, bad) : default;
            list.Add(BerTlv.Read(tag, ByteString.Copy(value), children));
            at = start + length;
        }
        return [.. list];
    }
}
