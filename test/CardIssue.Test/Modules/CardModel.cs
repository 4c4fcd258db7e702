using System.Buffers.Binary;
using System.Security.Cryptography;
using CardIssue.Core;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.SecureChannel.Scp03;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Modules;

/// <summary>The card's side of SCP03 at level 11 and 33, as far as these tests need it: judges C-MACs, answers 9000 with an R-MAC. It knows its static keys from a master, undiversified.</summary>
internal sealed class CardModel(ReadOnlyMemory<byte> master, byte keyVersion)
{
    public static readonly ByteString DiversificationData = ByteString.FromHex("00112233445566778899");
    public static readonly ByteString CardChallenge = ByteString.FromHex("08090A0B0C0D0E0F");

    private readonly byte[] _chaining = new byte[16], _mac = new byte[master.Length], _rmac = new byte[master.Length];
    private readonly byte[] _enc = new byte[master.Length];

    /// <summary>All that an onlooker must never see.</summary>
    public IEnumerable<byte[]> SessionKeys => [_enc, _mac, _rmac];

    public ResponseApdu InitializeUpdate(ReadOnlySpan<byte> hostChallenge)
    {
        byte[] context = [.. hostChallenge, .. CardChallenge.Span];
        Scp03Kdf.Derive(master.Span, Scp03Kdf.SessionEnc, context, _enc);
        Scp03Kdf.Derive(master.Span, Scp03Kdf.SessionMac, context, _mac);
        Scp03Kdf.Derive(master.Span, Scp03Kdf.SessionRmac, context, _rmac);
        var cryptogram = new byte[8];
        Scp03Kdf.Derive(_mac, Scp03Kdf.CardCryptogram, context, cryptogram);
        return new ResponseApdu(ByteString.Own([.. DiversificationData.Span, keyVersion, 0x03, 0x60, .. CardChallenge.Span, .. cryptogram]), 0x9000);
    }

    /// <summary>Takes a wrapped command: 6982 when its C-MAC is wrong.</summary>
    public ResponseApdu Take(ReadOnlySpan<byte> wrapped)
    {
        var end = 5 + wrapped[4];
        var mac = new byte[16];
        AesCmac.Compute(_mac, [.. _chaining, .. wrapped[..(end - 8)]], mac);
        if (!CryptographicOperations.FixedTimeEquals(mac.AsSpan(0, 8), wrapped[(end - 8)..end])) return new ResponseApdu(default, 0x6982);
        mac.CopyTo(_chaining, 0);
        if (wrapped[1] == Instructions.ExternalAuthenticate) return new ResponseApdu(default, 0x9000);
        Span<byte> status = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(status, 0x9000);
        AesCmac.Compute(_rmac, [.. _chaining, .. status], mac);
        return new ResponseApdu(ByteString.Copy(mac.AsSpan(0, 8)), 0x9000);
    }
}
