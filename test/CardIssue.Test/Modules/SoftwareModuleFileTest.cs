using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Modules;

namespace CardIssue.Test.Modules;

public class SoftwareModuleFileTest
{
    [Test]
    public void AFile_IsOpenedAgain_HasItsKeysCenterAndTlsClient()
    {
        using var counter = new Counter();
        using var passphrase = SecretBytes.Copy(Counter.Passphrase.Span);
        var path = Path.Combine(counter.Folder, "T-1");
        using (var file = SoftwareModuleFile.Open(path, passphrase)) file.UseTlsClient([1, 2, 3], ByteString.Own(new byte[32]));
        using var again = SoftwareModuleFile.Open(path, passphrase);
        Assert.That(again.Identity, Is.EqualTo(counter.Module.Identity with { TlsCertificate = ByteString.Own(new byte[32]) }));
        Assert.That(again.Center, Is.EqualTo(counter.Vault.Identity));
        Assert.That(again.TlsClient.ToArray(), Is.EqualTo(new byte[] { 1, 2, 3 }));
        using var module = again.OpenModule();
        counter.Admit(module);
    }

    [Test]
    public void NoCenterIsTrusted_AModuleIsAsked_SaysWhatToDo()
    {
        using var counter = new Counter();
        using var passphrase = SecretBytes.Copy(Counter.Passphrase.Span);
        using var file = SoftwareModuleFile.Create(Path.Combine(counter.Folder, "new"), passphrase, new TerminalId("T-3"), 2, Keys.PassphraseFileTest.Cheapest);
        Assert.That(file.OpenModule, Throws.InvalidOperationException.With.Message.Contains("center.json"));
        Assert.That(file.Identity.KeyVersion, Is.EqualTo(2));
    }

    [Test]
    public void ThePassphrase_IsWrong_NothingOpens()
    {
        using var counter = new Counter();
        using var wrong = SecretBytes.Copy("not the passphrase"u8);
        Assert.That(() => SoftwareModuleFile.Open(Path.Combine(counter.Folder, "T-1"), wrong),
            Throws.InstanceOf<PassphraseFileException>().With.Property("Fault").EqualTo(PassphraseFault.WrongPassphraseOrDamaged));
        Assert.That(() => SoftwareModuleFile.Open(counter.VaultPath, wrong), Throws.InstanceOf<PassphraseFileException>().With.Message.Contains("CenterVault"));
    }
}
