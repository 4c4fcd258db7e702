using System.Buffers.Binary;
using CardIssue.VirtualCard.Apdu;
using CardIssue.VirtualCard.Crypto;
using CardIssue.VirtualCard.State;

namespace CardIssue.Test.VirtualCard;

/// <summary>The host's end of SCP03, for tests of the card: what the card sends is checked, not believed.</summary>
internal sealed class GlobalPlatformHost(Func<byte[], byte[]> card, CardKeySet keys)
{
    private byte[] _enc = [], _mac = [], _rmac = [], _chaining = [];
    private uint _counter;
    private byte _level;

    /// <summary>Makes the MAC of a command wrong from now on.</summary>
    public bool BreaksMac { get; set; }

    public byte[] CardChallenge { get; private set; } = [];

    public (byte[] Data, ushort Sw) Plain(string hex) => Split(card(Convert.FromHexString(hex)));

    /// <summary>Opens a session; the status word of the command that ended it, 0 when the card gave no answer.</summary>
    public ushort Open(byte level, bool wrongCryptogram = false)
    {
        byte[] challenge = [1, 2, 3, 4, 5, 6, 7, 8];
        var (update, sw) = Split(card([0x80, 0x50, keys.Version, 0, 8, .. challenge, 0]));
        if (sw != Sw.Ok) return sw;
        CardChallenge = update[13..21];
        byte[] context = [.. challenge, .. CardChallenge];
        _enc = Scp03Kdf.Derive(keys.Enc.Span, Scp03Kdf.SessionEnc, keys.Enc.Length, context);
        _mac = Scp03Kdf.Derive(keys.Mac.Span, Scp03Kdf.SessionMac, keys.Mac.Length, context);
        _rmac = Scp03Kdf.Derive(keys.Mac.Span, Scp03Kdf.SessionRmac, keys.Mac.Length, context);
        Assert.That(update[21..29], Is.EqualTo(Scp03Kdf.Derive(_mac, Scp03Kdf.CardCryptogram, 8, context)), "card cryptogram");
        var cryptogram = Scp03Kdf.Derive(_mac, Scp03Kdf.HostCryptogram, 8, context);
        if (wrongCryptogram) cryptogram[0] ^= 1;
        (_chaining, _counter, _level) = (new byte[16], 0, level);
        return Split(card(Mac(0x84, 0x82, level, 0, cryptogram, withLe: false))).Sw;
    }

    public (byte[] Data, ushort Sw) Send(byte ins, byte p1, byte p2, byte[] data, byte cla = 0x84)
    {
        _counter++;
        if ((_level & 2) != 0 && data.Length > 0) data = CardCrypto.EncryptCbc(_enc, Icv(0), CardCrypto.Pad(data));
        var command = (_level & 1) != 0 ? Mac(cla, ins, p1, p2, data, withLe: true) : [(byte)(cla & ~4), ins, p1, p2, .. data.Length == 0 ? [] : (byte[])[(byte)data.Length, .. data], 0];
        if (BreaksMac) command[^2] ^= 1;
        var (reply, sw) = Split(card(command));
        if ((_level & 0x10) == 0 || sw is not (0x9000 or 0x6310)) return (reply, sw);
        var body = reply[..^8];
        Assert.That(reply[^8..], Is.EqualTo(CardCrypto.Cmac(_rmac, _chaining, body, [(byte)(sw >> 8), (byte)sw])[..8]), "R-MAC");
        if ((_level & 0x20) != 0 && body.Length > 0) body = CardCrypto.Unpad(CardCrypto.DecryptCbc(_enc, Icv(0x80), body))!;
        return (body, sw);
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

    private byte[] Mac(byte cla, byte ins, byte p1, byte p2, byte[] data, bool withLe)
    {
        byte[] head = [cla, ins, p1, p2, (byte)(data.Length + 8)];
        _chaining = CardCrypto.Cmac(_mac, _chaining, head, data);
        return [.. head, .. data, .. _chaining[..8], .. withLe ? new byte[1] : []];
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

    public static CardIssue.VirtualCard.CardSimulator Blank(Func<CardState, CardState>? change = null)
    {
        var state = CardIssue.VirtualCard.CardProfile.BlankEmv(7, [Keys]);
        var card = CardIssue.VirtualCard.CardSimulator.Create(change?.Invoke(state) ?? state);
        card.Reset();
        return card;
    }

    public static GlobalPlatformHost Host(CardIssue.VirtualCard.CardSimulator card, CardKeySet? keys = null) => new(c => card.Transmit(c), keys ?? Keys);

    /// <summary>A host with an open session on a blank card.</summary>
    public static GlobalPlatformHost Opened(CardIssue.VirtualCard.CardSimulator card, byte level = 0x33)
    {
        var host = Host(card);
        Assert.That(host.Open(level), Is.EqualTo(Sw.Ok));
        return host;
    }
}
