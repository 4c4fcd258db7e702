using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Vault;

/// <summary>
/// The TLS certificate that is to follow the present one: made beforehand, so that terminals have been told of it when the center changes
/// over. Their numbers only rise.
/// </summary>
public sealed partial class FileKeyVault
{
    /// <summary>Which of the center's certificates the present one is; 0 for the one that it was made with.</summary>
    public int CertificateNumber
    {
        get
        {
            lock (_gate) return _content.TlsNumber;
        }
    }

    /// <summary>SHA-256 of the certificate before the present one, 32 bytes, or empty.</summary>
    public ByteString FormerCertificate
    {
        get
        {
            lock (_gate) return _content.FormerCertificate;
        }
    }

    /// <summary>The certificate that is to follow; null when none is made.</summary>
    public CenterCertificate? NextCertificate
    {
        get
        {
            lock (_gate) return _content.Next is { } next ? new CenterCertificate(_content.Center, next.Number, next.Sha256) : null;
        }
    }

    /// <inheritdoc/>
    public ByteString LatestCertificate
    {
        get
        {
            lock (_gate) return _content.Next?.Sha256 ?? _content.TlsCertificate;
        }
    }

    /// <summary>Takes the certificate that is to follow, in the place of one that was to, and saves.</summary>
    /// <param name="pkcs12">PKCS#12 without a password; copied.</param>
    /// <param name="sha256">SHA-256 of the certificate's DER, 32 bytes.</param>
    /// <param name="inForce">The number of the one that is in force at the center, which a vault from a backup may not know.</param>
    /// <returns>Its number.</returns>
    /// <exception cref="ArgumentException">There is none, or the hash does not have 32 bytes.</exception>
    /// <exception cref="IOException">It could not be saved; nothing changed.</exception>
    public int PrepareTlsServer(ReadOnlySpan<byte> pkcs12, ByteString sha256, int inForce = 0)
    {
        if (pkcs12.IsEmpty || sha256.Length != 32) throw new ArgumentException("A certificate comes with its key, and its SHA-256 of 32 bytes.", nameof(sha256));
        lock (_gate)
        {
            TakeNewer();
            var before = _content.Next;
            // One that was told by its number already is never another one.
            var next = new NextTls(Math.Max(Math.Max(before?.Number ?? 0, _content.TlsNumber), inForce) + 1, sha256, SecretBytes.Copy(pkcs12));
            _content.Next = next;
            SaveOr(() =>
            {
                _content.Next = before;
                next.Dispose();
            });
            before?.Dispose();
            return next.Number;
        }
    }

    /// <summary>By a set of the center's keys, for terminals that came with it.</summary>
    private ByteString SignNextCertificate(int keys)
    {
        lock (_gate)
        {
            if (_content.Next is not { } next) return ByteString.Empty;
            if (_nextSigned.GetValueOrDefault(keys) is var (number, bytes) && number == next.Number) return bytes;
            bytes = new CenterCertificate(_content.Center, next.Number, next.Sha256).Sign(ByNumber(keys).Signing);
            _nextSigned[keys] = (next.Number, bytes);
            return bytes;
        }
    }

    /// <inheritdoc/>
    public bool ChangeCertificate(int number)
    {
        lock (_gate)
        {
            if (number <= _content.TlsNumber) return false;
            if (_content.Next is not { } next || next.Number != number)
            {
                throw new KeyVaultException($"Certificate {number} is in force at this center, and this host's vault has not got it: copy vault.json of a host "
                    + "that has. Terminals refuse this host's certificate meanwhile.");
            }
            var (server, certificate, own, former) = (_content.TlsServer, _content.TlsCertificate, _content.TlsNumber, _content.FormerCertificate);
            (_content.TlsServer, _content.TlsCertificate, _content.TlsNumber, _content.FormerCertificate, _content.Next) =
                (next.Pkcs12, next.Sha256, next.Number, certificate, null);
            SaveOr(() => (_content.TlsServer, _content.TlsCertificate, _content.TlsNumber, _content.FormerCertificate, _content.Next) =
                (server, certificate, own, former, next));
            server.Dispose();
            return true;
        }
    }

    private readonly Dictionary<int, (int Number, ByteString Bytes)> _nextSigned = [];
}
