using System.Diagnostics.CodeAnalysis;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.SecureChannel.Scp03;

/// <summary>All that a secure module needs to speak with a card that was verified elsewhere: session keys, level and host cryptogram; no static key.
/// Owns the keys: they are zeroed with it.</summary>
public sealed class Scp03SessionKeys : IDisposable
{
    /// <summary>The longest exported form in bytes, that of AES-256.</summary>
    public const int MaxExportedLength = HeadLength + 3 * 32;

    private const int HeadLength = 12;
    private const byte LayoutVersion = 0x01, SkipEmptyFlag = 0x01;

    internal Scp03SessionKeys(
        SecurityLevel level, bool countsEmptyCommands, ReadOnlySpan<byte> hostCryptogram, SecretBytes enc, SecretBytes mac, SecretBytes rmac)
    {
        (Level, CountsEmptyCommands, HostCryptogram) = (level, countsEmptyCommands, ByteString.Copy(hostCryptogram));
        (Enc, Mac, Rmac) = (enc, mac, rmac);
    }

    /// <summary>The protection of the channel.</summary>
    public SecurityLevel Level { get; }

    /// <summary>Whether commands without data advance the encryption counter, as Amendment D §6.2.6 says. Some cards forget to; their profile says so.</summary>
    public bool CountsEmptyCommands { get; }

    /// <summary>Length of each key in bytes: 16, 24 or 32.</summary>
    public int KeyLength => Enc.Length;

    /// <summary>Length of the exported form in bytes.</summary>
    public int ExportedLength => HeadLength + 3 * KeyLength;

    internal ByteString HostCryptogram { get; }

    internal SecretBytes Enc { get; }

    internal SecretBytes Mac { get; }

    internal SecretBytes Rmac { get; }

    /// <summary>
    /// Writes the keys, in the clear: the destination must be pinned, sealed for the module and zeroed at once. Layout in bytes:
    /// layout version 01 (1) | level (1) | key length n (1) | flags (1; bit 1: empty commands are not counted) | host cryptogram (8) | S-ENC (n) | S-MAC (n) | S-RMAC (n).
    /// </summary>
    /// <param name="destination">Must hold <see cref="ExportedLength"/> bytes.</param>
    /// <returns>The number of bytes written.</returns>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    /// <exception cref="ObjectDisposedException">The keys were already zeroed.</exception>
    public int Export(Span<byte> destination)
    {
        if (destination.Length < ExportedLength) throw new ArgumentException($"{ExportedLength} bytes are needed.", nameof(destination));
        destination[0] = LayoutVersion;
        destination[1] = (byte)Level;
        destination[2] = (byte)KeyLength;
        destination[3] = CountsEmptyCommands ? (byte)0 : SkipEmptyFlag;
        HostCryptogram.Span.CopyTo(destination[4..]);
        Enc.Span.CopyTo(destination[HeadLength..]);
        Mac.Span.CopyTo(destination[(HeadLength + KeyLength)..]);
        Rmac.Span.CopyTo(destination[(HeadLength + 2 * KeyLength)..]);
        return ExportedLength;
    }

    /// <summary>Reads what <see cref="Export"/> wrote; the caller still has to zero <paramref name="exported"/>.</summary>
    /// <param name="exported">Exactly one exported form.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="error">What is wrong, when the result is false; never key bytes.</param>
    public static bool TryImport(ReadOnlySpan<byte> exported, [NotNullWhen(true)] out Scp03SessionKeys? keys, [NotNullWhen(false)] out string? error)
    {
        keys = null;
        error = exported.Length < HeadLength ? $"Session keys have {HeadLength} bytes or more; {exported.Length} came."
            : exported[0] != LayoutVersion ? $"Layout version {exported[0]:X2} is not known."
            : !Scp03Opening.IsScp03Level((SecurityLevel)exported[1]) ? $"{exported[1]:X2} is no security level of SCP03."
            : exported[2] is not (16 or 24 or 32) ? $"{exported[2]} is no AES key length."
            : (exported[3] & ~SkipEmptyFlag) != 0 ? $"Flags {exported[3]:X2} are not known."
            : exported.Length != HeadLength + 3 * exported[2] ? $"Session keys of {exported[2]} bytes take {HeadLength + 3 * exported[2]}; {exported.Length} came."
            : null;
        if (error is not null) return false;
        int n = exported[2];
        var secret = exported[HeadLength..];
        keys = new Scp03SessionKeys(
            (SecurityLevel)exported[1], exported[3] == 0, exported[4..HeadLength],
            SecretBytes.Copy(secret[..n]), SecretBytes.Copy(secret[n..(2 * n)]), SecretBytes.Copy(secret[(2 * n)..]));
        return true;
    }

    /// <summary>Reads what <see cref="Export"/> wrote.</summary>
    /// <exception cref="FormatException">It is not that.</exception>
    public static Scp03SessionKeys Import(ReadOnlySpan<byte> exported) =>
        TryImport(exported, out var keys, out var error) ? keys : throw new FormatException(error);

    /// <summary>Zeroes the keys.</summary>
    public void Dispose()
    {
        Enc.Dispose();
        Mac.Dispose();
        Rmac.Dispose();
    }

    /// <summary>Says only the level and how long the keys are.</summary>
    public override string ToString() => $"SCP03 session keys, level {(byte)Level:X2}, {KeyLength} bytes each";
}
