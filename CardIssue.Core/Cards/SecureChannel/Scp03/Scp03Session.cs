using System.Buffers.Binary;
using System.Security.Cryptography;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.SecureChannel.Scp03;

/// <summary>SCP03 (Amendment D §6.2), in S8 or S16 mode.</summary>
internal sealed class Scp03Session : SecureChannelSession
{
    private const int AesBlock = AesSession.Block, MaxShortAnswer = CommandApdu.MaxShortLe;

    private readonly int _macLength;
    private readonly Queue<Sent?> _outstanding = new();
    private AesSession? _enc, _mac, _rmac;
    private UInt128 _chaining;
    private ulong _counter;

    public Scp03Session(ChannelSessionKeys keys, SecretBytes? dek, bool judgesAnswers) : base(keys, dek, judgesAnswers) =>
        _macLength = keys.Options.ChallengeLength;

    /// <summary>What the answer to a command is checked with; null for a segment that others follow.</summary>
    private readonly record struct Sent(UInt128 Chaining, ulong Counter);

    private AesSession Enc => _enc ??= new AesSession(Keys.Enc.Span);

    private AesSession Mac => _mac ??= new AesSession(Keys.Mac.Span);

    private AesSession Rmac => _rmac ??= new AesSession(Keys.Rmac.Span);

    private protected override int OutstandingAnswers => _outstanding.Count;

    private protected override int BlockLength => AesBlock;

    private protected override int Authenticate(Span<byte> command, int dataLength)
    {
        var data = command.Slice(5, dataLength);
        command[4] = (byte)(dataLength + _macLength);
        return 5 + dataLength + PutMac(command[..4], data, data, command[(5 + dataLength)..]);
    }

    private protected override void Count(CommandShape shape)
    {
        if (shape.DataLength > 0 || Keys.CountsEmptyCommands) _counter++;
    }

    private protected override void Remember(ReadOnlySpan<byte> header, ReadOnlySpan<byte> data) =>
        _outstanding.Enqueue(new Sent(_chaining, _counter));

    private protected override void RememberSegment() => _outstanding.Enqueue(null);

    private protected override void EncryptBlocks(ReadOnlySpan<byte> padded, Span<byte> encrypted) =>
        Enc.EncryptCbcAfter(CounterBlock(_counter, 0x00), padded, encrypted);

    /// <summary>What the ICV is the encryption of (Amendment D §6.2.6); for responses its first byte is 80 (§6.2.7).</summary>
    private static UInt128 CounterBlock(ulong counter, byte first) => (UInt128)first << 120 | counter;

    /// <summary>
    /// Over what is sent, encrypted before, on logical channel 0 (Amendment D §6.2.4, §6.2.6); the next one's chaining value. Lc is coded as
    /// its length asks for.
    /// </summary>
    private protected override int PutMac(ReadOnlySpan<byte> header, ReadOnlySpan<byte> plain, ReadOnlySpan<byte> sent, Span<byte> mac)
    {
        const int longest = AesBlock + 4 + 3;
        Span<byte> input = sent.Length <= CommandApdu.MaxShortData ? stackalloc byte[longest + CommandApdu.MaxShortData]
            : new byte[longest + sent.Length];
        BinaryPrimitives.WriteUInt128BigEndian(input, _chaining);
        header.CopyTo(input[AesBlock..]);
        input[AesBlock] = (byte)((header[0] | SecureMessaging) & 0xFC);
        var at = AesBlock + 4 + WriteLc(input[(AesBlock + 4)..], sent.Length + _macLength);
        sent.CopyTo(input[at..]);
        _chaining = Mac.Mac(input[..(at + sent.Length)]);
        CryptographicOperations.ZeroMemory(input);
        Span<byte> whole = stackalloc byte[AesBlock];
        BinaryPrimitives.WriteUInt128BigEndian(whole, _chaining);
        whole[.._macLength].CopyTo(mac);
        return _macLength;
    }

    private protected override UnwrapResult Judge(ResponseApdu response)
    {
        var outstanding = _outstanding.Dequeue();
        if (!Level.HasRMac()) return UnwrapResult.NoProtection.Of(response.Data, response.StatusWord);
        if (outstanding is not { } sent) return JudgeSegment(response);
        if (!IsProtected(response.StatusWord)) return new UnwrapResult.Unauthenticated(response.StatusWord);
        var data = response.Data.Span;
        if (data.Length < _macLength) return Break(ChannelBreach.MissingMac, response.StatusWord);
        var body = data[..^_macLength];
        if (!IsMac(sent, body, response.StatusWord, data[^_macLength..])) return Break(ChannelBreach.WrongMac, response.StatusWord);
        if (!Level.HasREnc() || body.IsEmpty) return UnwrapResult.Authenticated.Of(ByteString.Copy(body), response.StatusWord);
        return TryDecrypt(sent, body, out var plain)
            ? UnwrapResult.Authenticated.Of(plain, response.StatusWord)
            : Break(ChannelBreach.WrongPadding, response.StatusWord);
    }

    private bool IsMac(Sent sent, ReadOnlySpan<byte> body, ushort statusWord, ReadOnlySpan<byte> claimed)
    {
        var length = AesBlock + body.Length + 2;
        Span<byte> input = body.Length <= MaxShortAnswer ? stackalloc byte[AesBlock + MaxShortAnswer + 2] : new byte[length];
        BinaryPrimitives.WriteUInt128BigEndian(input, sent.Chaining);
        body.CopyTo(input[AesBlock..]);
        BinaryPrimitives.WriteUInt16BigEndian(input[(AesBlock + body.Length)..], statusWord);
        Span<byte> mac = stackalloc byte[AesBlock];
        BinaryPrimitives.WriteUInt128BigEndian(mac, Rmac.Mac(input[..length]));
        return CryptographicOperations.FixedTimeEquals(mac[.._macLength], claimed);
    }

    private bool TryDecrypt(Sent sent, ReadOnlySpan<byte> body, out ByteString plain)
    {
        plain = default;
        if (body.Length % AesBlock != 0) return false;
        Span<byte> padded = body.Length <= MaxShortAnswer ? stackalloc byte[MaxShortAnswer]
            : GC.AllocateUninitializedArray<byte>(body.Length, pinned: true);
        padded = padded[..body.Length];
        Enc.DecryptCbc(Enc.Encrypt(CounterBlock(sent.Counter, 0x80)), body, padded);
        // 80 and then as many 00 as there are: some cards pad by more than one block, and the MAC over it was right.
        var end = padded.LastIndexOfAnyExcept((byte)0x00);
        var isPadded = end >= 0 && padded[end] == 0x80;
        if (isPadded) plain = ByteString.Copy(padded[..end]);
        CryptographicOperations.ZeroMemory(padded);
        return isPadded;
    }

    private protected override void EncryptUnder(SecretBytes dek, ReadOnlySpan<byte> padded, Span<byte> encrypted)
    {
        using var aes = new AesSession(dek.Span);
        aes.EncryptCbc(0, padded, encrypted);
    }

    private protected override void Forget()
    {
        _outstanding.Clear();
        _chaining = 0;
        _enc?.Dispose();
        _mac?.Dispose();
        _rmac?.Dispose();
    }
}
