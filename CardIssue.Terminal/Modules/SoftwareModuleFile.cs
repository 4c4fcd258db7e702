using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Modules;
using CardIssue.Core.Primitives;

namespace CardIssue.Terminal.Modules;

/// <summary>
/// The passphrase-sealed file of a software module: terminal id and key version, credential key, agreement key, the center that it trusts, and the TLS client certificate with its key.
/// Everything is generated here and never exported but for the public <see cref="Identity"/>.
/// </summary>
public sealed class SoftwareModuleFile : IDisposable
{
    private const int Layout = 1;
    private readonly string _path;
    private readonly PassphraseFile _file;
    private readonly P256PrivateKey _credential, _agreement;
    private SecretBytes _tlsClient;

    private SoftwareModuleFile(string path, PassphraseFile file, Content content)
    {
        (_path, _file) = (path, file);
        (Identity, Center, _credential, _agreement, _tlsClient) = content;
    }

    private readonly record struct Content(TerminalIdentity Identity, CenterIdentity? Center, P256PrivateKey Credential, P256PrivateKey Agreement, SecretBytes TlsClient);

    /// <summary>The public half, to be enrolled at the center.</summary>
    public TerminalIdentity Identity { get; private set; }

    /// <summary>The center that the module trusts; null until <see cref="TrustCenter"/>.</summary>
    public CenterIdentity? Center { get; private set; }

    /// <summary>The TLS client certificate and its key, PKCS#12 without a password of its own, lent; empty without TLS.</summary>
    public ReadOnlySpan<byte> TlsClient => _tlsClient.Span;

    /// <summary>Makes a new module with fresh keys.</summary>
    /// <param name="path">Its file; an existing one is never overwritten.</param>
    /// <param name="passphrase">UTF-8; stays the caller's.</param>
    /// <param name="terminal">The terminal's name.</param>
    /// <param name="keyVersion">Counts this terminal's sets of keys, from 1.</param>
    /// <param name="cost">What guessing the passphrase is to cost; null for the default.</param>
    /// <exception cref="PassphraseFileException">The file exists or the passphrase is too weak.</exception>
    /// <exception cref="IOException">It could not be written.</exception>
    public static SoftwareModuleFile Create(string path, SecretBytes passphrase, TerminalId terminal, int keyVersion = 1, Argon2Cost? cost = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keyVersion, 1);
        var (credential, agreement) = (P256PrivateKey.Generate(), P256PrivateKey.Generate());
        var identity = new TerminalIdentity(terminal, credential.PublicKey, agreement.PublicKey, keyVersion, ByteString.Empty);
        var content = new Content(identity, null, credential, agreement, SecretBytes.Copy([]));
        try
        {
            using var writer = Write(content);
            return new SoftwareModuleFile(path, PassphraseFile.Create(path, PassphraseFileKind.SoftwareModule, passphrase, writer.Written, cost), content);
        }
        catch
        {
            credential.Dispose();
            agreement.Dispose();
            throw;
        }
    }

    /// <summary>Opens a module's file.</summary>
    /// <exception cref="PassphraseFileException">Missing, no such file, or the passphrase is wrong or the file damaged.</exception>
    public static SoftwareModuleFile Open(string path, SecretBytes passphrase)
    {
        var file = PassphraseFile.Open(path, PassphraseFileKind.SoftwareModule, passphrase, out var bytes);
        try
        {
            return new SoftwareModuleFile(path, file, Read(bytes.Span));
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

    /// <summary>Takes the center that the module is to trust from now on, and saves.</summary>
    /// <exception cref="IOException">It could not be saved.</exception>
    public void TrustCenter(CenterIdentity center)
    {
        ArgumentNullException.ThrowIfNull(center);
        Save(Identity, center, _tlsClient);
        Center = center;
    }

    /// <summary>Takes the TLS client certificate with its key, and saves.</summary>
    /// <param name="pkcs12">PKCS#12 without a password; copied. Empty takes it away.</param>
    /// <param name="certificateSha256">SHA-256 of the certificate's DER, 32 bytes; empty without TLS.</param>
    /// <exception cref="ArgumentException">The hash does not have 32 bytes, or only one of both is empty.</exception>
    /// <exception cref="IOException">It could not be saved.</exception>
    public void UseTlsClient(ReadOnlySpan<byte> pkcs12, ByteString certificateSha256)
    {
        if (certificateSha256.Length != (pkcs12.IsEmpty ? 0 : 32)) throw new ArgumentException("A certificate comes with its SHA-256 of 32 bytes.", nameof(certificateSha256));
        var taken = SecretBytes.Copy(pkcs12);
        var identity = Identity with { TlsCertificate = certificateSha256 };
        Save(identity, Center, taken);
        _tlsClient.Dispose();
        (_tlsClient, Identity) = (taken, identity);
    }

    /// <summary>Seals the file under a new passphrase.</summary>
    /// <exception cref="PassphraseFileException">The passphrase is too weak, or another process changed the file.</exception>
    public void Rewrap(SecretBytes passphrase, Argon2Cost? cost = null)
    {
        using var writer = Write(new Content(Identity, Center, _credential, _agreement, _tlsClient));
        _file.Rewrap(passphrase, writer.Written, cost);
    }

    /// <summary>
    /// The notes of the trusted center that the module keeps (<see cref="ISecureModule.Note"/>), in a file of their own beside this one:
    /// first the latest, then those
    /// that contradict it. Empty without a trusted center.
    /// </summary>
    /// <exception cref="IOException">They cannot be read.</exception>
    public IReadOnlyList<WitnessNote> Notes =>
        Center is null ? [] : [.. new WitnessFile(WitnessPath, Center).Notes.Select(kept => kept.Note)];

    private string WitnessPath => _path + ".witness";

    /// <summary>The module itself, with copies of the keys; it outlives this file.</summary>
    /// <exception cref="InvalidOperationException">No center is trusted yet.</exception>
    /// <exception cref="IOException">The notes that it keeps cannot be read.</exception>
    public SoftwareModule OpenModule()
    {
        if (Center is null) throw new InvalidOperationException($"The module of {Identity.Id} trusts no center yet: import the center's center.json first.");
        var witness = new WitnessFile(WitnessPath, Center);
        using var writer = Write(new Content(Identity, Center, _credential, _agreement, _tlsClient));
        var copy = Read(writer.Written);
        copy.TlsClient.Dispose();
        return new SoftwareModule(Identity, Center, copy.Credential, copy.Agreement, witness);
    }

    /// <summary>Zeroes all keys.</summary>
    public void Dispose()
    {
        _file.Dispose();
        _credential.Dispose();
        _agreement.Dispose();
        _tlsClient.Dispose();
    }

    /// <summary>Says only whose it is.</summary>
    public override string ToString() => $"module file of {Identity.Id}";

    private void Save(TerminalIdentity identity, CenterIdentity? center, SecretBytes tlsClient)
    {
        using var writer = Write(new Content(identity, center, _credential, _agreement, tlsClient));
        _file.Replace(writer.Written);
    }

    /// <summary>Layout: number 1, terminal id, key version, credential key, agreement key, SHA-256 of the TLS certificate, PKCS#12, center.json or nothing.</summary>
    private static SecretWriter Write(Content content)
    {
        var writer = new SecretWriter();
        writer.Number(Layout);
        writer.Text(content.Identity.Id.Value);
        writer.Number(content.Identity.KeyVersion);
        content.Credential.WriteTo(writer);
        content.Agreement.WriteTo(writer);
        writer.Bytes(content.Identity.TlsCertificate.Span);
        writer.Bytes(content.TlsClient.Span);
        writer.Bytes(content.Center?.Write());
        return writer;
    }

    private static Content Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new SecretReader(bytes);
        if (reader.Number() != Layout) throw new FormatException("The module's file was written by a newer program.");
        var terminal = new TerminalId(reader.Text());
        var version = reader.Number();
        var credential = P256PrivateKey.FromNumber(reader.Bytes());
        var agreement = P256PrivateKey.FromNumber(reader.Bytes());
        var certificate = ByteString.Copy(reader.Bytes());
        var tlsClient = SecretBytes.Copy(reader.Bytes());
        var center = reader.Bytes();
        reader.End();
        var identity = new TerminalIdentity(terminal, credential.PublicKey, agreement.PublicKey, version, certificate);
        return new Content(identity, center.IsEmpty ? null : CenterIdentity.Read(center), credential, agreement, tlsClient);
    }
}
