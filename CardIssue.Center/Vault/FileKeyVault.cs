using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CardIssue.Center.Storage;
using CardIssue.Core;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.Products.Emv;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.SecureChannel.Opening;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Vault;

/// <summary>A vault in a passphrase-sealed file. The keys are in this process's memory while it is open; nothing hands them out. Steps of a ceremony and rotations are saved before they count.</summary>
public sealed partial class FileKeyVault : IKeyVault, IKeyCeremony
{
    private const int MacLength = 32, VersionLength = 4;
    private readonly Lock _gate = new();
    private readonly PassphraseFile _file;
    private readonly VaultContent _content;

    private FileKeyVault(PassphraseFile file, VaultContent content)
    {
        (_file, _content) = (file, content);
        ServeKeys();
    }

    /// <summary>Makes a new vault with fresh keys; an existing file is never overwritten.</summary>
    /// <param name="path">Its file.</param>
    /// <param name="passphrase">UTF-8, from a file or standard input; stays the caller's.</param>
    /// <param name="center">The center's name.</param>
    /// <param name="cost">What guessing the passphrase is to cost; null for the default.</param>
    /// <exception cref="PassphraseFileException">The file exists, or the passphrase is too weak.</exception>
    /// <exception cref="IOException">It could not be written.</exception>
    public static FileKeyVault Create(string path, SecretBytes passphrase, CenterId center, Argon2Cost? cost = null)
    {
        var content = VaultContent.New(center);
        try
        {
            using var bytes = content.Write();
            return new FileKeyVault(PassphraseFile.Create(path, PassphraseFileKind.CenterVault, passphrase, bytes.Written, cost), content);
        }
        catch
        {
            content.Dispose();
            throw;
        }
    }

    /// <summary>Opens a vault.</summary>
    /// <exception cref="PassphraseFileException">Missing, no vault, or the passphrase is wrong or the file damaged, which can't be told apart.</exception>
    /// <exception cref="FormatException">It was written by a newer program.</exception>
    public static FileKeyVault Open(string path, SecretBytes passphrase)
    {
        var file = PassphraseFile.Open(path, PassphraseFileKind.CenterVault, passphrase, out var bytes);
        try
        {
            return new FileKeyVault(file, VaultContent.Read(bytes.Span));
        }
        catch
        {
            file.Dispose();
            throw;
        }
        finally
        {
            bytes.Dispose();
        }
    }

    /// <inheritdoc/>
    public CenterIdentity Identity => IdentityBy(_content.Keys);

    /// <inheritdoc/>
    public bool HasSecrets => true;

    /// <inheritdoc/>
    public bool TakesOverLog => TakesOverOrderData;

    /// <inheritdoc/>
    public bool TakesOverRows
    {
        get
        {
            lock (_gate) return _content.TakesOverRows;
        }
    }

    /// <inheritdoc/>
    public bool MayBeginPeople
    {
        get
        {
            lock (_gate) return _content.MayBeginPeople;
        }
    }

    /// <inheritdoc/>
    public byte[] Hmac(ReadOnlySpan<byte> data)
    {
        // A terminal chooses the data: labelled, so that none of it can be the label of a key that comes from the log key.
        return _content.LogKey.Of("CardIssue log digest v2\0"u8, data);
    }

    /// <inheritdoc/>
    public byte[] MacOf(ReadOnlySpan<byte> data) => _content.EntryKey.Of(data);

    /// <inheritdoc/>
    public byte[] MacRecord(ReadOnlySpan<byte> record) => _content.RecordKey.Of(record);

    /// <inheritdoc/>
    public int SigningKeys => _content.Keys.Number;

    /// <inheritdoc/>
    public byte[] SignCheckpoint(ReadOnlySpan<byte> data)
    {
        var form = PublicLogKeys.SignedForm(data);
        return With(_content.Keys.Number, keys => keys.Signing.Sign(form));
    }

    /// <inheritdoc/>
    public bool VerifyCheckpoint(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature, long? number = null) => Public.VerifyCheckpoint(data, signature, number);

    /// <inheritdoc/>
    public bool TryVerifyNote(ByteString bytes, [NotNullWhen(true)] out VerifiedWitnessNote? note) =>
        Public.TryVerifyNote(bytes, out note)
        || (_sessionKeys is [var next, _] && SignedWitnessNote.TryVerify(bytes, next.Identity, out note));

    /// <summary>What verifies what the center signed: its present keys, and those that have ended.</summary>
    private PublicLogKeys Public => new(Identity, _content.FormerKeys);

    /// <inheritdoc/>
    public ByteString CreateIssueCodeVerifier(OrderId order, ReadOnlySpan<byte> code)
    {
        lock (_gate)
        {
            var verifier = new byte[VersionLength + MacLength];
            BinaryPrimitives.WriteInt32BigEndian(verifier, _content.VerifierKeys.Count);
            Verifier(_content.VerifierKeys[^1], order, code, verifier.AsSpan(VersionLength));
            return ByteString.Own(verifier);
        }
    }

    /// <inheritdoc/>
    public bool CheckIssueCode(OrderId order, ByteString verifier, ReadOnlySpan<byte> code)
    {
        var version = verifier.Length == VersionLength + MacLength ? BinaryPrimitives.ReadInt32BigEndian(verifier.Span) : 0;
        lock (_gate)
        {
            var key = Version(_content.VerifierKeys, version);
            Span<byte> own = stackalloc byte[MacLength];
            // The work is the same whether or not the verifier is any good.
            Verifier(key ?? _content.VerifierKeys[^1], order, code, own);
            if (key is null && version > _content.VerifierKeys.Count)
            {
                throw new KeyVaultException($"This host's vault has not got version {version} of the issue code key, which the order's code was made with: "
                    + "it is an older copy. Copy vault.json of a host that has.");
            }
            return key is not null & CryptographicOperations.FixedTimeEquals(own, key is null ? own[..0] : verifier.Span[VersionLength..]);
        }
    }

    /// <inheritdoc/>
    public ByteString DigestAccount(CardAccount account)
    {
        ArgumentNullException.ThrowIfNull(account);
        // A key of its own from the log key, which is made with the vault and stays.
        Span<byte> key = stackalloc byte[MacLength];
        HMACSHA256.HashData(_content.LogKey.Key.Span, "CardIssue card account key v1"u8, key);
        var text = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{account.Number}/{account.Sequence:D2}"));
        try
        {
            return ByteString.Own(HMACSHA256.HashData(key, text));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
            CryptographicOperations.ZeroMemory(text);
        }
    }

    /// <inheritdoc/>
    public ByteString CreateCardNumber()
    {
        lock (_gate) return CardNumber.Create(_content.VerifierKeys[^1]);
    }

    /// <inheritdoc/>
    public bool IsCardNumber(ByteString number)
    {
        lock (_gate) return HasVerifierOf(number) || (HasNewer() && HasVerifierOf(number));
    }

    private bool HasVerifierOf(ByteString number) => _content.VerifierKeys.Exists(key => CardNumber.IsOf(key, number));

    /// <inheritdoc/>
    public ByteString SealOrderData(OrderTerms terms, ReadOnlySpan<byte> plain)
    {
        ArgumentNullException.ThrowIfNull(terms);
        lock (_gate) return OrderDataSeal.Seal(terms, _content.Masters.Count, _content.Masters[^1], plain);
    }

    /// <inheritdoc/>
    public bool TryOpenOrderData(OrderTerms terms, ByteString sealedData, [NotNullWhen(true)] out SecretBytes? plain)
    {
        ArgumentNullException.ThrowIfNull(terms);
        plain = null;
        lock (_gate)
            return Master(OrderDataSeal.VersionOf(sealedData.Span)) is { } master
                && OrderDataSeal.TryOpen(terms, master, sealedData.Span, out plain);
    }

    /// <inheritdoc/>
    public int OrderDataVersion
    {
        get
        {
            lock (_gate) return _content.Masters.Count;
        }
    }

    /// <summary>The version of the key that issue code verifiers are made with now, from 1.</summary>
    public int IssueCodeVersion
    {
        get
        {
            lock (_gate) return _content.VerifierKeys.Count;
        }
    }

    /// <inheritdoc/>
    public bool TryRewrapOrderData(OrderTerms terms, ByteString sealedData, out ByteString rewrapped)
    {
        ArgumentNullException.ThrowIfNull(terms);
        rewrapped = default;
        lock (_gate)
            return Master(OrderDataSeal.VersionOf(sealedData.Span)) is { } master
                && OrderDataSeal.TryRewrap(terms, master, _content.Masters.Count, _content.Masters[^1], sealedData.Span, out rewrapped);
    }

    /// <inheritdoc/>
    public bool TakesOverOrderData
    {
        get
        {
            lock (_gate) return _content.TakesOverOrderData;
        }
    }

    /// <inheritdoc/>
    public bool TryTakeOverOrderData(OrderTerms terms, ByteString older, out ByteString sealedData)
    {
        ArgumentNullException.ThrowIfNull(terms);
        sealedData = default;
        lock (_gate)
        {
            if (!_content.TakesOverOrderData || Master(OrderDataSeal.OlderVersionOf(older.Span)) is not { } master
                || !OrderDataSeal.TryOpenOlder(terms.Order, master, older.Span, out var plain)) return false;
            using (plain) sealedData = OrderDataSeal.Seal(terms, _content.Masters.Count, _content.Masters[^1], plain.Span);
            return true;
        }
    }

    /// <inheritdoc/>
    public CardOpenResult OpenCard(
        string keySet,
        byte keyVersion,
        KeyDiversification diversification,
        ReadOnlySpan<byte> hostChallenge,
        ResponseApdu answer,
        ChannelTerms terms)
    {
        ArgumentNullException.ThrowIfNull(keySet);
        ArgumentNullException.ThrowIfNull(terms);
        const int versionAt = CardKeyDerivation.DiversificationDataLength;
        var data = answer.Data.Span;
        if (keyVersion == 0 && answer.IsOk && data.Length > versionAt) keyVersion = data[versionAt];
        Span<byte> diversificationData = stackalloc byte[CardKeyDerivation.DiversificationDataLength];
        diversificationData.Clear();
        if (data.Length >= diversificationData.Length) data[..diversificationData.Length].CopyTo(diversificationData);
        if (!TryDeriveKeys(keySet, keyVersion, diversification, terms.Protocol, diversificationData, out var keys))
            return new CardOpenResult.Refused(OpenDiagnosis.UnknownKeyVersion, $"The vault has no key {keySet} of version {keyVersion:X2}, which the card chose.");
        using (keys)
        {
            return ChannelOpening.TryOpen(keys, keyVersion, hostChallenge, answer, terms) switch
            {
                ChannelOpenResult.Opened opened =>
                    new CardOpenResult.Opened(new FileCardOpening(opened.Session, opened.Answer, KeyOf, DeriveOther)),
                ChannelOpenResult.Refused refused => new CardOpenResult.Refused(refused.Diagnosis, refused.Detail),
                var other => throw new InvalidOperationException($"{other.GetType().Name} is no result of an opening."),
            };
        }
    }

    /// <inheritdoc/>
    public string? LackOf(string keySet, byte keyVersion, KeyDiversification diversification, ScpProtocol? protocol)
    {
        ArgumentNullException.ThrowIfNull(keySet);
        lock (_gate)
            return FindNewestKey(keySet, keyVersion) is { } master
                ? Misfit(master, diversification, protocol)
                : Lack(keySet, keyVersion);
    }

    /// <inheritdoc/>
    public IReadOnlyList<CardMasterKeyInfo> CardMasterKeys
    {
        get
        {
            lock (_gate) return [.. _content.CardKeys.Select(key => key.Info)];
        }
    }

    /// <summary>Zeroes all keys.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _content.Dispose();
            _file.Dispose();
            _keysTurn.Dispose();
        }
    }

    /// <summary>Says only whose it is.</summary>
    public override string ToString() => $"vault of {_content.Center}";

    /// <summary>Over the order too, so that one order's verifier is no good for another.</summary>
    private static void Verifier(SecretBytes key, OrderId order, ReadOnlySpan<byte> code, Span<byte> mac)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key.Span);
        hmac.AppendData(Encoding.UTF8.GetBytes($"CardIssue issue code v1\0{order.Value}\0"));
        hmac.AppendData(code);
        hmac.GetHashAndReset(mac);
    }

    private SecretBytes? Master(int version) => Version(_content.Masters, version);

    /// <summary>A key by its version, also one that another process made a moment ago; null where there is none.</summary>
    private SecretBytes? Version(List<SecretBytes> versions, int version) =>
        version >= 1 && (version <= versions.Count || (HasNewer() && version <= versions.Count)) ? versions[version - 1] : null;

    private AdmissionKey KeyOf(int number, TerminalIdentity terminal, ByteString admission)
    {
        using var transport = With(number, keys => TerminalTransportKey.AtCenter(keys.Agreement, terminal));
        return AdmissionKey.Derive(transport, admission);
    }

    private bool TryDeriveKeys(
        string keySet,
        byte keyVersion,
        KeyDiversification diversification,
        ScpProtocol? protocol,
        ReadOnlySpan<byte> diversificationData,
        [NotNullWhen(true)] out StaticKeys? keys)
    {
        keys = null;
        lock (_gate)
        {
            if (!HasSet(keySet) && !(HasNewer() && HasSet(keySet))) throw new KeyVaultException($"The vault has no key set {keySet}; import its keys, or mend the product that names it.");
            if (FindNewestKey(keySet, keyVersion) is not { } master) return false;
            if (Misfit(master, diversification, protocol) is { } misfit) throw new KeyVaultException(misfit);
            keys = new StaticKeys(keyVersion, CardKeyDerivation.Derive(diversification, master.Key, diversificationData), ProtocolOf(master));
            return true;
        }
    }

    private bool HasSet(string keySet) => _content.CardKeys.Exists(key => key.Info.KeySet == keySet);

    private static ScpProtocol ProtocolOf(CardMasterKey master) =>
        master.Info.Algorithm == CardKeyAlgorithm.TripleDes ? ScpProtocol.Scp02 : ScpProtocol.Scp03;

    /// <summary>A key is of one algorithm, and each protocol has its own: no key is ever used in both.</summary>
    private static string? Misfit(CardMasterKey master, KeyDiversification diversification, ScpProtocol? protocol)
    {
        var (set, version, algorithm) = (master.Info.KeySet, master.Info.KeyVersion, master.Info.Algorithm);
        ScpProtocol? made = diversification switch
        {
            KeyDiversification.EmvCps or KeyDiversification.Visa2 => ScpProtocol.Scp02,
            KeyDiversification.Kdf3 => ScpProtocol.Scp03,
            KeyDiversification.None => null,
        };
        if (made is not null && made != ProtocolOf(master))
            return $"Key {set} of version {version:X2} is {algorithm}, which diversification {diversification} can't use.";
        return protocol is null || protocol == ProtocolOf(master) ? null
            : $"Key {set} of version {version:X2} is {algorithm}, which SCP{(byte)protocol:X2} can't use.";
    }
}
