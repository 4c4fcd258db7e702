using System.Security.Cryptography;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Keys;

/// <summary>
/// The two keys of a line without TLS, one for each direction, of one admission: HKDF-SHA256 (RFC 5869) of the terminal transport key, salt terminal nonce ‖ center nonce,
/// info "CardIssue line v1", 00, direction as text, hash of the transcript that the terminal signed. Only the terminal's module and the center's vault can make them, and no two
/// admissions have the same.
/// </summary>
public sealed class LineKeys : IDisposable
{
    /// <summary>Length of each key in bytes: that of the hash (RFC 2104 §3).</summary>
    public const int Length = 32;

    /// <summary>Takes over keys that a token derived by itself, as <see cref="Derive"/> does.</summary>
    /// <param name="toCenter">For what the terminal sends, 32 bytes.</param>
    /// <param name="toTerminal">For what the center sends, 32 bytes.</param>
    /// <exception cref="ArgumentException">A key has another length.</exception>
    public LineKeys(SecretBytes toCenter, SecretBytes toTerminal)
    {
        ArgumentNullException.ThrowIfNull(toCenter);
        ArgumentNullException.ThrowIfNull(toTerminal);
        if (toCenter.Length != Length || toTerminal.Length != Length) throw new ArgumentException($"A line's key has {Length} bytes.");
        (ToCenter, ToTerminal) = (toCenter, toTerminal);
    }

    internal SecretBytes ToCenter { get; }

    internal SecretBytes ToTerminal { get; }

    /// <summary>Derives both.</summary>
    /// <param name="transport">What module and center share.</param>
    /// <param name="transcript">The admission.</param>
    public static LineKeys Derive(TerminalTransportKey transport, AdmissionTranscript transcript)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(transcript);
        var salt = ByteString.Concat(transcript.TerminalNonce, transcript.CenterNonce);
        var hash = transcript.Hash(AdmissionRole.Terminal);
        return new LineKeys(Key(transport, salt, hash, "to center"), Key(transport, salt, hash, "to terminal"));
    }

    /// <summary>Zeroes both.</summary>
    public void Dispose()
    {
        ToCenter.Dispose();
        ToTerminal.Dispose();
    }

    private static SecretBytes Key(TerminalTransportKey transport, ByteString salt, ByteString hash, string direction)
    {
        var info = new BoundFields("CardIssue line v1").Text(direction).Bytes(hash.Span).ToArray();
        return SecretBytes.Create(Length, (transport, salt, info), static (output, from) =>
            HKDF.DeriveKey(HashAlgorithmName.SHA256, from.transport.Key.Span, output, from.salt.Span, from.info));
    }
}
