using System.Buffers.Binary;
using System.Security.Cryptography;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.SecureChannel.Scp02;

/// <summary>SCP02 (GPCS §E.3, §E.4): MAC, then encrypt.</summary>
internal sealed class Scp02Session : SecureChannelSession
{
    private const int MacLength = 8;
    private const byte ChannelBits = 0x03;

    // With R-MAC the whole plain command: the R-MAC is over it, under an ICV that only the answer before it tells. Else nothing, nor of a
    // segment.
    private readonly Queue<SecretBytes?> _outstanding = new();
    private ulong _commandMac, _responseMac;
    private bool _isFirst = true;

    public Scp02Session(ChannelSessionKeys keys, SecretBytes? dek, bool judgesAnswers) : base(keys, dek, judgesAnswers) { }

    private protected override int OutstandingAnswers => _outstanding.Count;

    private protected override int BlockLength => Des.BlockLength;

    /// <summary>Makes a session that the card opens when the first command's C-MAC is right (GPCS §E.1.2.2). Whether it does is all that shows that it is genuine.</summary>
    /// <param name="keys">Taken over.</param>
    /// <param name="dek">Taken over.</param>
    /// <param name="icv">The MAC over the AID, or 0.</param>
    public static Scp02Session Implicit(ChannelSessionKeys keys, SecretBytes dek, ulong icv)
    {
        var session = new Scp02Session(keys, dek, judgesAnswers: true) { _commandMac = icv };
        session.BeginOpen();
        return session;
    }

    private protected override int Authenticate(Span<byte> command, int dataLength)
    {
        // The MAC is this command's own (GPCS table E-10), so it is over class and length as they are sent whatever "i" says.
        command[4] = (byte)(dataLength + MacLength);
        var end = 5 + dataLength + PutMac(command[..(5 + dataLength)], command[(5 + dataLength)..]);
        _responseMac = _commandMac;
        return end;
    }

    private protected override void RememberSegment() => _outstanding.Enqueue(null);

    private protected override void Remember(ReadOnlySpan<byte> header, ReadOnlySpan<byte> data)
    {
        if (!Level.HasRMac())
        {
            _outstanding.Enqueue(null);
            return;
        }
        // Lc is there even when there is no data (GPCS §E.4.5).
        Span<byte> stripped = data.Length <= CommandApdu.MaxShortData ? stackalloc byte[4 + 3 + CommandApdu.MaxShortData]
            : GC.AllocateUninitializedArray<byte>(4 + 3 + data.Length, pinned: true);
        header.CopyTo(stripped);
        stripped[0] &= unchecked((byte)~(SecureMessaging | ChannelBits));
        var at = 4 + WriteLc(stripped[4..], data.Length);
        data.CopyTo(stripped[at..]);
        _outstanding.Enqueue(SecretBytes.Take(stripped[..(at + data.Length)]));
    }

    private protected override void EncryptBlocks(ReadOnlySpan<byte> padded, Span<byte> encrypted) =>
        TripleDes.EncryptCbc(Keys.Enc.Span, padded, encrypted);

    /// <summary>The C-MAC is over the data before its encryption, unlike SCP03's, and over the class on logical channel 0 (GPCS §E.4.4).</summary>
    private protected override int PutMac(ReadOnlySpan<byte> header, ReadOnlySpan<byte> plain, ReadOnlySpan<byte> sent, Span<byte> mac)
    {
        Span<byte> input = plain.Length <= CommandApdu.MaxShortData ? stackalloc byte[4 + 3 + CommandApdu.MaxShortData]
            : GC.AllocateUninitializedArray<byte>(4 + 3 + plain.Length, pinned: true);
        header.CopyTo(input);
        input[0] &= unchecked((byte)~ChannelBits);
        if (!Options.MacsUnmodified) input[0] |= SecureMessaging;
        var at = 4 + WriteLc(input[4..], plain.Length + (Options.MacsUnmodified ? 0 : MacLength));
        plain.CopyTo(input[at..]);
        var length = PutMac(input[..(at + plain.Length)], mac);
        CryptographicOperations.ZeroMemory(input);
        return length;
    }

    /// <summary>Puts the C-MAC at its place; it is the next one's ICV. Returns its length.</summary>
    private int PutMac(ReadOnlySpan<byte> input, Span<byte> mac)
    {
        // The first ICV of a session is not encrypted (GPCS §E.3.4).
        var icv = Options.EncryptsIcv && !_isFirst ? TripleDes.EncryptSingle(Keys.Mac.Span, _commandMac) : _commandMac;
        _isFirst = false;
        _commandMac = TripleDes.RetailMac(Keys.Mac.Span, icv, input);
        BinaryPrimitives.WriteUInt64BigEndian(mac, _commandMac);
        return MacLength;
    }

    /// <summary>Errors come without a MAC as a rule; one that has it, rightly, is the card's own word, and moves the ICV on.</summary>
    private protected override UnwrapResult Judge(ResponseApdu response)
    {
        using var sent = _outstanding.Dequeue();
        if (!Level.HasRMac()) return UnwrapResult.NoProtection.Of(response.Data, response.StatusWord);
        if (sent is null) return JudgeSegment(response);
        var data = response.Data.Span;
        var statusWord = response.StatusWord;
        if (data.Length < MacLength)
            return IsProtected(statusWord) ? Break(ChannelBreach.MissingMac, statusWord) : new UnwrapResult.Unauthenticated(statusWord);
        var body = data[..^MacLength];
        if (IsMac(sent, body, statusWord, data[^MacLength..])) return UnwrapResult.Authenticated.Of(ByteString.Copy(body), statusWord);
        return IsProtected(statusWord) ? Break(ChannelBreach.WrongMac, statusWord) : new UnwrapResult.Unauthenticated(statusWord);
    }

    /// <summary>The R-MAC is over the command, the length of the response in one byte, the response and its status word (GPCS §E.4.5).</summary>
    private bool IsMac(SecretBytes sent, ReadOnlySpan<byte> body, ushort statusWord, ReadOnlySpan<byte> claimed)
    {
        var input = GC.AllocateUninitializedArray<byte>(sent.Length + 1 + body.Length + 2, pinned: true);
        sent.Span.CopyTo(input);
        input[sent.Length] = (byte)body.Length;
        body.CopyTo(input.AsSpan(sent.Length + 1));
        BinaryPrimitives.WriteUInt16BigEndian(input.AsSpan(input.Length - 2), statusWord);
        var mac = TripleDes.RetailMac(Keys.Rmac.Span, _responseMac, input);
        CryptographicOperations.ZeroMemory(input);
        Span<byte> bytes = stackalloc byte[MacLength];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, mac);
        if (!CryptographicOperations.FixedTimeEquals(bytes, claimed)) return false;
        _responseMac = mac;
        return true;
    }

    private protected override void EncryptUnder(SecretBytes dek, ReadOnlySpan<byte> padded, Span<byte> encrypted) =>
        TripleDes.EncryptEcb(dek.Span, padded, encrypted);

    private protected override void Forget()
    {
        while (_outstanding.TryDequeue(out var kept)) kept?.Dispose();
        (_commandMac, _responseMac) = (0, 0);
    }
}
