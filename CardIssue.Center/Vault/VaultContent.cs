using System.Security.Cryptography;
using CardIssue.Center.Storage;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Vault;

/// <summary>
/// All that a vault's file holds. Owns its keys. Layout: as <see cref="Write"/> writes it, the layout's number first; in layout 5 the center's other
/// keys at the end are missing, in layout 4 the certificates before them too, in layout 3 the keys before them too, in layout 2 the two numbers before
/// those, in layout 1 the three.
/// </summary>
internal sealed class VaultContent : IDisposable
{
    public const int KeyLength = 32;

    private const int Layout = 6, LayoutWithoutKeySets = 5, LayoutWithoutCertificates = 4, LayoutWithoutOrderFiles = 3, LayoutWithoutSeals = 2,
        LayoutWithoutTerms = 1, MaxVersions = 1_000, MaxCardKeys = 10_000;

    public required CenterId Center { get; init; }

    /// <summary>The center's keys that are in force.</summary>
    public required OwnCenterKeys Keys { get; set; }

    /// <summary>Those that are to follow; null when none are made.</summary>
    public OwnCenterKeys? NextKeys { get; set; }

    /// <summary>Whether terminals are told of those, and may come with them.</summary>
    public bool NextKeysAreTold { get; set; }

    /// <summary>Those that have ended, the oldest first; never changed in place.</summary>
    public IReadOnlyList<FormerCenterKeys> FormerKeys { get; set; } = [];

    public required HmacKey LogKey { get; init; }

    /// <summary>What entries of the log and rows are keyed with, 32 bytes: a key of its own, for older logs have HMACs under the log key of bytes that a terminal chose.</summary>
    public HmacKey EntryKey => Derived(ref _entryKey, "CardIssue log entry key v1"u8);

    /// <summary>What records are keyed with, 32 bytes: extracted and expanded (RFC 5869), for a digest in the log is an HMAC under the log key itself of bytes of anybody's choice.</summary>
    public HmacKey RecordKey => Derived(ref _recordKey, "CardIssue record key v1"u8);

    /// <summary>SHA-256 of the TLS certificate, or empty.</summary>
    public ByteString TlsCertificate { get; set; }

    /// <summary>PKCS#12 of the TLS certificate and its key, or empty.</summary>
    public SecretBytes TlsServer { get; set; } = SecretBytes.Copy([]);

    /// <summary>Which of the center's certificates the present one is; 0 for the one that it was made with.</summary>
    public int TlsNumber { get; set; }

    /// <summary>SHA-256 of the certificate before it, or empty.</summary>
    public ByteString FormerCertificate { get; set; }

    /// <summary>The certificate that is to follow; null when none is made.</summary>
    public NextTls? Next { get; set; }

    /// <summary>They wrap order data keys; the version is the place, from 1.</summary>
    public List<SecretBytes> Masters { get; } = [];

    /// <summary>They key issue code verifiers; the version is the place, from 1.</summary>
    public List<SecretBytes> VerifierKeys { get; } = [];

    public List<CardMasterKey> CardKeys { get; } = [];

    /// <summary>
    /// Whether write data that is sealed for its order alone may still be there; kept here and not in the store, whose file others may
    /// write.
    /// </summary>
    public bool TakesOverOrderData { get; set; }

    /// <summary>Whether rows may still be there that a version before wrote without a seal; kept here for the same reason.</summary>
    public bool TakesOverRows { get; set; }

    /// <summary>Whether no people have begun at this center yet.</summary>
    public bool MayBeginPeople { get; set; } = true;

    public List<KeyCeremony> Ceremonies { get; } = [];

    /// <summary>What issuers encrypt orders to, the oldest first.</summary>
    public List<OrderFileKey> OrderFileKeys { get; } = [];

    private readonly Lock _deriving = new();

    private HmacKey? _entryKey, _recordKey;

    public static VaultContent New(CenterId center) => new()
    {
        Center = center,
        Keys = OwnCenterKeys.Make(0),
        LogKey = new HmacKey(SecretBytes.Random(KeyLength)),
        Masters = { SecretBytes.Random(KeyLength) },
        VerifierKeys = { SecretBytes.Random(KeyLength) },
    };

    public SecretWriter Write()
    {
        var to = new SecretWriter();
        to.Number(Layout);
        to.Text(Center.Value);
        Keys.Write(to);
        to.Bytes(LogKey.Key.Span);
        to.Bytes(TlsCertificate.Span);
        to.Bytes(TlsServer.Span);
        WriteKeys(to, Masters);
        WriteKeys(to, VerifierKeys);
        to.Number(CardKeys.Count);
        foreach (var key in CardKeys) key.Write(to);
        to.Number(Ceremonies.Count);
        foreach (var ceremony in Ceremonies) ceremony.Write(to);
        to.Number(TakesOverOrderData ? 1 : 0);
        to.Number(TakesOverRows ? 1 : 0);
        to.Number(MayBeginPeople ? 1 : 0);
        to.Number(OrderFileKeys.Count);
        foreach (var key in OrderFileKeys) key.Write(to);
        to.Number(TlsNumber);
        to.Bytes(FormerCertificate.Span);
        to.Number(Next is null ? 0 : 1);
        Next?.Write(to);
        to.Number(Keys.Number);
        to.Number(FormerKeys.Count);
        foreach (var former in FormerKeys) OwnCenterKeys.Write(to, former);
        to.Number(NextKeysAreTold ? 1 : 0);
        to.Number(NextKeys?.Number ?? 0);
        NextKeys?.Write(to);
        return to;
    }

    /// <exception cref="FormatException">Written by a newer program.</exception>
    public static VaultContent Read(ReadOnlySpan<byte> bytes)
    {
        var from = new SecretReader(bytes);
        var layout = from.Number();
        if (layout is < LayoutWithoutTerms or > Layout) throw new FormatException("The vault's file was written by a newer program.");
        var content = new VaultContent
        {
            Center = new CenterId(from.Text()),
            Keys = OwnCenterKeys.Read(ref from, 0),
            LogKey = new HmacKey(SecretBytes.Copy(from.Bytes())),
            TlsCertificate = ByteString.Copy(from.Bytes()),
            TlsServer = SecretBytes.Copy(from.Bytes()),
        };
        ReadKeys(ref from, content.Masters);
        ReadKeys(ref from, content.VerifierKeys);
        for (var left = from.Count(MaxCardKeys); left > 0; left--) content.CardKeys.Add(CardMasterKey.Read(ref from));
        for (var left = from.Count(MaxCardKeys); left > 0; left--) content.Ceremonies.Add(KeyCeremony.Read(ref from));
        content.TakesOverOrderData = layout == LayoutWithoutTerms || from.Number() != 0;
        content.TakesOverRows = layout <= LayoutWithoutSeals || from.Number() != 0;
        content.MayBeginPeople = layout <= LayoutWithoutSeals || from.Number() != 0;
        if (layout > LayoutWithoutOrderFiles)
            for (var left = from.Count(MaxVersions); left > 0; left--) content.OrderFileKeys.Add(OrderFileKey.Read(ref from));
        if (layout > LayoutWithoutCertificates)
        {
            (content.TlsNumber, content.FormerCertificate) = (from.Number(), ByteString.Copy(from.Bytes()));
            if (from.Number() != 0) content.Next = NextTls.Read(ref from);
        }
        if (layout > LayoutWithoutKeySets) content.ReadKeySets(ref from);
        from.End();
        return content;
    }

    /// <summary>Takes what another process wrote; who the center is, and its log, are never others.</summary>
    /// <param name="newer">What was read; its keys are this one's from now on.</param>
    /// <exception cref="KeyVaultException">It is another vault, or one that has not got the center's keys which this one has.</exception>
    public void TakeOver(VaultContent newer)
    {
        if (newer.Center != Center || !CryptographicOperations.FixedTimeEquals(newer.LogKey.Key.Span, LogKey.Key.Span))
            throw new KeyVaultException($"The vault's file is another vault's now, not that of {Center} which was opened; put the right one back.");
        if (!newer.HasHad(Keys) || (NextKeysAreTold && !newer.HasHad(NextKeys!) && newer.NextKeys?.Sha256 != NextKeys!.Sha256))
        {
            throw new KeyVaultException(
                $"The vault's file is an older copy now, or another one's, without keys of {Center} that terminals know; put the right one back.");
        }
        TlsServer.Dispose();
        (TlsServer, TlsCertificate) = (newer.TlsServer, newer.TlsCertificate);
        newer.TlsServer = SecretBytes.Copy([]);
        Next?.Dispose();
        (TlsNumber, FormerCertificate, Next, newer.Next) = (newer.TlsNumber, newer.FormerCertificate, newer.Next, null);
        Exchange(Masters, newer.Masters);
        Exchange(VerifierKeys, newer.VerifierKeys);
        Exchange(CardKeys, newer.CardKeys);
        Exchange(Ceremonies, newer.Ceremonies);
        Exchange(OrderFileKeys, newer.OrderFileKeys);
        (TakesOverOrderData, TakesOverRows, MayBeginPeople) = (newer.TakesOverOrderData, newer.TakesOverRows, newer.MayBeginPeople);
    }

    /// <summary>The center's keys, for what holds the lock of their users; those of before are the other's.</summary>
    public void TakeOverKeys(VaultContent newer)
    {
        (Keys, newer.Keys) = (newer.Keys, Keys);
        (NextKeys, newer.NextKeys) = (newer.NextKeys, NextKeys);
        (NextKeysAreTold, FormerKeys) = (newer.NextKeysAreTold, newer.FormerKeys);
    }

    /// <summary>Whether a set is this vault's, or was.</summary>
    private bool HasHad(OwnCenterKeys keys) => keys.Sha256 == Keys.Sha256 || FormerKeys.Any(former =>
        former.SigningKey == keys.Signing.PublicKey && former.AgreementKey == keys.Agreement.PublicKey);

    private void ReadKeySets(ref SecretReader from)
    {
        Keys = Keys with { Number = from.Number() };
        var former = new List<FormerCenterKeys>();
        for (var left = from.Count(MaxVersions); left > 0; left--) former.Add(OwnCenterKeys.Read(ref from, Center));
        FormerKeys = former;
        NextKeysAreTold = from.Number() != 0;
        if (from.Number() is var number and > 0) NextKeys = OwnCenterKeys.Read(ref from, number);
    }

    private static void Exchange<T>(List<T> own, List<T> other)
    {
        var before = own.ToList();
        own.Clear();
        own.AddRange(other);
        other.Clear();
        other.AddRange(before);
    }

    public void Dispose()
    {
        Keys.Dispose();
        NextKeys?.Dispose();
        LogKey.Dispose();
        _entryKey?.Dispose();
        _recordKey?.Dispose();
        TlsServer.Dispose();
        Next?.Dispose();
        foreach (var key in Masters.Concat(VerifierKeys)) key.Dispose();
        foreach (var key in CardKeys) key.Dispose();
        foreach (var ceremony in Ceremonies) ceremony.Dispose();
        foreach (var key in OrderFileKeys) key.Dispose();
    }

    /// <summary>Once: to derive it costs more than what is done with it.</summary>
    private HmacKey Derived(ref HmacKey? key, ReadOnlySpan<byte> label)
    {
        lock (_deriving)
        {
            if (key is not null) return key;
            Span<byte> derived = stackalloc byte[KeyLength];
            HKDF.DeriveKey(HashAlgorithmName.SHA256, LogKey.Key.Span, derived, [], label);
            return key = new HmacKey(SecretBytes.Take(derived));
        }
    }

    private static void WriteKeys(SecretWriter to, List<SecretBytes> keys)
    {
        to.Number(keys.Count);
        foreach (var key in keys) to.Bytes(key.Span);
    }

    private static void ReadKeys(ref SecretReader from, List<SecretBytes> keys)
    {
        for (var left = from.Count(MaxVersions); left > 0; left--) keys.Add(SecretBytes.Copy(from.Bytes()));
    }
}

/// <summary>A TLS certificate that is to follow the present one.</summary>
/// <param name="Number">Which of the center's it is, from 1.</param>
/// <param name="Sha256">SHA-256 of its DER.</param>
/// <param name="Pkcs12">With its key, without a password.</param>
internal sealed record NextTls(int Number, ByteString Sha256, SecretBytes Pkcs12) : IDisposable
{
    public void Write(SecretWriter to)
    {
        to.Number(Number);
        to.Bytes(Sha256.Span);
        to.Bytes(Pkcs12.Span);
    }

    public static NextTls Read(ref SecretReader from) => new(from.Number(), ByteString.Copy(from.Bytes()), SecretBytes.Copy(from.Bytes()));

    public void Dispose() => Pkcs12.Dispose();

    public override string ToString() => $"certificate {Number}";
}
