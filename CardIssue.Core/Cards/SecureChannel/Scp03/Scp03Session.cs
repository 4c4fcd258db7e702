using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.SecureChannel.Scp03;

/// <summary>The host's side of an opened SCP03 channel (Amendment D §6.2), S8 mode, short APDUs, logical channels 0 to 3.</summary>
public sealed class Scp03Session : ISecureChannelSession
{
    /// <summary>How many commands may be wrapped ahead of their answers.</summary>
    public const int MaxOutstanding = 4096;

    /// <summary>The longest wrapped command in bytes.</summary>
    public const int MaxWrappedLength = 4 + 1 + CommandApdu.MaxShortData + 1;

    private const int MacLength = 8, BlockLength = 16;
    private const byte SecureMessaging = 0x04;

    private readonly Scp03SessionKeys _keys;
    private readonly SecretBytes? _dek;
    private readonly bool _judgesAnswers;
    private readonly Queue<Sent> _outstanding = new();
    private Phase _phase = Phase.Verified;
    private UInt128 _chaining;
    private ulong _counter;

    internal Scp03Session(Scp03SessionKeys keys, SecretBytes? dek, bool judgesAnswers = true) => (_keys, _dek, _judgesAnswers) = (keys, dek, judgesAnswers);

    private enum Phase
    {
        /// <summary>The card is verified; EXTERNAL AUTHENTICATE was not made yet.</summary>
        Verified,
        /// <summary>EXTERNAL AUTHENTICATE was made; commands flow.</summary>
        Open,
        /// <summary>Broken or disposed; the keys are zeroed.</summary>
        Dead,
    }

    /// <summary>What the answer to a command is checked with.</summary>
    private readonly record struct Sent(UInt128 Chaining, ulong Counter);

    /// <summary>Makes a session of session keys alone, as a terminal's secure module gets them. It can't encrypt under the DEK.</summary>
    /// <param name="keys">Taken over: zeroed with the session.</param>
    public static Scp03Session FromSessionKeys(Scp03SessionKeys keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return new Scp03Session(keys, null);
    }

    /// <summary>Makes a session that only wraps, without a cap on outstanding answers: in module mode the center judges them, from the same keys.</summary>
    /// <param name="keys">Taken over: zeroed with the session.</param>
    public static Scp03Session ForWrappingAlone(Scp03SessionKeys keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return new Scp03Session(keys, null, judgesAnswers: false);
    }

    /// <inheritdoc/>
    public SecurityLevel Level => _keys.Level;

    /// <inheritdoc/>
    public int MaxPlainData => Level.HasCEnc() ? 239 : Level.HasCMac() ? 247 : CommandApdu.MaxShortData;

    /// <summary>Whether <see cref="EncryptWithDek"/> works: not in a session of session keys alone.</summary>
    [MemberNotNullWhen(true, nameof(_dek))]
    public bool HasDek => _dek is not null;

    /// <summary>Length of <see cref="ExportKeys"/>'s output in bytes.</summary>
    public int ExportedKeysLength => _keys.ExportedLength;

    /// <summary>Hands the session keys out for a secure module (<see cref="Scp03SessionKeys.Export"/>); only before the first command.</summary>
    /// <param name="destination">Must hold <see cref="ExportedKeysLength"/> bytes, be pinned, sealed for the module and zeroed at once.</param>
    /// <returns>The number of bytes written.</returns>
    /// <exception cref="InvalidOperationException">A command was already made, or the session is dead.</exception>
    public int ExportKeys(Span<byte> destination)
    {
        Expect(Phase.Verified);
        return _keys.Export(destination);
    }

    /// <inheritdoc/>
    public CommandApdu ExternalAuthenticate()
    {
        Expect(Phase.Verified);
        _phase = Phase.Open;
        Span<byte> command = stackalloc byte[5 + Scp03.ChallengeLength + MacLength];
        command[0] = 0x80 | SecureMessaging;
        command[1] = Scp03.ExternalAuthenticateIns;
        command[2] = (byte)Level;
        command[3] = 0x00;
        _keys.HostCryptogram.Span.CopyTo(command[5..]);
        AppendMac(command, Scp03.ChallengeLength);
        return CommandApdu.Parse(command);
    }

    /// <inheritdoc/>
    public CommandApdu Wrap(CommandApdu command)
    {
        Span<byte> wrapped = stackalloc byte[MaxWrappedLength];
        var plain = command.ToBytes();
        return CommandApdu.Parse(wrapped[..Wrap(plain.Span, wrapped)]);
    }

    /// <inheritdoc/>
    public int Wrap(ReadOnlySpan<byte> command, Span<byte> wrapped)
    {
        if (!CommandShape.TryRead(command, out var shape, out var error)) throw new ArgumentException(error, nameof(command));
        CheckWrappable(command, shape, wrapped);
        Expect(Phase.Open);
        if (_outstanding.Count == MaxOutstanding) throw new InvalidOperationException($"{MaxOutstanding} answers are outstanding.");
        if (shape.DataLength > 0 || _keys.CountsEmptyCommands) _counter++;

        var length = Level.HasCMac() ? Protect(command, shape, wrapped) : Copy(command, wrapped);
        if (_judgesAnswers) _outstanding.Enqueue(new Sent(_chaining, _counter));
        return length;
    }

    private void CheckWrappable(ReadOnlySpan<byte> command, CommandShape shape, Span<byte> wrapped)
    {
        if (shape.Extended) throw new ArgumentException("Only short commands can be wrapped (GPCS §11.1.5).", nameof(command));
        if (shape.DataLength > MaxPlainData)
            throw new ArgumentException($"{shape.DataLength} bytes of data; {MaxPlainData} fit at level {(byte)Level:X2}.", nameof(command));
        if ((command[0] & (0x40 | SecureMessaging)) != 0)
            throw new ArgumentException($"Class {command[0]:X2} has secure messaging already, or a logical channel above 3.", nameof(command));
        if (wrapped.Length < MaxWrappedLength) throw new ArgumentException($"{MaxWrappedLength} bytes are needed.", nameof(wrapped));
    }

    private static int Copy(ReadOnlySpan<byte> command, Span<byte> wrapped)
    {
        command.CopyTo(wrapped);
        return command.Length;
    }

    /// <summary>Encrypt, then MAC (Amendment D §6.2.4, §6.2.6); Le stays outside of both.</summary>
    private int Protect(ReadOnlySpan<byte> command, CommandShape shape, Span<byte> wrapped)
    {
        var data = command.Slice(shape.DataStart, shape.DataLength);
        command[..4].CopyTo(wrapped);
        wrapped[0] |= SecureMessaging;
        var length = data.Length;
        if (Level.HasCEnc() && length > 0) length = Encrypt(data, wrapped[5..]);
        else data.CopyTo(wrapped[5..]);

        var end = AppendMac(wrapped, length);
        if (shape.Le is { } le) wrapped[end++] = (byte)le;
        return end;
    }

    private int Encrypt(ReadOnlySpan<byte> data, Span<byte> destination)
    {
        Span<byte> padded = stackalloc byte[CommandApdu.MaxShortData + 1];
        padded.Clear();
        data.CopyTo(padded);
        padded[data.Length] = 0x80;
        var length = (data.Length / BlockLength + 1) * BlockLength;
        Span<byte> icv = stackalloc byte[BlockLength];
        using var aes = Aes.Create();
        aes.SetKey(_keys.Enc.Span);
        WriteIcv(aes, _counter, 0x00, icv);
        aes.EncryptCbc(padded[..length], icv, destination, PaddingMode.None);
        CryptographicOperations.ZeroMemory(padded);
        return length;
    }

    /// <summary>The encrypted counter block; for responses its first byte is 80 (Amendment D §6.2.7).</summary>
    private static void WriteIcv(Aes aes, ulong counter, byte first, Span<byte> icv)
    {
        icv.Clear();
        icv[0] = first;
        BinaryPrimitives.WriteUInt64BigEndian(icv[8..], counter);
        aes.EncryptEcb(icv, icv, PaddingMode.None);
    }

    /// <summary>Writes Lc and, after <paramref name="dataLength"/> bytes of data, the C-MAC; moves the chaining value on. Returns where the MAC ends.</summary>
    private int AppendMac(Span<byte> command, int dataLength)
    {
        command[4] = (byte)(dataLength + MacLength);
        Span<byte> input = stackalloc byte[BlockLength + 5 + CommandApdu.MaxShortData];
        BinaryPrimitives.WriteUInt128BigEndian(input, _chaining);
        command[..(5 + dataLength)].CopyTo(input[BlockLength..]);
        // The MAC is over the class on logical channel 0 (Amendment D §6.2.4).
        input[BlockLength] &= 0xFC;
        Span<byte> mac = stackalloc byte[BlockLength];
        AesCmac.Compute(_keys.Mac.Span, input[..(BlockLength + 5 + dataLength)], mac);
        CryptographicOperations.ZeroMemory(input);
        _chaining = BinaryPrimitives.ReadUInt128BigEndian(mac);
        mac[..MacLength].CopyTo(command[(5 + dataLength)..]);
        return 5 + dataLength + MacLength;
    }

    /// <inheritdoc/>
    public UnwrapResult Unwrap(ResponseApdu response)
    {
        Expect(Phase.Open);
        if (!_outstanding.TryDequeue(out var sent)) throw new InvalidOperationException("No answer is outstanding.");
        if (!Level.HasRMac()) return new UnwrapResult.NoProtection(response.Data, response.StatusWord);
        if (!IsProtected(response.StatusWord)) return new UnwrapResult.Unauthenticated(response.StatusWord);
        var data = response.Data.Span;
        if (data.Length < MacLength) return Break(ChannelBreach.MissingMac, response.StatusWord);
        var body = data[..^MacLength];
        if (!IsMac(sent, body, response.StatusWord, data[^MacLength..])) return Break(ChannelBreach.WrongMac, response.StatusWord);
        if (!Level.HasREnc() || body.IsEmpty) return new UnwrapResult.Authenticated(ByteString.Copy(body), response.StatusWord);
        return TryDecrypt(sent, body, out var plain)
            ? new UnwrapResult.Authenticated(plain, response.StatusWord)
            : Break(ChannelBreach.WrongPadding, response.StatusWord);
    }

    /// <summary>Only success and warnings carry an R-MAC (Amendment D §6.2.5).</summary>
    private static bool IsProtected(ushort statusWord) => statusWord == 0x9000 || statusWord >> 8 is 0x62 or 0x63;

    private bool IsMac(Sent sent, ReadOnlySpan<byte> body, ushort statusWord, ReadOnlySpan<byte> claimed)
    {
        var input = new byte[BlockLength + body.Length + 2];
        BinaryPrimitives.WriteUInt128BigEndian(input, sent.Chaining);
        body.CopyTo(input.AsSpan(BlockLength));
        BinaryPrimitives.WriteUInt16BigEndian(input.AsSpan(BlockLength + body.Length), statusWord);
        Span<byte> mac = stackalloc byte[BlockLength];
        AesCmac.Compute(_keys.Rmac.Span, input, mac);
        return CryptographicOperations.FixedTimeEquals(mac[..MacLength], claimed);
    }

    private bool TryDecrypt(Sent sent, ReadOnlySpan<byte> body, out ByteString plain)
    {
        plain = default;
        if (body.Length % BlockLength != 0) return false;
        var padded = GC.AllocateUninitializedArray<byte>(body.Length, pinned: true);
        Span<byte> icv = stackalloc byte[BlockLength];
        using var aes = Aes.Create();
        aes.SetKey(_keys.Enc.Span);
        WriteIcv(aes, sent.Counter, 0x80, icv);
        aes.DecryptCbc(body, icv, padded, PaddingMode.None);
        // 80 and then as many 00 as there are: some cards pad by more than one block, and the MAC over it was right.
        var end = padded.AsSpan().LastIndexOfAnyExcept((byte)0x00);
        var isPadded = end >= 0 && padded[end] == 0x80;
        if (isPadded) plain = ByteString.Copy(padded.AsSpan(0, end));
        CryptographicOperations.ZeroMemory(padded);
        return isPadded;
    }

    /// <summary>Encrypts key data or other secrets under the card's static Key-DEK, AES-CBC, ICV 0 (Amendment D §6.2.8). Wrap the result as usual.</summary>
    /// <param name="plain">1 byte or more; the caller zeroes it.</param>
    /// <param name="padding">What to do with data that is not a multiple of 16 bytes.</param>
    /// <exception cref="ArgumentException">The length does not fit the padding.</exception>
    /// <exception cref="InvalidOperationException">The session has no DEK (<see cref="HasDek"/>) or is dead.</exception>
    public ByteString EncryptWithDek(ReadOnlySpan<byte> plain, DekPadding padding = DekPadding.None)
    {
        if (_phase == Phase.Dead) throw new InvalidOperationException("The secure channel is dead.");
        if (!HasDek) throw new InvalidOperationException("A session of session keys alone has no DEK.");
        return Scp03DataEncryption.Encrypt(_dek, plain, padding);
    }

    private UnwrapResult.Breach Break(ChannelBreach reason, ushort statusWord)
    {
        Dispose();
        return new UnwrapResult.Breach(reason, statusWord);
    }

    private void Expect(Phase phase)
    {
        if (_phase != phase) throw new InvalidOperationException($"The secure channel is {_phase}; it must be {phase} for this.");
    }

    /// <summary>Zeroes the keys; the session is dead. Twice is harmless.</summary>
    public void Dispose()
    {
        _phase = Phase.Dead;
        _outstanding.Clear();
        _chaining = 0;
        _keys.Dispose();
        _dek?.Dispose();
    }
}
