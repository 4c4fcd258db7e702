using System.Buffers.Binary;
using System.Security.Cryptography;
using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.Crypto;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards.Channel;

/// <summary>The card's end of one SCP03 session (GPC Amd D 6.2), in S8 mode or, by its challenges' length, S16 (Amd D 1.2).</summary>
internal sealed class Scp03Channel : SecureChannel
{
    private readonly byte[] _enc;
    private readonly byte[] _mac;
    private readonly byte[] _rmac;
    private byte[] _chaining = new byte[CardCrypto.BlockLength];
    private readonly byte[] _counter = new byte[CardCrypto.BlockLength];

    /// <summary>Derives the session keys; both challenges are 8 bytes (S8) or 16 (S16), and so are cryptograms and MACs.</summary>
    public Scp03Channel(CardKeySet keys, ReadOnlySpan<byte> hostChallenge, ReadOnlySpan<byte> cardChallenge) : base(keys)
    {
        byte[] context = [.. hostChallenge, .. cardChallenge];
        MacLength = hostChallenge.Length;
        _enc = Scp03Kdf.Derive(keys.Enc.Span, Scp03Kdf.SessionEnc, keys.Enc.Length, context);
        _mac = Scp03Kdf.Derive(keys.Mac.Span, Scp03Kdf.SessionMac, keys.Mac.Length, context);
        _rmac = Scp03Kdf.Derive(keys.Mac.Span, Scp03Kdf.SessionRmac, keys.Mac.Length, context);
        CardCryptogram = Scp03Kdf.Derive(_mac, Scp03Kdf.CardCryptogram, MacLength, context);
        HostCryptogram = Scp03Kdf.Derive(_mac, Scp03Kdf.HostCryptogram, MacLength, context);
    }

    public override int MacLength { get; }

    public override int SecretBlock => CardCrypto.BlockLength;

    /// <summary>Whether commands without data are counted, as they should be (6.2.6).</summary>
    public bool CountsEmptyCommands { get; init; } = true;

    public override bool VerifyAuthentication(Command command) => VerifyMac(command, out _);

    /// <summary>Checks a C-MAC and moves the chaining value on (6.2.4). False: the session must end.</summary>
    /// <param name="data">The command's data without its MAC.</param>
    private bool VerifyMac(Command command, out byte[] data)
    {
        data = [];
        if (command.Data.Length < MacLength) return false;
        data = command.Data[..^MacLength];
        // The logical channel is not part of what the MAC covers.
        byte cla = (byte)((command.Cla & 0x40) == 0 ? command.Cla & 0xFC : command.Cla & 0xF0);
        // Lc as it was coded; a chained command has none of its own, and is coded as its length asks for (GPCS 11.1.5.1).
        byte[] length = command.IsExtended || command.Data.Length > 0xFF
            ? [0, (byte)(command.Data.Length >> 8), (byte)command.Data.Length] : [(byte)command.Data.Length];
        var mac = CardCrypto.Cmac(_mac, _chaining, [cla, command.Ins, command.P1, command.P2], length, data);
        if (!CryptographicOperations.FixedTimeEquals(mac.AsSpan(0, MacLength), command.Data.AsSpan(^MacLength..))) return false;
        _chaining = mac;
        return true;
    }

    public override Command? Unwrap(Command command)
    {
        var isEmpty = command.Data.Length <= (Requires(SecurityLevel.CommandMac) ? MacLength : 0);
        if (!isEmpty || CountsEmptyCommands) Increment();
        if (!Requires(SecurityLevel.CommandMac)) return command;
        if (!VerifyMac(command, out var data)) return null;
        if (Requires(SecurityLevel.CommandEncryption) && data.Length > 0)
        {
            if (data.Length % CardCrypto.BlockLength != 0) return null;
            if (CardCrypto.Unpad(CardCrypto.DecryptCbc(_enc, Icv(_counter), data)) is not { } clear) return null;
            data = clear;
        }
        return command with { Cla = (byte)(command.Cla & ~0x04), Data = data };
    }

    /// <summary>By 6.2.5 and 6.2.7.</summary>
    public override Reply Protect(Reply reply)
    {
        if (!reply.IsProtected || !Requires(SecurityLevel.ResponseMac)) return reply with { Data = reply.IsProtected ? reply.Data : [] };
        var data = reply.Data;
        if (Requires(SecurityLevel.ResponseEncryption) && data.Length > 0)
        {
            byte[] block = [.. _counter];
            block[0] = 0x80;
            data = CardCrypto.EncryptCbc(_enc, Icv(block), CardCrypto.Pad(data));
        }
        var mac = CardCrypto.Cmac(_rmac, _chaining, data, [(byte)(reply.StatusWord >> 8), (byte)reply.StatusWord]);
        return reply with { Data = [.. data, .. mac.AsSpan(0, MacLength)] };
    }

    public override int ReplyCapacity => !Requires(SecurityLevel.ResponseMac) ? ShortReply
        : !Requires(SecurityLevel.ResponseEncryption) ? ShortReply - MacLength
        : (ShortReply - MacLength) / CardCrypto.BlockLength * CardCrypto.BlockLength - 1;

    /// <summary>Under the static DEK, ICV 0 (7.3).</summary>
    public override byte[] DecryptSecret(ReadOnlySpan<byte> blocks) => CardCrypto.DecryptCbc(KeySet.Dek.Span, new byte[CardCrypto.BlockLength], blocks);

    private void Increment() =>
        BinaryPrimitives.WriteUInt32BigEndian(_counter.AsSpan(12), BinaryPrimitives.ReadUInt32BigEndian(_counter.AsSpan(12)) + 1);

    private byte[] Icv(byte[] counterBlock) => CardCrypto.EncryptBlock(_enc, counterBlock);
}
