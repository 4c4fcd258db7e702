using CardIssue.Center.Storage;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Vault;

/// <summary>
/// The center's signing and agreement keys: the present set, and the one that is to follow it, made beforehand; while terminals change over, both
/// count. Of sets that have ended the public keys are left. Their numbers only rise.
/// </summary>
public sealed partial class FileKeyVault
{
    // Taken for reading by what uses a private key, and for writing where one is put in another's place: under the gate, too.
    private readonly ReaderWriterLockSlim _keysTurn = new();
    private (ByteString Of, ByteString Bytes) _nextKeysSigned;
    private volatile ISessionKeys[] _sessionKeys = [];
    private bool _isBehind;

    /// <summary>Which of the center's sets of keys the present one is; 0 for the one that it was made with.</summary>
    public int KeysNumber => _content.Keys.Number;

    /// <summary>The public half of the set that is to follow; null when none is made.</summary>
    public CenterKeys? NextKeys
    {
        get
        {
            lock (_gate) return _content.NextKeys?.Of(_content.Center);
        }
    }

    /// <summary>Whether terminals are told of the next set, and may come with it.</summary>
    public bool NextKeysAreTold
    {
        get
        {
            lock (_gate) return _content.NextKeysAreTold;
        }
    }

    /// <summary>The sets that have ended, the oldest first.</summary>
    public IReadOnlyList<FormerCenterKeys> FormerKeys => _content.FormerKeys;

    /// <inheritdoc/>
    public IReadOnlyList<ISessionKeys> SessionKeys => _sessionKeys;

    /// <summary>The present set.</summary>
    internal ISessionKeys Present => new FileSessionKeys(this, _content.Keys.Number);

    /// <inheritdoc/>
    public ByteString LatestKeys
    {
        get
        {
            lock (_gate) return (_content.NextKeys ?? _content.Keys).Sha256;
        }
    }

    /// <summary>Makes the set that is to follow, and saves it; where one is made already, that stays.</summary>
    /// <param name="told">The latest that terminals were told of, by the center's store, which a vault from a backup may not have; null for none.</param>
    /// <returns>Its public half.</returns>
    /// <exception cref="IOException">It could not be saved; nothing changed.</exception>
    public CenterKeys MakeNextKeys(NamedKeys? told = null)
    {
        lock (_gate)
        {
            TakeNewer();
            var made = _content.NextKeys;
            if (made is not null && (told is null || made.Number > told.Number || made.Sha256 == told.Sha256)) return made.Of(_content.Center);
            // One that was told by its number already is never another one.
            var next = OwnCenterKeys.Make(Math.Max(_content.Keys.Number, told?.Number ?? 0) + 1);
            _content.NextKeys = next;
            SaveOr(() =>
            {
                _content.NextKeys = made;
                next.Dispose();
            });
            made?.Dispose();
            return next.Of(_content.Center);
        }
    }

    /// <inheritdoc/>
    public bool FollowKeys(CenterKeysStanding standing)
    {
        ArgumentNullException.ThrowIfNull(standing);
        lock (_gate)
        {
            var (present, next) = (_content.Keys, _content.NextKeys);
            var ends = standing.Alone is { } alone && alone.Number >= present.Number && alone.Sha256 != present.Sha256;
            _isBehind = ends && next?.Sha256 != standing.Alone!.Sha256;
            ServeKeys();
            if (_isBehind)
            {
                throw new KeyVaultException($"Keys {standing.Alone!.Number} of the center alone are in force, and this host's vault has not got them: it is an "
                    + "older copy. Copy vault.json of a host that has. Nobody is served here meanwhile.");
            }
            if (ends)
            {
                EndKeys(standing);
                return true;
            }
            if (standing.Told is not { } told || told.Number <= present.Number || (_content.NextKeysAreTold && next!.Sha256 == told.Sha256)) return false;
            if (next?.Sha256 != told.Sha256)
            {
                throw new KeyVaultException($"Terminals are told of keys {told.Number} of the center, and this host's vault has not got them: copy vault.json of a "
                    + "host that has. Terminals that know the center by them are refused here meanwhile.");
            }
            _content.NextKeysAreTold = true;
            SaveOr(() => _content.NextKeysAreTold = false);
            ServeKeys();
            return true;
        }
    }

    /// <summary>
    /// Whether a public identity is this center's of before: with keys that have ended, or the certificate before the present one. So is
    /// <c>center.json</c> where a change was cut before it was written anew.
    /// </summary>
    /// <param name="identity">The identity.</param>
    public bool WasIdentity(CenterIdentity identity)
    {
        ArgumentNullException.ThrowIfNull(identity);
        lock (_gate)
        {
            var present = IdentityBy(_content.Keys);
            return _content.FormerKeys.Select(former => present with { SigningKey = former.SigningKey, AgreementKey = former.AgreementKey }).Append(present)
                .Any(it => it == identity || (!_content.FormerCertificate.IsEmpty && it with { TlsCertificate = _content.FormerCertificate } == identity));
        }
    }

    /// <summary>The next set is the center's; the private keys of the one before are destroyed, here and in the file.</summary>
    private void EndKeys(CenterKeysStanding standing)
    {
        var (ended, next, former) = (_content.Keys, _content.NextKeys!, _content.FormerKeys);
        var kept = new FormerCenterKeys(
            _content.Center, ended.Number, ended.Signing.PublicKey, ended.Agreement.PublicKey, standing.LastCheckpoint, standing.LastGeneration);
        var wasTold = _content.NextKeysAreTold;
        PutKeys(next, null, false, [.. former, kept]);
        SaveOr(() => PutKeys(ended, next, wasTold, former));
        ServeKeys();
        // Whoever used it was done when it was put away, and nobody finds it any more.
        ended.Dispose();
    }

    private void PutKeys(OwnCenterKeys present, OwnCenterKeys? next, bool isTold, IReadOnlyList<FormerCenterKeys> former)
    {
        _keysTurn.EnterWriteLock();
        try
        {
            (_content.Keys, _content.NextKeys, _content.NextKeysAreTold, _content.FormerKeys) = (present, next, isTold, former);
        }
        finally
        {
            _keysTurn.ExitWriteLock();
        }
    }

    /// <summary>As another program left them in the file, or a person copied the file of another host.</summary>
    private void TakeOverKeys(VaultContent newer)
    {
        _keysTurn.EnterWriteLock();
        try
        {
            _content.TakeOverKeys(newer);
        }
        finally
        {
            _keysTurn.ExitWriteLock();
        }
        _isBehind = false;
        ServeKeys();
    }

    private void ServeKeys()
    {
        if (_isBehind) _sessionKeys = [];
        else if (_content is { NextKeysAreTold: true, NextKeys: { } next }) _sessionKeys = [new FileSessionKeys(this, next.Number), Present];
        else _sessionKeys = [Present];
    }

    private CenterIdentity IdentityBy(OwnCenterKeys keys) => new(_content.Center, keys.Signing.PublicKey, keys.Agreement.PublicKey, _content.TlsCertificate);

    /// <summary>Does something with a set that counts. Nothing inside may take the gate.</summary>
    private T With<T>(int number, Func<OwnCenterKeys, T> use)
    {
        _keysTurn.EnterReadLock();
        try
        {
            return use(ByNumber(number));
        }
        finally
        {
            _keysTurn.ExitReadLock();
        }
    }

    private OwnCenterKeys ByNumber(int number) =>
        _content.Keys.Number == number ? _content.Keys
        : _content is { NextKeysAreTold: true, NextKeys: { } next } && next.Number == number ? next
        : throw new KeyVaultException($"Keys {number} of center {_content.Center} have ended.");

    private ByteString SignNextKeys(int number)
    {
        lock (_gate)
        {
            if (!_content.NextKeysAreTold || _content.NextKeys is not { } next || next.Number <= number) return ByteString.Empty;
            if (_nextKeysSigned.Of != next.Sha256) _nextKeysSigned = (next.Sha256, next.Of(_content.Center).Sign(_content.Keys.Signing));
            return _nextKeysSigned.Bytes;
        }
    }
}
