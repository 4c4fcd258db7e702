using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products.Text;

/// <summary>
/// A coded character set that a product may name. A character that it does not have is refused, as are control characters, private ones and half
/// a surrogate pair: nothing is ever replaced by another character.
/// </summary>
internal sealed class CharacterSet
{
    private static readonly CharacterSet[] Sets =
    [
        new(FieldEncoding.Utf8, "utf8", Utf8),
        new(FieldEncoding.ShiftJis, "shiftJis", ShiftJis),
        new(FieldEncoding.JisX0201, "jisX0201", JisX0201),
        .. Enumerable.Range(1, 16).Where(Iso8859.Exists).Select(part =>
            new CharacterSet((FieldEncoding)((int)FieldEncoding.Iso8859Part1 + part - 1), $"iso8859-{part}", rune => Iso8859Part(part, rune))),
    ];

    /// <summary>
    /// Characters of JIS X 0208 that JIS maps to other characters of Unicode than Windows' code page 932 does (and .NET with it); both are taken.
    /// https://www.unicode.org/Public/MAPPINGS/OBSOLETE/EASTASIA/JIS/SHIFTJIS.TXT, …/VENDORS/MICSFT/WINDOWS/CP932.TXT.
    /// </summary>
    private static readonly FrozenDictionary<int, ushort> JisSpellings = new Dictionary<int, ushort>
    {
        [0x2014] = 0x815C, [0x301C] = 0x8160, [0x2016] = 0x8161, [0x2212] = 0x817C, [0x00A2] = 0x8191, [0x00A3] = 0x8192, [0x00AC] = 0x81CA,
    }.ToFrozenDictionary();

    // Part of .NET, not of a package; the exception is what keeps it from putting a "?" or the best fit.
    private static readonly Encoding CodePage932 =
        CodePagesEncodingProvider.Instance.GetEncoding(932, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback)!;

    private readonly Func<Rune, byte[]?> _encode;

    private CharacterSet(FieldEncoding encoding, string word, Func<Rune, byte[]?> encode) => (Encoding, Word, _encode) = (encoding, word, encode);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<CharacterSet> All => Sets;

    public FieldEncoding Encoding { get; }

    /// <summary>What a product's file calls it.</summary>
    public string Word { get; }

    /// <summary>The set of an encoding; null for those that are no character sets.</summary>
    public static CharacterSet? Find(FieldEncoding encoding) => Array.Find(Sets, set => set.Encoding == encoding);

    /// <summary>Encodes; null with the reason, and which character it is about, counted from 1. The text itself is never quoted.</summary>
    public ByteString? Encode(string text, out string? error)
    {
        error = null;
        var bytes = new List<byte>(text.Length);
        var number = 0;
        for (var at = 0; at < text.Length;)
        {
            number++;
            if (!Rune.TryGetRuneAt(text, at, out var rune)) error = $"has half a surrogate pair as character {number}";
            else if (Rune.GetUnicodeCategory(rune)
                is UnicodeCategory.Control or UnicodeCategory.PrivateUse or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
                error = $"has a control character or a private one as character {number}";
            else if (_encode(rune) is { } coded) bytes.AddRange(coded);
            else error = $"has a character that {Word} does not have, character {number}";
            if (error is not null) return null;
            at += rune.Utf16SequenceLength;
        }
        return ByteString.Own([.. bytes]);
    }

    private static byte[]? Utf8(Rune rune)
    {
        var coded = new byte[rune.Utf8SequenceLength];
        rune.EncodeToUtf8(coded);
        return coded;
    }

    private static byte[]? Iso8859Part(int part, Rune rune) =>
        rune.IsBmp && Iso8859.Encode(part, (char)rune.Value) is { } coded ? [coded] : null;

    /// <summary>JIS X 0201: ASCII with a yen sign and an overline, and half-width katakana.</summary>
    private static byte[]? JisX0201(Rune rune) => rune.Value switch
    {
        '\\' or '~' => null,
        0x00A5 => [0x5C],
        0x203E => [0x7E],
        < 0x7F => [(byte)rune.Value],
        >= 0xFF61 and <= 0xFF9F => [(byte)(rune.Value - 0xFF61 + 0xA1)],
        _ => null,
    };

    /// <summary>Shift_JIS as Windows has it (code page 932, IANA "Windows-31J"): half-width katakana in one byte, kanji in two.</summary>
    private static byte[]? ShiftJis(Rune rune)
    {
        if (JisSpellings.TryGetValue(rune.Value, out var spelling)) return [(byte)(spelling >> 8), (byte)spelling];
        var text = rune.ToString();
        try
        {
            var coded = CodePage932.GetBytes(text);
            return CodePage932.GetString(coded) == text ? coded : null;
        }
        catch (EncoderFallbackException)
        {
            return null;
        }
    }
}
