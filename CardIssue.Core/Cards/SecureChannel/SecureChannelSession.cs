using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.SecureChannel;

/// <summary>
/// The host's side of an opened secure channel of either protocol: what may be asked for when, and what all of them refuse. Short APDUs,
/// logical channels 0 to 3. ChannelOpening makes them.
/// </summary>
internal abstract partial class SecureChannelSession : ISecureChannelSession
{
    /// <summary>How many commands may be wrapped ahead of their answers.</summary>
    public const int MaxOutstanding = 4096;

    /// <summary>The longest wrapped command in bytes.</summary>
    public const int MaxWrappedLength = 4 + 1 + CommandApdu.MaxShortData + 1;

    private protected const byte SecureMessaging = 0x04;

    private readonly SecretBytes? _dek;
    private readonly bool _judgesAnswers;
    private Phase _phase = Phase.Verified;

    private protected SecureChannelSession(ChannelSessionKeys keys, SecretBytes? dek, bool judgesAnswers) =>
        (Keys, _dek, _judgesAnswers) = (keys, dek, judgesAnswers);

    private protected enum Phase
    {
        /// <summary>The card is verified; EXTERNAL AUTHENTICATE was not made yet.</summary>
        Verified,
        /// <summary>EXTERNAL AUTHENTICATE was made; commands flow.</summary>
        Open,
        /// <summary>Broken or disposed; the keys are zeroed.</summary>
        Dead,
    }

    /// <inheritdoc/>
    public SecurityLevel Level => Keys.Level;

    /// <summary>Protocol and parameter "i", as far as it tells how commands are wrapped.</summary>
    public ScpOptions Options => Keys.Options;

    /// <inheritdoc/>
    public int MaxPlainData => ChannelLimits.MaxPlainData(Options, Level);

    /// <summary>Whether <see cref="EncryptWithDek"/> works: not in a session of session keys alone.</summary>
    [MemberNotNullWhen(true, nameof(_dek))]
    public bool HasDek => _dek is not null;

    /// <summary>Length of <see cref="ExportKeys"/>'s output in bytes.</summary>
    public int ExportedKeysLength => Keys.ExportedLength;

    private protected ChannelSessionKeys Keys { get; }

    private protected abstract int OutstandingAnswers { get; }

    /// <summary>Length of the cipher's block in bytes.</summary>
    private protected abstract int BlockLength { get; }

    /// <summary>Hands the session keys out for a secure module (<see cref="ChannelSessionKeys.Export"/>); only before the first command.</summary>
    /// <param name="destination">Must hold <see cref="ExportedKeysLength"/> bytes, be pinned, sealed for the module and zeroed at once.</param>
    /// <returns>The number of bytes written.</returns>
    /// <exception cref="InvalidOperationException">A command was already made, or the session is dead.</exception>
    public int ExportKeys(Span<byte> destination)
    {
        Expect(Phase.Verified);
        return Keys.Export(destination);
    }

    /// <inheritdoc/>
    public CommandApdu ExternalAuthenticate()
    {
        Expect(Phase.Verified);
        _phase = Phase.Open;
        Span<byte> command = stackalloc byte[MaxWrappedLength];
        command[0] = 0x80 | SecureMessaging;
        command[1] = Instructions.ExternalAuthenticate;
        command[2] = (byte)Level;
        command[3] = 0x00;
        Keys.HostCryptogram.Span.CopyTo(command[5..]);
        return CommandApdu.Parse(command[..Authenticate(command, Keys.HostCryptogram.Length)]);
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
        if (OutstandingAnswers == MaxOutstanding) throw new InvalidOperationException($"{MaxOutstanding} answers are outstanding.");
        var goesOn = Level.HasCMac() && CommandSegments.IsSegment(command[1], command[2]);
        CheckSegment(command, shape, goesOn);
        if (_segments is null) Count(shape);
        var length = Protect(command, shape, goesOn, wrapped, out var whole);
        if (_judgesAnswers && goesOn) RememberSegment();
        else if (_judgesAnswers) Remember(command[..4], whole is null ? command.Slice(shape.DataStart, shape.DataLength) : whole.Plain);
        whole?.Dispose();
        return length;
    }

    /// <inheritdoc/>
    public UnwrapResult Unwrap(ResponseApdu response)
    {
        Expect(Phase.Open);
        if (OutstandingAnswers == 0) throw new InvalidOperationException("No answer is outstanding.");
        return Judge(response);
    }

    /// <summary>Encrypts key data or other secrets under the DEK: in SCP03 the card's static one, AES-CBC, ICV 0 (Amendment D §6.2.8); in SCP02
    /// that of the session, triple DES in ECB mode (GPCS §E.4.7). Wrap the result as usual.</summary>
    /// <param name="plain">1 byte or more; the caller zeroes it.</param>
    /// <param name="padding">What to do with data that is not whole blocks.</param>
    /// <exception cref="ArgumentException">The length does not fit the padding.</exception>
    /// <exception cref="InvalidOperationException">The session has no DEK (<see cref="HasDek"/>) or is dead.</exception>
    public ByteString EncryptWithDek(ReadOnlySpan<byte> plain, DekPadding padding = DekPadding.None)
    {
        if (_phase == Phase.Dead) throw new InvalidOperationException("The secure channel is dead.");
        if (!HasDek) throw new InvalidOperationException("A session of session keys alone has no DEK.");
        var padded = DekPadded.Pad(plain, padding, BlockLength);
        var encrypted = new byte[padded.Length];
        EncryptUnder(_dek, padded, encrypted);
        CryptographicOperations.ZeroMemory(padded);
        return ByteString.Own(encrypted);
    }

    /// <summary>Zeroes the keys; the session is dead. Twice is harmless.</summary>
    public void Dispose()
    {
        _phase = Phase.Dead;
        EndSegments();
        Forget();
        Keys.Dispose();
        _dek?.Dispose();
    }

    /// <summary>An implicitly opened channel has no EXTERNAL AUTHENTICATE.</summary>
    private protected void BeginOpen() => _phase = Phase.Open;

    /// <summary>Writes Lc and the MAC of EXTERNAL AUTHENTICATE, whose data is there; returns the command's length.</summary>
    private protected abstract int Authenticate(Span<byte> command, int dataLength);

    /// <summary>Counts a command for the encryption of its data, where the protocol counts them, at every level.</summary>
    private protected virtual void Count(CommandShape shape)
    {
    }

    /// <summary>Encrypts a command's data, which are whole blocks.</summary>
    private protected abstract void EncryptBlocks(ReadOnlySpan<byte> padded, Span<byte> encrypted);

    /// <summary>Writes the C-MAC of a command, and moves on to the next one's; returns its length.</summary>
    /// <param name="header">The plain command's CLA, INS, P1 and P2.</param>
    /// <param name="plain">Its data.</param>
    /// <param name="sent">Its data as they are sent.</param>
    /// <param name="mac">Where the MAC goes.</param>
    private protected abstract int PutMac(ReadOnlySpan<byte> header, ReadOnlySpan<byte> plain, ReadOnlySpan<byte> sent, Span<byte> mac);

    /// <summary>Keeps what the answer to the command just wrapped is checked with.</summary>
    /// <param name="header">CLA, INS, P1 and P2.</param>
    /// <param name="data">Its data, in the clear, of one in segments all of them.</param>
    private protected abstract void Remember(ReadOnlySpan<byte> header, ReadOnlySpan<byte> data);

    /// <summary>Keeps that nothing of the answer to the segment just wrapped is protected.</summary>
    private protected abstract void RememberSegment();

    /// <summary>Judges the answer to the oldest command.</summary>
    private protected abstract UnwrapResult Judge(ResponseApdu response);

    private protected abstract void EncryptUnder(SecretBytes dek, ReadOnlySpan<byte> padded, Span<byte> encrypted);

    /// <summary>Zeroes what was kept between commands.</summary>
    private protected abstract void Forget();

    private protected UnwrapResult.Breach Break(ChannelBreach reason, ushort statusWord)
    {
        Dispose();
        return new UnwrapResult.Breach(reason, statusWord);
    }

    /// <summary>Lc as its length asks for: one byte, or three; returns how many.</summary>
    private protected static int WriteLc(Span<byte> destination, int length)
    {
        if (length <= CommandApdu.MaxShortData)
        {
            destination[0] = (byte)length;
            return 1;
        }
        destination[0] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(destination[1..], (ushort)length);
        return 3;
    }

    /// <summary>Only success and warnings must carry an R-MAC (Amendment D §6.2.5).</summary>
    private protected static bool IsProtected(ushort statusWord) => statusWord == 0x9000 || statusWord >> 8 is 0x62 or 0x63;

    /// <summary>Protects a command as the level asks; Le stays outside. Returns the length of the wrapped one.</summary>
    /// <param name="command">The plain command.</param>
    /// <param name="shape">Where its parts lie.</param>
    /// <param name="goesOn">Whether it is a segment that others follow.</param>
    /// <param name="wrapped">The command that is sent.</param>
    /// <param name="whole">Of the last segment: all of the command; else null.</param>
    private int Protect(ReadOnlySpan<byte> command, CommandShape shape, bool goesOn, Span<byte> wrapped, out SegmentBuffer? whole)
    {
        whole = null;
        if (!Level.HasCMac())
        {
            command.CopyTo(wrapped);
            return command.Length;
        }
        var data = command.Slice(shape.DataStart, shape.DataLength);
        command[..4].CopyTo(wrapped);
        wrapped[0] |= SecureMessaging;
        if (goesOn || _segments is not null) return ProtectSegment(command, shape, goesOn, wrapped, out whole);
        var length = data.Length;
        if (Level.HasCEnc() && length > 0) length = Encrypt(data, wrapped[5..]);
        else data.CopyTo(wrapped[5..]);

        var end = 5 + length + PutMac(command[..4], data, wrapped.Slice(5, length), wrapped[(5 + length)..]);
        wrapped[4] = (byte)(end - 5);
        if (shape.Le is { } le) wrapped[end++] = (byte)le;
        return end;
    }

    /// <summary>80 and as many 00 as are due, then the cipher; returns the length.</summary>
    private int Encrypt(ReadOnlySpan<byte> data, Span<byte> destination)
    {
        Span<byte> padded = data.Length <= CommandApdu.MaxShortData ? stackalloc byte[CommandApdu.MaxShortData + 1]
            : GC.AllocateArray<byte>(data.Length + BlockLength, pinned: true);
        padded.Clear();
        data.CopyTo(padded);
        padded[data.Length] = 0x80;
        var length = (data.Length / BlockLength + 1) * BlockLength;
        EncryptBlocks(padded[..length], destination);
        CryptographicOperations.ZeroMemory(padded);
        return length;
    }

    private void CheckWrappable(ReadOnlySpan<byte> command, CommandShape shape, Span<byte> wrapped)
    {
        if (shape.Extended) throw new ArgumentException("Only short commands can be wrapped (GPCS §11.1.5).", nameof(command));
        var most = CommandSegments.IsSegment(command[1], command[2]) && Level.HasCMac() ? CommandApdu.MaxShortData : MaxPlainData;
        if (shape.DataLength > most)
            throw new ArgumentException($"{shape.DataLength} bytes of data; {most} fit at level {(byte)Level:X2}.", nameof(command));
        if ((command[0] & (0x40 | SecureMessaging)) != 0)
            throw new ArgumentException($"Class {command[0]:X2} has secure messaging already, or a logical channel above 3.", nameof(command));
        if (wrapped.Length < MaxWrappedLength) throw new ArgumentException($"{MaxWrappedLength} bytes are needed.", nameof(wrapped));
    }

    private void Expect(Phase phase)
    {
        if (_phase != phase) throw new InvalidOperationException($"The secure channel is {_phase}; it must be {phase} for this.");
    }
}

/// <summary>How much a command carries.</summary>
internal static class ChannelLimits
{
    /// <summary>The most data in bytes that one command carries before it is wrapped.</summary>
    public static int MaxPlainData(ScpOptions options, SecurityLevel level)
    {
        if (!level.HasCMac()) return CommandApdu.MaxShortData;
        var mac = options.IsS16 ? 16 : 8;
        var block = options.Protocol is ScpProtocol.Scp02 ? 8 : 16;
        var room = CommandApdu.MaxShortData - mac;
        return level.HasCEnc() ? room / block * block - 1 : room;
    }
}
