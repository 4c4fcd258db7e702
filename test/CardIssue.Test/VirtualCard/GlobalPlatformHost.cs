using System.Buffers.Binary;
using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.Crypto;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Test.VirtualCard;

/// <summary>The host's end of SCP03, for tests of the card: what the card sends is checked, not believed.</summary>
/// <param name="macLength">8 bytes (S8) or 16 (S16): of challenges, cryptograms and MACs.</param>
internal sealed class GlobalPlatformHost(Func<byte[], byte[]> card, CardKeySet keys, int macLength = 8)
{
    private byte[] _enc = [], _mac = [], _rmac = [], _chaining = [];
    private uint _counter;
    private byte _level;

    /// <summary>Makes the MAC of a command wrong from now on.</summary>
    public bool BreaksMac { get; set; }

    /// <summary>Has Lc in the MAC as a command with extended lengths codes it, after the session is open.</summary>
    public bool CodesLcInThreeBytes { get; init; }

    public byte[] CardChallenge { get; private set; } = [];

    public (byte[] Data, ushort Sw) Plain(string hex) => Split(card(Convert.FromHexString(hex)));

    /// <summary>Opens a session; the status word of the command that ended it, 0 when the card gave no answer.</summary>
    public ushort Open(byte level, bool wrongCryptogram = false)
    {
        byte[] challenge = [.. Enumerable.Range(1, macLength).Select(i => (byte)i)];
        var (update, sw) = Split(card([0x80, 0x50, keys.Version, 0, (byte)macLength, .. challenge, 0]));
        if (sw != Sw.Ok) return sw;
        CardChallenge = update.AsSpan(13, macLength).ToArray();
        byte[] context = [.. challenge, .. CardChallenge];
        _enc = Scp03Kdf.Derive(keys.Enc.Span, Scp03Kdf.SessionEnc, keys.Enc.Length, context);
        _mac = Scp03Kdf.Derive(keys.Mac.Span, Scp03Kdf.SessionMac, keys.Mac.Length, context);
        _rmac = Scp03Kdf.Derive(keys.Mac.Span, Scp03Kdf.SessionRmac, keys.Mac.Length, context);
        var expected = Scp03Kdf.Derive(_mac, Scp03Kdf.CardCryptogram, macLength, context);
        Assert.That(update.AsSpan(13 + macLength, macLength).ToArray(), Is.EqualTo(expected), "card cryptogram");
        var cryptogram = Scp03Kdf.Derive(_mac, Scp03Kdf.HostCryptogram, macLength, context);
        if (wrongCryptogram) cryptogram[0] ^= 1;
        (_chaining, _counter, _level) = (new byte[16], 0, level);
        return Split(card([0x84, 0x82, level, 0, (byte)(2 * macLength), .. Mac([0x84, 0x82, level, 0], cryptogram)])).Sw;
    }

    public (byte[] Data, ushort Sw) Send(byte ins, byte p1, byte p2, byte[] data, byte cla = 0x84)
    {
        byte[] header = [(byte)((_level & 1) != 0 ? cla : cla & ~4), ins, p1, p2];
        return Unwrap(card(Le00(header, Wrap(header, data))));
    }

    /// <summary>Sends a command in segments of at most that many bytes of data (GPCS 2.3.1 11.1.5.1).</summary>
    /// <param name="between">What is sent before the last segment.</param>
    public (byte[] Data, ushort Sw) SendChained(byte ins, byte p1, byte p2, byte[] data, int segment, Action? between = null)
    {
        byte[] header = [(byte)((_level & 1) != 0 ? 0x84 : 0x80), ins, p1, p2];
        var parts = Wrap(header, data).Chunk(segment).ToList();
        header[2] |= 0x80;
        foreach (var part in parts.SkipLast(1))
        {
            var (reply, sw) = Split(card(Le00(header, part)));
            if (sw != Sw.Ok) return (reply, sw);
            Assert.That(reply, Is.Empty, "no R-MAC before the last segment");
        }
        between?.Invoke();
        header[2] = p1;
        return Unwrap(card(Le00(header, parts[^1])));
    }

    public ushort StoreData(byte p1, byte number, params byte[] data) => Send(0xE2, p1, number, data).Sw;

    /// <summary>INSTALL [for personalization].</summary>
    public ushort Personalize(string aid)
    {
        var name = Convert.FromHexString(aid);
        return Send(0xE6, 0x20, 0, [0, 0, (byte)name.Length, .. name, 0, 0, 0]).Sw;
    }

    public byte[] UnderDek(params byte[] data) => CardCrypto.EncryptCbc(keys.Dek.Span, new byte[16], data);

    public static byte[] Grouping(ushort dgi, params byte[] value) => value.Length < 0xFF
        ? [(byte)(dgi >> 8), (byte)dgi, (byte)value.Length, .. value]
        : [(byte)(dgi >> 8), (byte)dgi, 0xFF, (byte)(value.Length >> 8), (byte)value.Length, .. value];

    private static byte[] Le00(byte[] header, byte[] data) => [.. header, .. data.Length == 0 ? [] : (byte[])[(byte)data.Length, .. data], 0];

    /// <summary>The data field with what the session puts on it.</summary>
    private byte[] Wrap(byte[] header, byte[] data)
    {
        _counter++;
        if ((_level & 2) != 0 && data.Length > 0) data = CardCrypto.EncryptCbc(_enc, Icv(0), CardCrypto.Pad(data));
        if ((_level & 1) != 0) data = Mac(header, data);
        if (BreaksMac) data[^1] ^= 1;
        return data;
    }

    private (byte[] Data, ushort Sw) Unwrap(byte[] response)
    {
        var (reply, sw) = Split(response);
        if ((_level & 0x10) == 0 || sw is not (0x9000 or 0x6310)) return (reply, sw);
        var body = reply[..^macLength];
        Assert.That(reply[^macLength..], Is.EqualTo(CardCrypto.Cmac(_rmac, _chaining, body, [(byte)(sw >> 8), (byte)sw])[..macLength]), "R-MAC");
        if ((_level & 0x20) != 0 && body.Length > 0) body = CardCrypto.Unpad(CardCrypto.DecryptCbc(_enc, Icv(0x80), body))!;
        return (body, sw);
    }

    /// <summary>The data and its C-MAC (GPC Amd D 6.2.4); Lc has three bytes where one does not hold it.</summary>
    private byte[] Mac(byte[] header, byte[] data)
    {
        var length = data.Length + macLength;
        var isLong = length > 0xFF || CodesLcInThreeBytes && _counter > 0;
        _chaining = CardCrypto.Cmac(_mac, _chaining, header, isLong ? [0, (byte)(length >> 8), (byte)length] : [(byte)length], data);
        return [.. data, .. _chaining[..macLength]];
    }

    private byte[] Icv(byte first)
    {
        var block = new byte[16];
        BinaryPrimitives.WriteUInt32BigEndian(block.AsSpan(12), _counter);
        block[0] = first;
        return CardCrypto.EncryptBlock(_enc, block);
    }

    private static (byte[] Data, ushort Sw) Split(byte[] response) =>
        response.Length < 2 ? ([], (ushort)0) : (response[..^2], BinaryPrimitives.ReadUInt16BigEndian(response.AsSpan(response.Length - 2)));
}

/// <summary>Cards and hosts as most tests want them.</summary>
internal static class TestCard
{
    public const string Emv = "A0000000031010";

    public static readonly CardKeySet Keys = CardKeySet.FromHex(
        0x30, "000102030405060708090A0B0C0D0E0F", "101112131415161718191A1B1C1D1E1F", "202122232425262728292A2B2C2D2E2F");

    public static CardIssue.Testing.Cards.CardSimulator Blank(Func<CardState, CardState>? change = null)
    {
        var state = CardIssue.Testing.Cards.CardProfile.BlankEmv(7, [Keys]);
        var card = CardIssue.Testing.Cards.CardSimulator.Create(change?.Invoke(state) ?? state);
        card.Reset();
        return card;
    }

    public static GlobalPlatformHost Host(CardIssue.Testing.Cards.CardSimulator card, CardKeySet? keys = null) => new(c => card.Transmit(c), keys ?? Keys);

    /// <summary>A host with an open session on a blank card.</summary>
    public static GlobalPlatformHost Opened(CardIssue.Testing.Cards.CardSimulator card, byte level = 0x33)
    {
        var host = Host(card);
        Assert.That(host.Open(level), Is.EqualTo(Sw.Ok));
        return host;
    }
}
