using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Modules;
using CardIssue.Core.Primitives;

namespace CardIssue.Terminal.Modules;

/// <summary>
/// The passphrase-sealed file of a software module: terminal id and key version, credential key, agreement key, the center that it trusts, and the TLS client certificate with its key.
/// Everything is generated here and never exported but for the public <see cref="Identity"/>.
/// </summary>
public sealed partial class SoftwareModuleFile : IDisposable
{
    private readonly string _path;
    private readonly PassphraseFile _file;
    private ModuleKeys _keys;
    private ModuleKeys? _next;

    private SoftwareModuleFile(string path, PassphraseFile file, ModuleContent content)
    {
        (_path, _file) = (path, file);
        (_keys, Center, _next) = content;
    }

    private CenterKeyChain? _centerKeys;

    /// <summary>The public half, to be enrolled at the center.</summary>
    public TerminalIdentity Identity => _keys.Identity;

    /// <summary>The center that the module trusts, as it was brought to it; null until <see cref="TrustCenter"/>. Later keys of it, which it told since, are
    /// in a file of their own beside this one.</summary>
    public CenterIdentity? Center { get; private set; }

    /// <summary>The TLS client certificate and its key, PKCS#12 without a password of its own, lent; empty without TLS.</summary>
    public ReadOnlySpan<byte> TlsClient => _keys.TlsClient.Span;

    /// <summary>Makes a new module with fresh keys.</summary>
    /// <param name="path">Its file; an existing one is never overwritten.</param>
    /// <param name="passphrase">UTF-8, 8 bytes at least; stays the caller's.</param>
    /// <param name="terminal">The terminal's name.</param>
    /// <param name="keyVersion">Counts this terminal's sets of keys, from 1.</param>
    /// <param name="cost">What guessing the passphrase is to cost; null for the default.</param>
    /// <exception cref="PassphraseFileException">The file exists or the passphrase is too weak.</exception>
    /// <exception cref="IOException">It could not be written.</exception>
    public static SoftwareModuleFile Create(string path, SecretBytes passphrase, TerminalId terminal, int keyVersion = 1, Argon2Cost? cost = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keyVersion, 1);
        var content = new ModuleContent(ModuleKeys.Generate(terminal, keyVersion, [], ByteString.Empty), null, null);
        try
        {
            using var writer = content.Write();
            return new SoftwareModuleFile(path, PassphraseFile.Create(path, PassphraseFileKind.SoftwareModule, passphrase, writer.Written, cost), content);
        }
        catch
        {
            content.Keys.Dispose();
            throw;
        }
    }

    /// <summary>Opens a module's file. It takes a second or so on purpose: that is what guessing the passphrase costs.</summary>
    /// <param name="path">The file, as <c>module.json</c>.</param>
    /// <param name="passphrase">UTF-8; stays the caller's.</param>
    /// <returns>The module's file, which the caller disposes.</returns>
    /// <exception cref="PassphraseFileException">Missing, no such file, or the passphrase is wrong or the file damaged.</exception>
    public static SoftwareModuleFile Open(string path, SecretBytes passphrase)
    {
        var file = PassphraseFile.Open(path, PassphraseFileKind.SoftwareModule, passphrase, out var bytes);
        try
        {
            return new SoftwareModuleFile(path, file, ModuleContent.Read(bytes.Span));
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
        Save(new ModuleContent(_keys, center, _next));
        // What was told counts from what was brought: whoever brings the center anew means these keys.
        File.Delete(CenterKeysPath);
        (Center, _centerKeys) = (center, null);
    }

    /// <summary>Takes the TLS client certificate with its key, and saves.</summary>
    /// <param name="pkcs12">PKCS#12 without a password; copied. Empty takes it away.</param>
    /// <param name="certificateSha256">SHA-256 of the certificate's DER, 32 bytes; empty without TLS.</param>
    /// <exception cref="ArgumentException">The hash does not have 32 bytes, or only one of both is empty.</exception>
    /// <exception cref="IOException">It could not be saved.</exception>
    public void UseTlsClient(ReadOnlySpan<byte> pkcs12, ByteString certificateSha256)
    {
        if (certificateSha256.Length != (pkcs12.IsEmpty ? 0 : 32)) throw new ArgumentException("A certificate comes with its SHA-256 of 32 bytes.", nameof(certificateSha256));
        var taken = _keys with { Identity = Identity with { TlsCertificate = certificateSha256 }, TlsClient = SecretBytes.Copy(pkcs12) };
        Save(new ModuleContent(taken, Center, _next));
        _keys.TlsClient.Dispose();
        _keys = taken;
    }

    /// <summary>Seals the file under a new passphrase. Copies of the file from before open with the old one still.</summary>
    /// <param name="passphrase">The new one, UTF-8, 8 bytes at least; stays the caller's.</param>
    /// <param name="cost">What guessing it is to cost; null for what it costs now.</param>
    /// <exception cref="PassphraseFileException">The passphrase is too weak, or another process changed the file.</exception>
    /// <exception cref="IOException">It could not be written; the old passphrase stands.</exception>
    public void Rewrap(SecretBytes passphrase, Argon2Cost? cost = null)
    {
        using var writer = Content.Write();
        _file.Rewrap(passphrase, writer.Written, cost);
    }

    /// <summary>
    /// The notes of the trusted center that the module keeps (<see cref="ISecureModule.Note"/>), in a file of their own beside this one:
    /// first the latest, then those
    /// that contradict it. Empty without a trusted center.
    /// </summary>
    /// <exception cref="IOException">They cannot be read.</exception>
    public IReadOnlyList<WitnessNote> Notes =>
        Center is null ? [] : [.. new WitnessFile(WitnessPath, CenterKeys()).Notes.Select(kept => kept.Note)];

    /// <summary>Which set of its center's keys was proved to the terminal last: its number, 0 for those that were brought to it.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public int CenterKeysNumber => Center is null ? 0 : CenterKeys().Number;

    private string WitnessPath => _path + ".witness";

    private string CenterKeysPath => _path + ".keys";

    /// <summary>The center by the latest keys that were proved.</summary>
    internal CenterIdentity PresentCenter => CenterKeys().Present;

    /// <summary>What the terminal knows its center's TLS certificate by, with what the center told since; in a file of its own beside this one.</summary>
    /// <exception cref="InvalidOperationException">No center is trusted yet.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public CenterCertificates OpenCertificates() =>
        new(_path + ".center", Center ?? throw new InvalidOperationException($"The module of {Identity.Id} trusts no center yet."), CenterKeys());

    /// <summary>The module itself, with copies of the keys; it outlives this file.</summary>
    /// <exception cref="InvalidOperationException">No center is trusted yet.</exception>
    /// <exception cref="IOException">The notes that it keeps cannot be read.</exception>
    public SoftwareModule OpenModule()
    {
        if (Center is null) throw new InvalidOperationException($"The module of {Identity.Id} trusts no center yet: import the center's center.json first.");
        var witness = new WitnessFile(WitnessPath, CenterKeys());
        using var writer = Content.Write();
        var copy = ModuleContent.Read(writer.Written);
        copy.Keys.TlsClient.Dispose();
        copy.Next?.Dispose();
        return new SoftwareModule(Identity, CenterKeys(), copy.Keys.Credential, copy.Keys.Agreement, witness);
    }

    /// <summary>Zeroes all keys.</summary>
    public void Dispose()
    {
        _file.Dispose();
        _keys.Dispose();
        _next?.Dispose();
    }

    /// <summary>Says only whose it is.</summary>
    public override string ToString() => $"module file of {Identity.Id}";

    private ModuleContent Content => new(_keys, Center, _next);

    /// <summary>One for the module, its notes and its certificates, as another program may have left it.</summary>
    private CenterKeyChain CenterKeys()
    {
        if (_centerKeys is null) _centerKeys = new CenterKeyChain(CenterKeysPath, Center!);
        else _centerKeys.Refresh();
        return _centerKeys;
    }

    private void Save(ModuleContent content)
    {
        using var writer = content.Write();
        _file.Replace(writer.Written);
    }
}
