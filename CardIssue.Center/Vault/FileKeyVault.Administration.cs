using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Vault;

// Ceremonies, rotations and what else changes the file.
public sealed partial class FileKeyVault
{
    /// <inheritdoc/>
    public IReadOnlyList<KeyCeremonyInfo> Ceremonies
    {
        get
        {
            lock (_gate) return [.. _content.Ceremonies.Select(ceremony => ceremony.Info)];
        }
    }

    /// <inheritdoc/>
    public CeremonyRefusal Begin(string keySet, byte keyVersion, CardKeyAlgorithm algorithm, int components = IKeyCeremony.MinComponents)
    {
        if (!NameRule.Accepts(keySet) || keyVersion == 0 || !Enum.IsDefined(algorithm) || components is < IKeyCeremony.MinComponents or > IKeyCeremony.MaxComponents)
            return CeremonyRefusal.OutOfRange;
        lock (_gate)
        {
            TakeNewer();
            if (FindKey(keySet, keyVersion) is not null) return CeremonyRefusal.KeyExists;
            if (FindCeremony(keySet, keyVersion) is not null) return CeremonyRefusal.UnderWay;
            var ceremony = new KeyCeremony(keySet, keyVersion, algorithm, components);
            _content.Ceremonies.Add(ceremony);
            SaveOr(() => _content.Ceremonies.Remove(ceremony));
            return CeremonyRefusal.None;
        }
    }

    /// <inheritdoc/>
    public CeremonyRefusal Enter(string keySet, byte keyVersion, int number, CustodianId custodian, SecretBytes component, ByteString checkValue)
    {
        ArgumentNullException.ThrowIfNull(component);
        lock (_gate)
        {
            TakeNewer();
            if (FindCeremony(keySet, keyVersion) is not { } ceremony) return CeremonyRefusal.NoCeremony;
            var refusal = ceremony.Enter(number, custodian, component, checkValue);
            if (refusal == CeremonyRefusal.None) SaveOr(ceremony.TakeBack);
            return refusal;
        }
    }

    /// <inheritdoc/>
    public CeremonyRefusal Complete(string keySet, byte keyVersion, ByteString checkValue, KeyApproval approval)
    {
        ArgumentNullException.ThrowIfNull(approval);
        lock (_gate)
        {
            TakeNewer();
            if (FindCeremony(keySet, keyVersion) is not { } ceremony) return CeremonyRefusal.NoCeremony;
            var refusal = ceremony.TryComplete(checkValue, out var key);
            if (key is null) return refusal;
            if (!approval.TryUse(new KeyDeed.Make(keySet, keyVersion, checkValue, ceremony.Info.Algorithm)))
            {
                key.Dispose();
                return CeremonyRefusal.NotApproved;
            }
            _content.CardKeys.Add(key);
            _content.Ceremonies.Remove(ceremony);
            SaveOr(() =>
            {
                _content.CardKeys.Remove(key);
                _content.Ceremonies.Add(ceremony);
                key.Dispose();
            });
            ceremony.Dispose();
            return CeremonyRefusal.None;
        }
    }

    /// <inheritdoc/>
    public CeremonyRefusal Cancel(string keySet, byte keyVersion)
    {
        lock (_gate)
        {
            TakeNewer();
            if (FindCeremony(keySet, keyVersion) is not { } ceremony) return CeremonyRefusal.NoCeremony;
            _content.Ceremonies.Remove(ceremony);
            SaveOr(() => _content.Ceremonies.Add(ceremony));
            ceremony.Dispose();
            return CeremonyRefusal.None;
        }
    }

    /// <inheritdoc/>
    public bool Destroy(string keySet, byte keyVersion, KeyApproval approval)
    {
        ArgumentNullException.ThrowIfNull(approval);
        lock (_gate)
        {
            TakeNewer();
            if (FindKey(keySet, keyVersion) is not { } key || !approval.TryUse(new KeyDeed.Destroy(keySet, keyVersion, key.Info.CheckValue))) return false;
            _content.CardKeys.Remove(key);
            SaveOr(() => _content.CardKeys.Add(key));
            key.Dispose();
            return true;
        }
    }

    /// <summary>From now on order data keys are wrapped by a new master; the old ones still open (<see cref="TryRewrapOrderData"/>).</summary>
    /// <returns>The new master's version.</returns>
    /// <exception cref="IOException">It could not be saved; nothing changed.</exception>
    public int RotateMaster() => Rotate(_content.Masters);

    /// <inheritdoc/>
    public void EndTakingOver()
    {
        lock (_gate)
        {
            if (!_content.TakesOverOrderData) return;
            _content.TakesOverOrderData = false;
            SaveOr(() => _content.TakesOverOrderData = true);
        }
    }

    /// <inheritdoc/>
    public void EndTakingOverRows()
    {
        lock (_gate)
        {
            if (!_content.TakesOverRows) return;
            _content.TakesOverRows = false;
            SaveOr(() => _content.TakesOverRows = true);
        }
    }

    /// <inheritdoc/>
    public void EndBeginningPeople()
    {
        lock (_gate)
        {
            if (!_content.MayBeginPeople) return;
            _content.MayBeginPeople = false;
            SaveOr(() => _content.MayBeginPeople = true);
        }
    }

    /// <summary>From now on issue code verifiers are made with a new key; the old ones still check.</summary>
    /// <returns>The new key's version.</returns>
    /// <exception cref="IOException">It could not be saved; nothing changed.</exception>
    public int RotateIssueCodeKey() => Rotate(_content.VerifierKeys);

    /// <summary>Takes the center's TLS certificate with its key, and saves.</summary>
    /// <param name="pkcs12">PKCS#12 without a password; copied. Empty takes it away.</param>
    /// <param name="certificateSha256">SHA-256 of the certificate's DER, 32 bytes; empty without TLS.</param>
    /// <exception cref="ArgumentException">The hash does not have 32 bytes, or only one of both is empty.</exception>
    public void UseTlsServer(ReadOnlySpan<byte> pkcs12, ByteString certificateSha256)
    {
        if (certificateSha256.Length != (pkcs12.IsEmpty ? 0 : 32)) throw new ArgumentException("A certificate comes with its SHA-256 of 32 bytes.", nameof(certificateSha256));
        lock (_gate)
        {
            var (before, beforeHash) = (_content.TlsServer, _content.TlsCertificate);
            (_content.TlsServer, _content.TlsCertificate) = (SecretBytes.Copy(pkcs12), certificateSha256);
            SaveOr(() =>
            {
                _content.TlsServer.Dispose();
                (_content.TlsServer, _content.TlsCertificate) = (before, beforeHash);
            });
            before.Dispose();
        }
    }

    /// <summary>A copy of the TLS certificate and its key for the listener, PKCS#12 without a password; empty without TLS. The caller disposes it.</summary>
    public SecretBytes CopyTlsServer()
    {
        lock (_gate) return SecretBytes.Copy(_content.TlsServer.Span);
    }

    /// <summary>Seals the vault under a new passphrase; the old one opens it no longer. Takes about as long as opening it.</summary>
    /// <param name="passphrase">UTF-8; stays the caller's until the task ends.</param>
    /// <param name="cost">What guessing is to cost; null keeps what it was.</param>
    /// <param name="cancellation">Before the work begins.</param>
    /// <exception cref="PassphraseFileException">The passphrase is too weak, or another process changed the file.</exception>
    /// <exception cref="IOException">It could not be saved; the old passphrase stands.</exception>
    public Task RewrapAsync(SecretBytes passphrase, Argon2Cost? cost = null, CancellationToken cancellation = default) => Task.Run(() =>
    {
        lock (_gate)
        {
            TakeNewer();
            using var bytes = _content.Write();
            _file.Rewrap(passphrase, bytes.Written, cost);
        }
    }, cancellation);

    private int Rotate(List<SecretBytes> versions)
    {
        lock (_gate)
        {
            TakeNewer();
            var key = SecretBytes.Random(VaultContent.KeyLength);
            versions.Add(key);
            SaveOr(() =>
            {
                versions.Remove(key);
                key.Dispose();
            });
            return versions.Count;
        }
    }

    private CardMasterKey? FindKey(string keySet, byte keyVersion) => _content.CardKeys.Find(key => key.Info.KeySet == keySet && key.Info.KeyVersion == keyVersion);

    private CardMasterKey? FindNewestKey(string keySet, byte keyVersion) =>
        FindKey(keySet, keyVersion) ?? (HasNewer() ? FindKey(keySet, keyVersion) : null);

    private KeyCeremony? FindCeremony(string keySet, byte keyVersion) => _content.Ceremonies.Find(ceremony => ceremony.Is(keySet, keyVersion));

    /// <summary>Saves, or takes the change back: what the memory has and the file does not would be lost at the next start.</summary>
    private void SaveOr(Action takeBack)
    {
        try
        {
            using var bytes = _content.Write();
            _file.Replace(bytes.Written);
        }
        catch
        {
            takeBack();
            throw;
        }
    }
}
