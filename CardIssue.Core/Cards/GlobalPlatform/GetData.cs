using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.Tlv;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.GlobalPlatform;

/// <summary>GET DATA (GPCS §11.3) and its short answers.</summary>
internal static class GetData
{
    /// <summary>Issuer identification number.</summary>
    public const ushort IssuerNumber = 0x0042;

    /// <summary>Card image number.</summary>
    public const ushort CardImageNumber = 0x0045;

    /// <summary>Card data; <see cref="CardRecognitionData"/>.</summary>
    public const ushort CardData = 0x0066;

    /// <summary>Card capability information.</summary>
    public const ushort CardCapabilities = 0x0067;

    /// <summary>Key information template; <see cref="KeyInformation"/>.</summary>
    public const ushort KeyInformationTemplate = 0x00E0;

    /// <summary>Sequence counter of the default key version.</summary>
    public const ushort SequenceCounter = 0x00C1;

    /// <summary>Key diversification data (not in GPCS, but common).</summary>
    public const ushort DiversificationData = 0x00CF;

    /// <summary>Card production life cycle data; <see cref="CardProductionLifeCycle"/> (not in GPCS, but common).</summary>
    public const ushort ProductionLifeCycle = 0x9F7F;

    /// <summary>Asks for a data object.</summary>
    /// <param name="tag">Its tag, P1 and P2.</param>
    public static CommandApdu Command(ushort tag) => new(0x80, Instructions.GetData, (byte)(tag >> 8), (byte)tag, default, CommandApdu.MaxShortLe);

    /// <summary>Parses the answer to <see cref="SequenceCounter"/>: two bytes on SCP02 cards, three on SCP03 cards.</summary>
    public static bool TryParseSequenceCounter(ReadOnlySpan<byte> data, out int counter, [NotNullWhen(false)] out string? error)
    {
        counter = 0;
        if (!TryUnpack(data, 0xC1, out var tlv, out error)) return false;
        error = tlv.Value.Length is 2 or 3 ? null : $"The sequence counter has {tlv.Value.Length} bytes; 2 or 3 are due.";
        if (error is not null) return false;
        foreach (var b in tlv.Value.Span) counter = counter << 8 | b;
        return true;
    }

    /// <summary>Parses the answer to <see cref="DiversificationData"/>: 10 bytes.</summary>
    public static bool TryParseDiversificationData(ReadOnlySpan<byte> data, out ByteString diversificationData, [NotNullWhen(false)] out string? error)
    {
        diversificationData = default;
        if (!TryUnpack(data, 0xCF, out var tlv, out error)) return false;
        error = tlv.Value.Length == 10 ? null : $"Key diversification data has {tlv.Value.Length} bytes; 10 are due.";
        if (error is not null) return false;
        diversificationData = tlv.Value;
        return true;
    }

    /// <summary>
    /// The value of a data object: what is in its tag, or all that was answered, as some cards leave tag and length out. Nothing where the
    /// answer begins with the tag and is not whole, and where it is one whole object of another tag: cards that share a fault would share
    /// the value. Such a bare value can't be told from these and is not taken either; CPLC, which has one length, can.
    /// </summary>
    internal static ByteString ValueOf(ByteString data, ushort tag)
    {
        if (TryUnpack(data.Span, (uint)tag, out var tlv, out _)) return tlv.Value;
        if (BeginsWith(data.Span, (uint)tag)) return default;
        var bare = tag == ProductionLifeCycle ? data.Length == CardProductionLifeCycle.Length : !IsOneObject(data.Span);
        return bare ? data : default;
    }

    /// <summary>Whether an answer begins with a tag, or ends within it.</summary>
    internal static bool BeginsWith(ReadOnlySpan<byte> data, BerTag tag)
    {
        Span<byte> coded = stackalloc byte[BerTag.MaxLength];
        coded = coded[..tag.Write(coded)];
        return data.Length < coded.Length ? coded.StartsWith(data) : data.StartsWith(coded);
    }

    /// <summary>By tag and length alone: what is in it, and padding, do not count.</summary>
    private static bool IsOneObject(ReadOnlySpan<byte> data) =>
        BerTag.TryRead(data, out _, out var tagLength, out _)
        && BerTlv.TryReadLength(data[tagLength..], out var length, out var lengthLength, out _)
        && tagLength + lengthLength + length == data.Length;

    /// <summary>A template's data objects, as far as they are whole.</summary>
    internal static bool TryOpen(
        ReadOnlySpan<byte> data,
        BerTag tag,
        [NotNullWhen(true)] out BerTlv? template,
        out ValueList<string> bad,
        [NotNullWhen(false)] out string? error)
    {
        var faults = new List<string>();
        var objects = LenientTlv.Parse(data, faults);
        template = BerTlv.Find(objects, tag);
        bad = [.. faults];
        error = template is not null ? null : faults.Count > 0 ? faults[0]
            : objects.Count == 0 ? $"The answer is empty; tag {tag} is due." : $"Tag {objects[0].Tag} came; {tag} is due.";
        return template is not null;
    }

    internal static bool TryUnpack(ReadOnlySpan<byte> data, BerTag tag, [NotNullWhen(true)] out BerTlv? tlv, [NotNullWhen(false)] out string? error)
    {
        if (!BerTlv.TryParseOne(data, out tlv, out error)) return false;
        error = tlv.Tag == tag ? null : $"GET DATA answered tag {tlv.Tag}; {tag} is due.";
        return error is null;
    }
}

/// <summary>One key that a security domain holds (GPCS §11.3.3.1).</summary>
/// <param name="KeyId">Key identifier: 1 ENC, 2 MAC, 3 DEK in a secure channel key set.</param>
/// <param name="KeyVersion">Key version number; FF often marks factory keys.</param>
/// <param name="KeyType">Key type: 80 DES, 88 AES, others as in GPCS table 11-16.</param>
/// <param name="KeyLength">Length of the first component in bytes.</param>
internal readonly record struct KeyInformation(byte KeyId, byte KeyVersion, byte KeyType, int KeyLength)
{
    private const byte ExtendedFormat = 0xFF;

    /// <summary>
    /// Parses the answer to <see cref="GetData.KeyInformationTemplate"/>. A key whose information is not whole does not hide the others.
    /// </summary>
    /// <param name="data">A template E0.</param>
    /// <param name="keys">The keys, in the card's order.</param>
    /// <param name="bad">What is wrong with what was left out.</param>
    /// <param name="error">What is wrong, when the result is false.</param>
    public static bool TryParse(
        ReadOnlySpan<byte> data, out ValueList<KeyInformation> keys, out ValueList<string> bad, [NotNullWhen(false)] out string? error)
    {
        keys = default;
        if (!GetData.TryOpen(data, 0xE0, out var template, out bad, out error)) return false;
        var list = new List<KeyInformation>();
        // A card that fills its answer with faults costs their number, not its square.
        var faults = new List<string>(bad);
        foreach (var child in template.Children.Span)
        {
            var value = child.Value.Span;
            var extended = value.Length > 2 && value[2] == ExtendedFormat;
            var fault = child.Tag != 0xC0 ? $"Tag {child.Tag} is in the key information; C0 is due."
                : value.Length < (extended ? 6 : 4) ? $"A key's information has {value.Length} bytes; that is too few."
                : null;
            if (fault is not null) faults.Add(fault);
            else if (extended) list.Add(new KeyInformation(value[0], value[1], value[3], BinaryPrimitives.ReadUInt16BigEndian(value[4..])));
            else list.Add(new KeyInformation(value[0], value[1], value[2], value[3]));
        }
        (keys, bad) = ([.. list], [.. faults]);
        return true;
    }
}

/// <summary>What the card says of its platform (GPCS §H.2, card recognition data).</summary>
/// <param name="Version">The GlobalPlatform version, such as 2.2.1; null when the card does not say.</param>
/// <param name="Channels">The secure channel protocols with their parameter "i". INITIALIZE UPDATE is more to be trusted.</param>
internal sealed record CardRecognitionData(string? Version, ValueList<SecureChannelVariant> Channels)
{
    /// <summary>Object identifier 1.2.840.114283, GlobalPlatform.</summary>
    private static ReadOnlySpan<byte> GlobalPlatformArc => [0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B];

    /// <summary>Parses the answer to <see cref="GetData.CardData"/>.</summary>
    /// <param name="data">A template 66; what is not whole in it is left out.</param>
    /// <param name="recognition">The data.</param>
    /// <param name="error">What is wrong, when the result is false.</param>
    public static bool TryParse(ReadOnlySpan<byte> data, [NotNullWhen(true)] out CardRecognitionData? recognition, [NotNullWhen(false)] out string? error)
    {
        recognition = null;
        if (!GetData.TryOpen(data, 0x66, out var card, out _, out error)) return false;
        if (card.Find(0x73) is not { } template)
        {
            error = "Card data holds no template 73.";
            return false;
        }
        string? version = null;
        var channels = new List<SecureChannelVariant>();
        foreach (var child in template.Children.Span)
            foreach (var oid in child.Children.Span)
            {
                if (oid.Tag != 0x06 || !oid.Value.Span.StartsWith(GlobalPlatformArc)) continue;
                var arc = oid.Value.Span[GlobalPlatformArc.Length..];
                if (child.Tag == 0x60 && arc is [0x02, .. var numbers]) version = string.Join('.', numbers.ToArray());
                if (child.Tag == 0x64 && TryReadChannel(arc, out var channel)) channels.Add(channel);
            }
        recognition = new CardRecognitionData(version, [.. channels]);
        return true;
    }

    /// <summary>Arc 4.scp.i; an "i" of 80 or more takes two bytes in an object identifier (X.690 8.19).</summary>
    private static bool TryReadChannel(ReadOnlySpan<byte> arc, out SecureChannelVariant channel)
    {
        channel = arc switch
        {
            [0x04, < 0x80 and var scp, < 0x80 and var i] => new SecureChannelVariant(scp, i),
            [0x04, < 0x80 and var scp, 0x81, < 0x80 and var i] => new SecureChannelVariant(scp, (byte)(0x80 | i)),
            _ => default,
        };
        return channel != default;
    }
}

/// <summary>A secure channel protocol and its parameter "i".</summary>
/// <param name="Protocol">02 or 03 for SCP02, SCP03.</param>
/// <param name="Mode">The parameter "i".</param>
internal readonly record struct SecureChannelVariant(byte Protocol, byte Mode);
