using System.Diagnostics.CodeAnalysis;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.SecureChannel;

/// <summary>All that a secure module needs to speak with a card that was verified elsewhere: session keys, protocol, level and host cryptogram; no
/// static key and no DEK. Owns the keys: they are zeroed with it.</summary>
internal sealed class ChannelSessionKeys : IDisposable
{
    /// <summary>The longest exported form in bytes, that of AES-256 in S16 mode.</summary>
    public const int MaxExportedLength = HeadLength + 16 + 3 * 32;

    private const int HeadLength = 6;
    private const byte SkipEmptyFlag = 0x01;

    internal ChannelSessionKeys(
        ScpOptions options, SecurityLevel level, bool countsEmptyCommands, ReadOnlySpan<byte> hostCryptogram, SecretBytes enc, SecretBytes mac, SecretBytes rmac)
    {
        (Options, Level, CountsEmptyCommands, HostCryptogram) = (options, level, countsEmptyCommands, ByteString.Copy(hostCryptogram));
        (Enc, Mac, Rmac) = (enc, mac, rmac);
    }

    /// <summary>Protocol and parameter "i", as far as it tells how commands are wrapped.</summary>
    public ScpOptions Options { get; }

    /// <summary>The protection of the channel.</summary>
    public SecurityLevel Level { get; }

    /// <summary>SCP03: whether commands without data advance the encryption counter, as Amendment D §6.2.6 says. Some cards forget to; their profile says so.</summary>
    public bool CountsEmptyCommands { get; }

    /// <summary>Length of each key in bytes: 16, 24 or 32.</summary>
    public int KeyLength => Enc.Length;

    /// <summary>Length of the exported form in bytes.</summary>
    public int ExportedLength => HeadLength + HostCryptogram.Length + 3 * KeyLength;

    internal ByteString HostCryptogram { get; }

    internal SecretBytes Enc { get; }

    internal SecretBytes Mac { get; }

    internal SecretBytes Rmac { get; }

    /// <summary>
    /// Writes the keys, in the clear: the destination must be pinned, sealed for the module and zeroed at once. Layout in bytes: protocol
    /// (1; 02 or 03) | "i" (1) | level (1) | flags (1; bit 1: empty commands are not counted) | key length n (1) | cryptogram length m
    /// (1) |
    /// host cryptogram (m) | S-ENC (n) | C-MAC key (n) | R-MAC key (n). Not CBOR, so that they are nowhere but in pinned memory.
    /// </summary>
    /// <param name="destination">Must hold <see cref="ExportedLength"/> bytes.</param>
    /// <returns>The number of bytes written.</returns>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    /// <exception cref="ObjectDisposedException">The keys were already zeroed.</exception>
    public int Export(Span<byte> destination)
    {
        if (destination.Length < ExportedLength) throw new ArgumentException($"{ExportedLength} bytes are needed.", nameof(destination));
        var flags = CountsEmptyCommands ? (byte)0 : SkipEmptyFlag;
        ReadOnlySpan<byte> head = [(byte)Options.Protocol, Options.Value, (byte)Level, flags, (byte)KeyLength, (byte)HostCryptogram.Length];
        head.CopyTo(destination);
        var rest = destination[head.Length..];
        HostCryptogram.Span.CopyTo(rest);
        rest = rest[HostCryptogram.Length..];
        Enc.Span.CopyTo(rest);
        Mac.Span.CopyTo(rest[KeyLength..]);
        Rmac.Span.CopyTo(rest[(2 * KeyLength)..]);
        return ExportedLength;
    }

    /// <summary>Reads what <see cref="Export"/> wrote; the caller still has to zero <paramref name="exported"/>.</summary>
    /// <param name="exported">Exactly one exported form.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="error">What is wrong, when the result is false; never key bytes.</param>
    public static bool TryImport(ReadOnlySpan<byte> exported, [NotNullWhen(true)] out ChannelSessionKeys? keys, [NotNullWhen(false)] out string? error)
    {
        keys = null;
        error = null;
        if (exported.Length < HeadLength)
        {
            error = $"Session keys have {HeadLength} bytes or more; {exported.Length} came.";
            return false;
        }
        var options = new ScpOptions((ScpProtocol)exported[0], exported[1]);
        var (level, flags, n, m) = (exported[2], exported[3], exported[4], exported[5]);
        error = FaultOf(options, (SecurityLevel)level, n, m)
            ?? ((flags & ~SkipEmptyFlag) != 0 ? $"Flags {flags:X2} are not known."
            : exported.Length != HeadLength + m + 3 * n
                ? $"Session keys of {n} bytes take {HeadLength + m + 3 * n}; {exported.Length} came."
            : null);
        if (error is not null) return false;
        var secret = exported[(HeadLength + m)..];
        keys = new ChannelSessionKeys(
            options, (SecurityLevel)level, flags == 0, exported.Slice(HeadLength, m),
            SecretBytes.Copy(secret[..n]), SecretBytes.Copy(secret[n..(2 * n)]), SecretBytes.Copy(secret[(2 * n)..]));
        return true;
    }

    /// <summary>Reads what <see cref="Export"/> wrote.</summary>
    /// <exception cref="FormatException">It is not that.</exception>
    public static ChannelSessionKeys Import(ReadOnlySpan<byte> exported) =>
        TryImport(exported, out var keys, out var error) ? keys : throw new FormatException(error);

    /// <summary>Zeroes the keys.</summary>
    public void Dispose()
    {
        Enc.Dispose();
        Mac.Dispose();
        Rmac.Dispose();
    }

    /// <summary>Says only protocol and level, and how long the keys are.</summary>
    public override string ToString() => $"session keys of {Options}, level {(byte)Level:X2}, {KeyLength} bytes each";

    private static string? FaultOf(ScpOptions options, SecurityLevel level, int n, int m)
    {
        var is02 = options.Protocol is ScpProtocol.Scp02;
        if (!is02 && options.Protocol is not ScpProtocol.Scp03)
            return $"{(byte)options.Protocol:X2} is no secure channel protocol that is spoken here.";
        if (!ScpOptions.IsLevel(options.Protocol, level)) return $"{(byte)level:X2} is no security level of SCP{(byte)options.Protocol:X2}.";
        if (is02 ? n != StaticKeys.TripleDesLength : n is not (16 or 24 or 32)) return $"{n} is no {(is02 ? "two-key triple DES" : "AES")} key length.";
        if (is02 && !options.IsExplicit) return $"{options} is opened by no EXTERNAL AUTHENTICATE.";
        return m == options.ChallengeLength ? null : $"A cryptogram of {options} has {options.ChallengeLength} bytes, not {m}.";
    }
}
