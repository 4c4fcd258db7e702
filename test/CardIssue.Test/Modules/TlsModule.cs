using System.Text;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Modules;
using CardIssue.Test.Keys;
using CardIssue.Transport.Tls;

namespace CardIssue.Test.Modules;

/// <summary>What <c>module init</c> makes, at the least cost of a passphrase that is allowed: the default takes seconds, each time it is opened.</summary>
internal static class TlsModule
{
    /// <summary>A module's file with a TLS certificate of its own, and beside it the terminal's file, for the center.</summary>
    /// <param name="path">The module's file.</param>
    /// <param name="terminal">The terminal's file.</param>
    /// <param name="id">The terminal's name.</param>
    /// <param name="center">The center's file.</param>
    /// <param name="passphrase">At least eight characters.</param>
    public static SoftwareModuleFile Create(string path, string terminal, string id, string center, string passphrase)
    {
        using var secret = SecretBytes.Copy(Encoding.ASCII.GetBytes(passphrase));
        var module = SoftwareModuleFile.Create(path, secret, new TerminalId(id), 1, PassphraseFileTest.Cheapest);
        module.TrustCenter(CenterIdentity.Read(File.ReadAllBytes(center)));
        var now = DateTimeOffset.UtcNow;
        using var certificate = TlsCertificates.CreateSelfSigned($"CN={id}", now.AddMinutes(-5), now.AddDays(1));
        using var pkcs12 = TlsCertificates.ToPfx(certificate, []);
        module.UseTlsClient(pkcs12.Span, TlsCertificates.Sha256(certificate));
        File.WriteAllBytes(terminal, module.Identity.Write());
        return module;
    }
}
