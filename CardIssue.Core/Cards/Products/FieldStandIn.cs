using CardIssue.Core.Cards.Products.Emv;
using CardIssue.Core.Cards.Products.Text;
using CardIssue.Core.Cards.Tlv;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products;

/// <summary>Where in a template a field stands.</summary>
/// <param name="IsEmv">Whether EMV's dictionary holds there: in data groupings that are neither secret nor keys.</param>
/// <param name="Tag">The data object around the field; null when there is none.</param>
/// <param name="Template">The template around that one; null when there is none.</param>
internal readonly record struct FieldPlace(bool IsEmv, BerTag? Tag = null, BerTag? Template = null)
{
    /// <summary>Within a data object there.</summary>
    public FieldPlace In(BerTag tag) => new(IsEmv, tag, Tag);
}

/// <summary>What stands in templates in the place of customers' fields, where no card is written.</summary>
internal abstract class FieldStandIn
{
    private FieldStandIn() { }

    /// <summary>In the place of a field's bytes.</summary>
    public abstract ByteString Of(ByteString bytes, FieldPlace place);

    /// <summary>A constructed object around bytes that are no data objects: they stand for some that are.</summary>
    public static ByteString Wrap(BerTag tag, ByteString value)
    {
        // Padding is the one content of every length (ISO 7816-4 5.2.2).
        if (!BerTlv.TryWrap(tag, ByteString.Own(new byte[value.Length]), out var wrapped, out var error))
            throw new ArgumentException(error, nameof(value));
        var bytes = wrapped.ToBytes();
        return ByteString.Concat(bytes.Slice(0, bytes.Length - value.Length), value);
    }

    /// <summary>The least that a field of an encoding can be: what does not fit then fits no customer.</summary>
    public sealed class Least : FieldStandIn
    {
        /// <summary>PAN of 8 digits, D, expiry, service code: the shortest track 2 (<see cref="FieldText"/>).</summary>
        private const int Track2 = 8, Date = 3, Packed = 1;

        /// <summary>One grouping without data.</summary>
        public static readonly RenderedItem Prepared = new(0, null, default, false);

        /// <summary>As many bytes.</summary>
        public static ByteString Of(FieldEncoding encoding) => ByteString.Own(new byte[encoding switch
        {
            FieldEncoding.Track2 => Track2,
            FieldEncoding.Date => Date,
            FieldEncoding.Digits or FieldEncoding.Number => Packed,
            _ => 0,
        }]);

        /// <inheritdoc/>
        public override ByteString Of(ByteString bytes, FieldPlace place) => bytes;
    }

    /// <summary>
    /// A field that is not to be seen: every half byte of it is the same one. What may be shown stays: data objects of
    /// <see cref="ShownObjects"/>, and the first and last digits of a card number.
    /// </summary>
    /// <param name="fill">The byte, 00 or FF: what differs between the two is hidden.</param>
    public sealed class Cover(byte fill) : FieldStandIn
    {
        /// <inheritdoc/>
        public override ByteString Of(ByteString bytes, FieldPlace place)
        {
            var covered = bytes.ToArray();
            if (place is { IsEmv: true, Tag: { IsConstructed: false } tag }) Object(place.Template, tag, covered);
            else if (place.IsEmv && BerTlv.TryParse(bytes.Span, out var objects, out _)) Objects(place.Tag, covered, objects);
            else covered.AsSpan().Fill(fill);
            return ByteString.Own(covered);
        }

        /// <summary>Each where it stands: with its length as it came, and the padding around it.</summary>
        private void Objects(BerTag? template, Span<byte> bytes, ValueList<BerTlv> objects)
        {
            foreach (var item in objects.Span)
            {
                var begin = ValueIn(bytes, item);
                var value = bytes.Slice(begin, item.Value.Length);
                if (item.Tag.IsConstructed) Objects(item.Tag, value, item.Children);
                else Object(template, item.Tag, value);
                bytes = bytes[(begin + item.Value.Length)..];
            }
        }

        private void Object(BerTag? template, BerTag tag, Span<byte> value)
        {
            if (!EmvDictionary.Defines(template, tag)) value.Fill(fill);
            else if (ShownObjects.IsCardNumber(tag)) Number(value);
            else if (!ShownObjects.Contains(tag)) value.Fill(fill);
        }

        private void Number(Span<byte> value)
        {
            var digits = Convert.ToHexString(value);
            var number = digits.TakeWhile(char.IsAsciiDigit).Count();
            for (var i = 0; i < digits.Length; i++)
            {
                if (CardNumberMask.Shows(i, number)) continue;
                var half = (byte)(i % 2 == 0 ? 0xF0 : 0x0F);
                value[i / 2] = (byte)(value[i / 2] & ~half | fill & half);
            }
        }

        /// <summary>
        /// Where the value of the next object begins: behind padding, its tag and its length, however long that is written.
        /// </summary>
        private static int ValueIn(ReadOnlySpan<byte> bytes, BerTlv item)
        {
            Span<byte> tag = stackalloc byte[BerTag.MaxLength];
            tag = tag[..item.Tag.Write(tag)];
            for (var at = 0; ; at++)
            {
                if (!bytes[at..].StartsWith(tag)) continue;
                var length = at + tag.Length;
                var begin = Math.Min(length + 1 + (bytes[length] > 0x80 ? bytes[length] & 0x7F : 0), bytes.Length);
                if (bytes[begin..].StartsWith(item.Value.Span)) return begin;
            }
        }
    }
}
