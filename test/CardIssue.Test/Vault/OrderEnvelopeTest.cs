using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CardIssue.Center.Vault;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Test.Keys;
using CardIssue.Test.Parts;

namespace CardIssue.Test.Vault;

/// <summary>What OpenSSL encrypts to a key of the vault, and what does not open.</summary>
[Parallelizable(ParallelScope.All), FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class OrderEnvelopeTest : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cardissue-envelope-").FullName;
    private readonly FileKeyVault _vault;
    private readonly byte[] _content = [.. Enumerable.Range(0, 30_000).SelectMany(i => Encoding.ASCII.GetBytes($"order {i}\n"))];

    public OrderEnvelopeTest()
    {
        using var passphrase = SecretBytes.Copy("correct horse battery"u8);
        _vault = FileKeyVault.Create(Path.Combine(_folder, "vault"), passphrase, new CenterId("C-1"), PassphraseFileTest.Cheapest);
        File.WriteAllBytes(At("content"), _content);
        Make();
    }

    public void Dispose()
    {
        _vault.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [TestCase("-outform", "DER")]
    [TestCase("-outform", "DER", "-stream")]
    [TestCase("-outform", "SMIME")]
    [TestCase("-outform", "PEM")]
    [TestCase("-outform", "DER", "-keyid")]
    [TestCase("-outform", "DER", "-recip", "1.pem", "-keyopt", "ecdh_kdf_md:sha256")]
    public async Task WhatOpenSslEncrypts_Opened_IsTheContent(params string[] how)
    {
        var recipient = how.Contains("-recip") ? Array.Empty<string>() : ["1.pem"];
        var bytes = await EncryptAsync([.. how.Select(word => word == "1.pem" ? At(word) : word)], [.. recipient]);
        Assert.That(OrderEnvelope.Is(bytes.AsSpan(0, OrderEnvelope.StartLength)), Is.True);
        Assert.That(Open(bytes), Is.EqualTo(_content));
    }

    [Test]
    public async Task SeveralRecipients_Opened_OneOfThemIsTheCenters()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=other", other, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await File.WriteAllTextAsync(At("other.pem"), certificate.ExportCertificatePem());
        Assert.That(Open(await EncryptAsync(["-outform", "DER"], "other.pem", "1.pem")), Is.EqualTo(_content));
        var stranger = await EncryptAsync(["-outform", "DER"], "other.pem");
        Assert.That(() => Open(stranger), Throws.InstanceOf<OrderEnvelopeException>());
    }

    [Test]
    public async Task KeyRotated_OlderOnesStillOpen_UntilTheyAreDestroyed()
    {
        var first = await EncryptAsync(["-outform", "DER"], "1.pem");
        Make();
        var second = await EncryptAsync(["-outform", "DER"], "2.pem");
        Assert.That(_vault.DestroyOrderFileKey(2), Is.False, "the newest");
        Assert.That((Open(first), Open(second)), Is.EqualTo((_content, _content)));
        var fingerprint = _vault.OrderFileKeys[0].Fingerprint;
        foreach (var deed in new KeyDeed[] { new KeyDeed.DestroyOrderFileKey(2, fingerprint), new KeyDeed.DestroyOrderFileKey(1, _vault.OrderFileKeys[1].Fingerprint),
            new KeyDeed.Destroy("orders", 1, fingerprint) })
            Assert.That(_vault.DestroyOrderFileKey(1, new KeyApproval(deed)), Is.False, $"agreed on {deed}");
        Assert.That(Open(first), Is.EqualTo(_content));
        Assert.That(_vault.DestroyOrderFileKey(1), Is.True);
        Assert.That(() => Open(first), Throws.InstanceOf<OrderEnvelopeException>());
        using var passphrase = SecretBytes.Copy("correct horse battery"u8);
        using var again = FileKeyVault.Open(Path.Combine(_folder, "vault"), passphrase);
        Assert.That(again.OrderFileKeys.Select(key => key.Version), Is.EqualTo(new[] { 2 }));
        Assert.That(Open(second, keys: again), Is.EqualTo(_content));
    }

    [Test]
    public async Task ChangedAnywhereOrCutOff_Opened_ThrowsTheSame()
    {
        var whole = await EncryptAsync(["-outform", "DER"], "1.pem");
        var random = new Random(7);
        var messages = new HashSet<string>();
        for (var i = 0; i < 60; i++)
        {
            var bytes = whole.ToArray();
            // Half of the places among recipients and algorithms; the version of a structure decides nothing.
            var at = i % 2 == 0 ? random.Next(30, 700) : random.Next(bytes.Length);
            if (i % 10 == 9) bytes = bytes[..at];
            else bytes[at] ^= (byte)(1 << random.Next(8));
            try
            {
                Assert.That(Open(bytes), Is.EqualTo(_content), $"a byte that decides nothing, {at}");
            }
            catch (OrderEnvelopeException error)
            {
                messages.Add(error.Message);
            }
        }
        Assert.That(messages, Has.Count.EqualTo(1));
        var last = whole.ToArray();
        last[^1] ^= 1;
        Assert.That(() => Open(last), Throws.InstanceOf<OrderEnvelopeException>());
        last = whole.ToArray();
        last[whole.Length / 2] ^= 1;
        Assert.That(() => Open(last), Throws.InstanceOf<OrderEnvelopeException>());
    }

    [Test]
    public async Task EncryptionThatShowsNoChange_Opened_OnlyWhereItIsAskedFor()
    {
        var bytes = await EncryptAsync(["-outform", "DER", "-aes-256-cbc"], "1.pem");
        Assert.That(() => Open(bytes), Throws.InstanceOf<OrderEnvelopeException>());
        using var content = OrderEnvelope.Open(new MemoryStream(bytes), _vault, allowCbc: true);
        Assert.That(content.IsAuthenticated, Is.False);
        var other = await EncryptAsync(["-outform", "DER", "-aes-128-gcm"], "1.pem");
        Assert.That(() => Open(other), Throws.InstanceOf<OrderEnvelopeException>());
    }

    [Test]
    public async Task Text_EncryptedByItself_OpensOrIsNull()
    {
        await File.WriteAllTextAsync(At("content"), "0412AC89ABCDEF67");
        var text = Convert.ToBase64String(await EncryptAsync(["-outform", "DER"], "1.pem"));
        Assert.That(OrderEnvelope.OpenText(text, _vault), Is.EqualTo("0412AC89ABCDEF67"));
        Assert.That(OrderEnvelope.OpenText(text[..^8], _vault), Is.Null);
        Assert.That(OrderEnvelope.OpenText("x", _vault), Is.Null);
    }

    [Test]
    public void Certificate_Read_IsForKeyAgreement_AndIssuedByTheCenter()
    {
        using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(At("1.pem")));
        Assert.That(certificate.Subject, Is.EqualTo("CN=CardIssue C-1 orders 1"));
        Assert.That(certificate.Extensions.OfType<X509KeyUsageExtension>().Single().KeyUsages, Is.EqualTo(X509KeyUsageFlags.KeyAgreement));
        Assert.That(certificate.Issuer, Is.EqualTo("CN=CardIssue C-1"));
        using var key = certificate.GetECDiffieHellmanPublicKey();
        Assert.That(key, Is.Not.Null);
    }

    private void Make()
    {
        var made = _vault.MakeOrderFileKey(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(30));
        File.WriteAllText(At($"{made.Version}.pem"), PemEncoding.WriteString("CERTIFICATE", made.Certificate.Span));
    }

    private byte[] Open(byte[] bytes, IOrderFileKeys? keys = null)
    {
        using var content = OrderEnvelope.Open(new MemoryStream(bytes), keys ?? _vault);
        using var plain = new MemoryStream();
        content.CopyTo(plain);
        return plain.ToArray();
    }

    private async Task<byte[]> EncryptAsync(string[] how, params string[] recipients)
    {
        Part.Require("openssl", "openssl");
        string[] cipher = how.Any(word => word.StartsWith("-aes", StringComparison.Ordinal)) ? [] : ["-aes-256-gcm"];
        var (code, said) = await Part.RunAsync(new Dictionary<string, string>(), "openssl",
            ["cms", "-encrypt", "-binary", .. cipher, "-in", At("content"), "-out", At("out"), .. how, .. recipients.Select(At)]);
        Assert.That(code, Is.Zero, said);
        return await File.ReadAllBytesAsync(At("out"));
    }

    private string At(string name) => Path.Combine(_folder, name);
}
