using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.Terminal.Modules;

/// <summary>One set of a terminal's keys.</summary>
/// <param name="Identity">Its public half.</param>
/// <param name="Credential">Signs admissions.</param>
/// <param name="Agreement">Agrees with the center's.</param>
/// <param name="TlsClient">PKCS#12 of the TLS client certificate, without a password; empty without TLS.</param>
internal sealed record ModuleKeys(TerminalIdentity Identity, P256PrivateKey Credential, P256PrivateKey Agreement, SecretBytes TlsClient)
    : IDisposable
{
    public static ModuleKeys Generate(TerminalId terminal, int version, ReadOnlySpan<byte> pkcs12, ByteString certificateSha256)
    {
        var (credential, agreement) = (P256PrivateKey.Generate(), P256PrivateKey.Generate());
        var identity = new TerminalIdentity(terminal, credential.PublicKey, agreement.PublicKey, version, certificateSha256);
        return new ModuleKeys(identity, credential, agreement, SecretBytes.Copy(pkcs12));
    }

    public void Dispose()
    {
        Credential.Dispose();
        Agreement.Dispose();
        TlsClient.Dispose();
    }

    public override string ToString() => $"keys of {Identity.Id}, version {Identity.KeyVersion}";
}

/// <summary>What a module's file holds.</summary>
/// <param name="Keys">The keys that the module works with.</param>
/// <param name="Center">The center that it trusts; null until there is one.</param>
/// <param name="Next">The keys that are to follow them; null when none are prepared.</param>
internal readonly record struct ModuleContent(ModuleKeys Keys, CenterIdentity? Center, ModuleKeys? Next)
{
    private const int Layout = 1, LayoutWithNext = 2;

    /// <summary>
    /// Layout 1: its number, terminal id, key version, credential key, agreement key, SHA-256 of the TLS certificate, PKCS#12, center.json
    /// or nothing. Layout 2: the same, then of the next keys version, credential key, agreement key, SHA-256 and PKCS#12.
    /// </summary>
    public SecretWriter Write()
    {
        var writer = new SecretWriter();
        writer.Number(Next is null ? Layout : LayoutWithNext);
        writer.Text(Keys.Identity.Id.Value);
        Write(writer, Keys);
        writer.Bytes(Center?.Write());
        if (Next is not null) Write(writer, Next);
        return writer;
    }

    /// <exception cref="FormatException">It is of a newer program.</exception>
    public static ModuleContent Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new SecretReader(bytes);
        var layout = reader.Number();
        if (layout is not (Layout or LayoutWithNext)) throw new FormatException("The module's file was written by a newer program.");
        var terminal = new TerminalId(reader.Text());
        var keys = Read(ref reader, terminal);
        var center = reader.Bytes();
        var next = layout == LayoutWithNext ? Read(ref reader, terminal) : null;
        reader.End();
        return new ModuleContent(keys, center.IsEmpty ? null : CenterIdentity.Read(center), next);
    }

    private static void Write(SecretWriter writer, ModuleKeys keys)
    {
        writer.Number(keys.Identity.KeyVersion);
        keys.Credential.WriteTo(writer);
        keys.Agreement.WriteTo(writer);
        writer.Bytes(keys.Identity.TlsCertificate.Span);
        writer.Bytes(keys.TlsClient.Span);
    }

    private static ModuleKeys Read(ref SecretReader reader, TerminalId terminal)
    {
        var version = reader.Number();
        var credential = P256PrivateKey.FromNumber(reader.Bytes());
        var agreement = P256PrivateKey.FromNumber(reader.Bytes());
        var certificate = ByteString.Copy(reader.Bytes());
        var tlsClient = SecretBytes.Copy(reader.Bytes());
        return new ModuleKeys(new TerminalIdentity(terminal, credential.PublicKey, agreement.PublicKey, version, certificate), credential,
            agreement, tlsClient);
    }
}
