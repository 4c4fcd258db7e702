using System.Security.Cryptography;
using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.Crypto;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards.Channel;

/// <summary>The card's end of one SCP02 session (GPCS App. E).</summary>
internal sealed class Scp02Channel : SecureChannel
{
    private const int EncryptionConstant = 0x0182, CommandMacConstant = 0x0101, ResponseMacConstant = 0x0102, DataEncryptionConstant = 0x0181;

    private readonly Scp02Parameter _parameter;
    private readonly byte[] _enc, _mac, _rmac, _dek;
    private byte[] _icv = new byte[CardCrypto.DesBlockLength];
    private byte[] _responseIcv = new byte[CardCrypto.DesBlockLength];
    private bool _isFirst = true;
    private Command? _answered;

    /// <summary>Derives the session keys (E.4.1) and both cryptograms (E.4.2).</summary>
    /// <param name="sequence">The sequence counter, 2 bytes.</param>
    /// <param name="hostChallenge">8 bytes; none in a session that is opened implicitly.</param>
    /// <param name="cardChallenge">6 bytes; of a card whose challenge is pseudo-random <see cref="PseudoRandomChallenge"/> makes it.</param>
    public Scp02Channel(CardKeySet keys, Scp02Parameter parameter, byte[] sequence, byte[] hostChallenge, byte[] cardChallenge) : base(keys)
    {
        _parameter = parameter;
        var one = parameter.HasThreeKeys ? null : keys.Enc;
        _enc = SessionKey(keys.Enc, EncryptionConstant, sequence);
        _mac = SessionKey(one ?? keys.Mac, CommandMacConstant, sequence);
        _rmac = SessionKey(one ?? keys.Mac, ResponseMacConstant, sequence);
        _dek = SessionKey(one ?? keys.Dek, DataEncryptionConstant, sequence);
        CardCryptogram = Cryptogram([.. hostChallenge, .. sequence, .. cardChallenge]);
        HostCryptogram = Cryptogram([.. sequence, .. cardChallenge, .. hostChallenge]);
    }

    public override int MacLength => CardCrypto.DesBlockLength;

    public override int SecretBlock => CardCrypto.DesBlockLength;

    public override int ReplyCapacity => Requires(SecurityLevel.ResponseMac) ? ShortReply - MacLength : ShortReply;

    /// <summary>The challenge of a card with b7 of "i": the first bytes of a MAC over the AID (E.4.2.3).</summary>
    public static byte[] PseudoRandomChallenge(CardKeySet keys, Scp02Parameter parameter, byte[] sequence, ReadOnlySpan<byte> aid)
    {
        var key = SessionKey(parameter.HasThreeKeys ? keys.Mac : keys.Enc, CommandMacConstant, sequence);
        return CardCrypto.RetailMac(key, new byte[CardCrypto.DesBlockLength], aid.ToArray())[..6];
    }

    /// <summary>A session that the next command's C-MAC opens: its ICV is a MAC over the AID, or zeros.</summary>
    public void BeginImplicitly(ReadOnlySpan<byte> aid)
    {
        Level = SecurityLevel.CommandMac;
        if (_parameter.HasIcvOverAid) _icv = CardCrypto.RetailMac(_mac, _icv, aid.ToArray());
    }

    public override bool VerifyAuthentication(Command command)
    {
        var data = command.Data[..^MacLength];
        if (!TakeMac([command.Cla, command.Ins, command.P1, command.P2, (byte)command.Data.Length, .. data], command.Data.AsSpan(^MacLength..))) return false;
        _responseIcv = _icv;
        return true;
    }

    /// <summary>Decrypts, then checks the MAC, which is over the clear command (E.4.4, E.4.6).</summary>
    public override Command? Unwrap(Command command)
    {
        if (!Requires(SecurityLevel.CommandMac)) return _answered = command;
        if (command.Data.Length < MacLength) return null;
        var data = command.Data[..^MacLength];
        if (Requires(SecurityLevel.CommandEncryption) && data.Length > 0)
        {
            if (data.Length % CardCrypto.DesBlockLength != 0) return null;
            if (CardCrypto.Unpad(CardCrypto.DecryptTripleDesCbc(_enc, data)) is not { } clear) return null;
            data = clear;
        }
        byte cla = (byte)((command.Cla & 0x40) == 0 ? command.Cla & 0xFC : command.Cla & 0xF0);
        var length = data.Length;
        if (_parameter.MacsUnmodified) cla = (byte)(cla & ~0x04);
        else length += MacLength;
        byte[] lc = length > 0xFF ? [0, (byte)(length >> 8), (byte)length] : [(byte)length];
        if (!TakeMac([cla, command.Ins, command.P1, command.P2, .. lc, .. data], command.Data.AsSpan(^MacLength..))) return null;
        return _answered = command with { Cla = (byte)(command.Cla & ~0x04), Data = data };
    }

    /// <summary>The R-MAC is over the command without secure messaging, the response's length, the response and its status word (E.4.5).</summary>
    public override Reply Protect(Reply reply)
    {
        if (!reply.IsProtected) return reply with { Data = [] };
        if (!Requires(SecurityLevel.ResponseMac) || _answered is not { } command) return reply;
        byte cla = (byte)(command.Cla & ~0x07);
        byte[] lc = command.Data.Length > 0xFF ? [0, (byte)(command.Data.Length >> 8), (byte)command.Data.Length] : [(byte)command.Data.Length];
        _responseIcv = CardCrypto.RetailMac(
            _rmac, _responseIcv, [cla, command.Ins, command.P1, command.P2, .. lc], command.Data, [(byte)reply.Data.Length],
            reply.Data, [(byte)(reply.StatusWord >> 8), (byte)reply.StatusWord]);
        return reply with { Data = [.. reply.Data, .. _responseIcv] };
    }

    /// <summary>Under the session's DEK, ECB (E.4.7).</summary>
    public override byte[] DecryptSecret(ReadOnlySpan<byte> blocks) => CardCrypto.DecryptTripleDes(_dek, blocks);

    private bool TakeMac(byte[] input, ReadOnlySpan<byte> claimed)
    {
        // The first ICV of a session is taken as it is (E.3.4).
        var icv = _parameter.EncryptsIcv && !_isFirst ? CardCrypto.EncryptDes(_mac, _icv) : _icv;
        var mac = CardCrypto.RetailMac(_mac, icv, input);
        if (!CryptographicOperations.FixedTimeEquals(mac, claimed)) return false;
        (_icv, _isFirst) = (mac, false);
        return true;
    }

    private byte[] Cryptogram(byte[] challenges) =>
        CardCrypto.EncryptTripleDesCbc(_enc, CardCrypto.Pad(challenges, CardCrypto.DesBlockLength))[^CardCrypto.DesBlockLength..];

    private static byte[] SessionKey(CardKey key, int constant, byte[] sequence) =>
        CardCrypto.EncryptTripleDesCbc(key.Span, [(byte)(constant >> 8), (byte)constant, .. sequence, .. new byte[12]]);
}
