using System.Diagnostics.CodeAnalysis;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Tlv;

/// <summary>A BER-TLV data object (ISO 7816-4 5.2.2): a tag and a value, which for a constructed tag is a list of data objects.</summary>
/// <remarks>
/// Read: definite lengths coded in one byte or 81, 82, 83, also where a shorter form would do, as BER allows; 00 before, between and after data objects
/// is padding (ISO 7816-4 5.2.2), and so is FF where no data object begins with it, for FF may also begin a tag (FF21 of ETSI TS 102 226). Written: the
/// shortest form of its own length, and the value as it is: with what came in it, padding and long lengths too.
/// </remarks>
internal sealed record BerTlv
{
    /// <summary>How deep data objects may nest.</summary>
    public const int MaxDepth = 8;

    /// <summary>How many data objects, those within others counted too, one parse accepts.</summary>
    public const int MaxObjects = 2048;

    /// <summary>How often, in one parse, a byte FF may look like the start of a constructed data object and turn out to be padding.</summary>
    public const int MaxFalseStarts = 16;

    /// <summary>The longest value, in bytes: what three length bytes after 83 can say.</summary>
    public const int MaxValueLength = 0xFF_FFFF;

    /// <summary>The most bytes that a length takes.</summary>
    internal const int MaxLengthOfLength = 4;

    internal const byte ZeroPadding = 0x00, OnesPadding = 0xFF;

    private BerTlv(BerTag tag, ByteString value, ValueList<BerTlv> children) => (Tag, Value, Children) = (tag, value, children);

    /// <summary>The tag.</summary>
    public BerTag Tag { get; }

    /// <summary>The value; of a constructed object, its children as they are coded.</summary>
    public ByteString Value { get; }

    /// <summary>The data objects within a constructed one; none in a primitive one.</summary>
    public ValueList<BerTlv> Children { get; }

    /// <summary>A primitive data object.</summary>
    /// <exception cref="ArgumentException">The tag is constructed, or the value too long.</exception>
    public static BerTlv Primitive(BerTag tag, ByteString value)
    {
        if (tag.IsConstructed) throw new ArgumentException($"Tag {tag} is constructed.", nameof(tag));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value.Length, MaxValueLength, nameof(value));
        return new BerTlv(tag, value, default);
    }

    /// <summary>A constructed data object.</summary>
    /// <exception cref="ArgumentException">The tag is primitive, or the children are too long together.</exception>
    public static BerTlv Constructed(BerTag tag, params ReadOnlySpan<BerTlv> children)
    {
        if (!tag.IsConstructed) throw new ArgumentException($"Tag {tag} is primitive.", nameof(tag));
        var value = Encode(children);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value.Length, MaxValueLength, nameof(children));
        return new BerTlv(tag, value, ValueList.Create(children));
    }

    /// <summary>A constructed data object around data objects that are coded already, which stay as they are.</summary>
    /// <param name="tag">A constructed tag.</param>
    /// <param name="value">The coded data objects.</param>
    /// <param name="tlv">The object.</param>
    /// <param name="error">What is wrong with <paramref name="value"/>, when the result is false.</param>
    internal static bool TryWrap(BerTag tag, ByteString value, [NotNullWhen(true)] out BerTlv? tlv, [NotNullWhen(false)] out string? error)
    {
        if (!tag.IsConstructed) throw new ArgumentException($"Tag {tag} is primitive.", nameof(tag));
        tlv = TryParse(value.Span, out var children, out error) ? new BerTlv(tag, value, children) : null;
        return tlv is not null;
    }

    /// <summary>The first child with <paramref name="tag"/>, or null.</summary>
    public BerTlv? Find(BerTag tag) => Find(Children, tag);

    /// <summary>The first of <paramref name="objects"/> with <paramref name="tag"/>, or null.</summary>
    public static BerTlv? Find(ValueList<BerTlv> objects, BerTag tag)
    {
        foreach (var item in objects.Span)
            if (item.Tag == tag) return item;
        return null;
    }

    /// <summary>The data object as it is coded.</summary>
    public ByteString ToBytes() => Encode([this]);

    /// <summary>Data objects one after the other, as they are coded.</summary>
    public static ByteString Encode(params ReadOnlySpan<BerTlv> objects)
    {
        var total = 0;
        foreach (var item in objects) total += item.Tag.EncodedLength + LengthOfLength(item.Value.Length) + item.Value.Length;
        var bytes = new byte[total];
        var at = 0;
        foreach (var item in objects)
        {
            at += item.Tag.Write(bytes.AsSpan(at));
            at += WriteLength(bytes.AsSpan(at), item.Value.Length);
            item.Value.Span.CopyTo(bytes.AsSpan(at));
            at += item.Value.Length;
        }
        return ByteString.Own(bytes);
    }

    /// <summary>Parses a list of data objects that fills <paramref name="bytes"/> to the end, padding aside.</summary>
    /// <param name="bytes">The coded objects; no bytes are the empty list.</param>
    /// <param name="objects">The objects.</param>
    /// <param name="error">What is wrong and at which byte, when the result is false; tags and lengths only, never values.</param>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out ValueList<BerTlv> objects, [NotNullWhen(false)] out string? error)
    {
        var budget = new Budget { Objects = MaxObjects, FalseStarts = MaxFalseStarts };
        return TryParseList(bytes, 0, 1, ref budget, out objects, out error);
    }

    /// <summary>Parses exactly one data object.</summary>
    /// <param name="bytes">The coded object.</param>
    /// <param name="tlv">The object.</param>
    /// <param name="error">What is wrong, when the result is false.</param>
    public static bool TryParseOne(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out BerTlv? tlv, [NotNullWhen(false)] out string? error)
    {
        tlv = null;
        if (!TryParse(bytes, out var objects, out error)) return false;
        if (objects.Count != 1)
        {
            error = $"One data object was expected; {objects.Count} came.";
            return false;
        }
        tlv = objects[0];
        return true;
    }

    /// <summary>
    /// A data object as it was read: of a constructed one <paramref name="children"/> may be fewer than <paramref name="value"/> has.
    /// </summary>
    internal static BerTlv Read(BerTag tag, ByteString value, ValueList<BerTlv> children) => new(tag, value, children);

    private static bool TryParseList(
        ReadOnlySpan<byte> bytes, int offset, int depth, ref Budget budget, out ValueList<BerTlv> objects, [NotNullWhen(false)] out string? error)
    {
        objects = default;
        if (depth > MaxDepth)
        {
            error = $"At byte {offset}: data objects nest deeper than {MaxDepth}.";
            return false;
        }
        var list = new List<BerTlv>();
        for (var at = AfterPadding(bytes, 0); at < bytes.Length; at = AfterPadding(bytes, at))
        {
            if (!BerTag.TryRead(bytes[at..], out var tag, out var tagLength, out error) ||
                !TryReadLength(bytes[(at + tagLength)..], out var length, out var lengthLength, out error))
            {
                if (bytes[at++] == OnesPadding) continue;
                error = $"At byte {offset + at - 1}: {error}";
                return false;
            }
            if (--budget.Objects < 0)
            {
                error = $"More than {MaxObjects} data objects.";
                return false;
            }
            var start = at + tagLength + lengthLength;
            var value = bytes.Slice(start, length);
            ValueList<BerTlv> children = default;
            if (tag.IsConstructed && !TryParseList(value, offset + start, depth + 1, ref budget, out children, out error))
            {
                if (bytes[at++] != OnesPadding || budget.Objects < 0 || --budget.FalseStarts < 0) return false;
                continue;
            }
            list.Add(new BerTlv(tag, ByteString.Copy(value), children));
            at = start + length;
        }
        objects = [.. list];
        error = null;
        return true;
    }

    /// <summary>Where padding ends that cannot be anything else: any 00, and of a run of FF all but the last two, as no tag begins with three.</summary>
    internal static int AfterPadding(ReadOnlySpan<byte> bytes, int at)
    {
        while (at < bytes.Length && bytes[at] is ZeroPadding or OnesPadding)
        {
            var run = bytes[at..].IndexOfAnyExcept(bytes[at]);
            if (run < 0) return bytes.Length;
            if (bytes[at] == OnesPadding) return at + Math.Max(0, run - (BerTag.MaxLength - 1));
            at += run;
        }
        return at;
    }

    /// <summary>What one parse may still take.</summary>
    private struct Budget
    {
        public int Objects, FalseStarts;
    }

    /// <summary>Reads a length and checks that as many bytes follow it.</summary>
    internal static bool TryReadLength(ReadOnlySpan<byte> bytes, out int length, out int lengthLength, out string? error)
    {
        (length, lengthLength) = (0, 1);
        error = bytes.IsEmpty ? "a length is missing." : null;
        if (error is not null) return false;
        var more = bytes[0] < 0x80 ? 0 : bytes[0] - 0x80;
        if (bytes[0] == 0x80 || more > 3) error = $"length byte {bytes[0]:X2} is not accepted.";
        else if (bytes.Length < 1 + more) error = "a length is cut short.";
        if (error is not null) return false;

        length = more == 0 ? bytes[0] : 0;
        for (var i = 1; i <= more; i++) length = length << 8 | bytes[i];
        lengthLength = 1 + more;
        if (length > bytes.Length - lengthLength) error = $"a length says {length}; {bytes.Length - lengthLength} bytes follow it.";
        return error is null;
    }

    internal static int LengthOfLength(int length) => length < 0x80 ? 1 : length <= 0xFF ? 2 : length <= 0xFFFF ? 3 : 4;

    /// <summary>Writes a length as short as it can be; returns its own length, at most <see cref="MaxLengthOfLength"/> bytes.</summary>
    internal static int WriteLength(Span<byte> destination, int length)
    {
        var size = LengthOfLength(length);
        if (size > 1) destination[0] = (byte)(0x80 + size - 1);
        for (var i = size - 1; i >= (size == 1 ? 0 : 1); i--, length >>= 8) destination[i] = (byte)length;
        return size;
    }

    /// <summary>The tag and the length; never the value.</summary>
    public override string ToString() => $"{Tag}, {Value.Length} bytes";
}
