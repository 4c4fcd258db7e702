using System.Formats.Cbor;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Modules;

/// <summary>
/// Which TLS certificates a terminal knows its center by: the one of the center's identity, or a later one that the center showed since, and
/// the next one, when the center has told it under its signing key. What was told is in a small file, which needs no secrecy and no seal: who
/// writes into it can take a certificate away, and has none in that the center did not sign. From one thread or several.
/// </summary>
public sealed class CenterCertificates
{
    private const int MaxLength = 1_024;

    private readonly Lock _turn = new();
    private readonly string _path;
    private readonly CenterIdentity _center;
    private readonly CenterKeyChain _keys;
    private Kept? _present, _next;

    /// <summary>Reads the file, where it is there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="center">The center that the terminal trusts. What was kept beside another certificate of it counts for nothing: it was
    /// brought to the terminal anew since.</param>
    /// <param name="keys">Which keys the terminal knows it by.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    internal CenterCertificates(string path, CenterIdentity center, CenterKeyChain keys)
    {
        ArgumentNullException.ThrowIfNull(center);
        ArgumentNullException.ThrowIfNull(keys);
        (_path, _center, _keys) = (path, center, keys);
        Read();
    }

    /// <summary>A certificate that was told, as it came.</summary>
    private sealed record Kept(CenterCertificate Certificate, ByteString Bytes);

    /// <summary>
    /// SHA-256 of the DER, 32 bytes, of each that the center may show now: one, or two while it is about to change; none without TLS.
    /// </summary>
    public IReadOnlyList<ByteString> Pins
    {
        get
        {
            lock (_turn)
            {
                var present = _present?.Certificate.Sha256 ?? _center.TlsCertificate;
                return [.. new[] { present, _next?.Certificate.Sha256 ?? default }.Where(pin => !pin.IsEmpty).Distinct()];
            }
        }
    }

    /// <summary>The number of the latest that was told; 0 when none was.</summary>
    internal int Number
    {
        get
        {
            lock (_turn) return (_next ?? _present)?.Certificate.Number ?? 0;
        }
    }

    /// <summary>Keeps what the center tells, durably, if it is the center's and later than all that is kept.</summary>
    /// <param name="statement">What came with <see cref="Witness"/>.</param>
    /// <returns>False when it is not this center's, or an older one that would be another now; nothing was changed.</returns>
    /// <exception cref="IOException">It could not be kept; what was kept stands.</exception>
    internal bool Keep(ByteString statement)
    {
        if (!CenterCertificate.TryVerify(statement, _keys.Present, out var told)) return false;
        lock (_turn)
        {
            // Another program of this terminal may have written meanwhile.
            Read();
            var latest = (_next ?? _present)?.Certificate;
            if (latest == told) return true;
            if (latest is not null && told.Number <= latest.Number) return false;
            Write(_present, new Kept(told, statement));
            return true;
        }
    }

    /// <summary>The center proved its keys on a line where it showed this certificate: where that is the next one, the one before is none of its any more.</summary>
    /// <exception cref="IOException">It could not be kept; what was kept stands.</exception>
    internal void Saw(ByteString sha256)
    {
        lock (_turn)
        {
            Read();
            if (_next is { } next && next.Certificate.Sha256 == sha256) Write(next, null);
        }
    }

    /// <summary>An array of the identity's certificate, the present one and the next, each empty where there is none.</summary>
    private void Write(Kept? present, Kept? next)
    {
        var cbor = new CborWriter(CborConformanceMode.Ctap2Canonical);
        cbor.WriteStartArray(3);
        cbor.WriteByteString(_center.TlsCertificate.Span);
        cbor.WriteByteString((present?.Bytes ?? default).Span);
        cbor.WriteByteString((next?.Bytes ?? default).Span);
        cbor.WriteEndArray();
        DurableFile.Write(_path, cbor.Encode(), overwrite: true);
        (_present, _next) = (present, next);
    }

    private void Read()
    {
        if (DurableFile.Read(_path, MaxLength) is not { } content) return;
        try
        {
            var cbor = new CborReader(content, CborConformanceMode.Ctap2Canonical);
            if (cbor.ReadStartArray() != 3 || ByteString.Own(cbor.ReadByteString()) != _center.TlsCertificate) return;
            (_present, _next) = (Verified(cbor.ReadByteString()), Verified(cbor.ReadByteString()));
            if (_next?.Certificate.Number <= _present?.Certificate.Number) _next = null;
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException or OverflowException)
        {
            // What is none of these counts for nothing: whoever can write the file can as well delete it.
            (_present, _next) = (null, null);
        }
    }

    /// <summary>By the keys of before, too: it was believed when they were the center's.</summary>
    private Kept? Verified(byte[] bytes)
    {
        foreach (var center in _keys.Known)
            if (CenterCertificate.TryVerify(ByteString.Own(bytes), center, out var certificate)) return new Kept(certificate, ByteString.Own(bytes));
        return null;
    }
}
