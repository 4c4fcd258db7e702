using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CardIssue.Core.Primitives;
using CardIssue.Transport.Framing;
using CardIssue.Transport.Tls;

namespace CardIssue.Test.Transport;

public class TlsCertificatesTest
{
    [Test]
    public void Created_Certificate_HasSubjectValidityAndP256Key()
    {
        var from = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        using var certificate = TlsCertificates.CreateSelfSigned("CN=terminal-17", from, from.AddYears(2));
        using var key = certificate.GetECDsaPrivateKey()!;
        Assert.That(certificate.Subject, Is.EqualTo("CN=terminal-17"));
        Assert.That(certificate.NotBefore.ToUniversalTime(), Is.EqualTo(from.UtcDateTime));
        Assert.That(certificate.NotAfter.ToUniversalTime(), Is.EqualTo(from.AddYears(2).UtcDateTime));
        Assert.That(key.ExportParameters(false).Curve.Oid.Value, Is.EqualTo(ECCurve.NamedCurves.nistP256.Oid.Value));
    }

    [TestCase("")]
    [TestCase("pass phrase")]
    public void SavedAndRead_Certificate_IsTheSameWithItsKey(string password)
    {
        using var made = Lines.Certificate("terminal");
        using var pfx = TlsCertificates.ToPfx(made, password);
        using var read = TlsCertificates.FromPfx(pfx.Span, password);
        Assert.That(TlsCertificates.Sha256(read), Is.EqualTo(TlsCertificates.Sha256(made)));
        Assert.That(read.HasPrivateKey);
        Assert.That(() => TlsCertificates.FromPfx(pfx.Span, "another"), Throws.InstanceOf<CryptographicException>());
    }

    [Test]
    public void ValidityBackwards_Creating_IsACallersFault() =>
        Assert.That(() => TlsCertificates.CreateSelfSigned("CN=x", DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch), Throws.ArgumentException);

    [Test]
    public void PinsOutOfShape_AreACallersFault()
    {
        Assert.That(() => TlsTrust.Pinned(), Throws.ArgumentException);
        Assert.That(() => TlsTrust.Pinned(ByteString.FromHex("00")), Throws.ArgumentException);
    }

    [TestCase(nameof(LineOptions.KeepAliveInterval))]
    [TestCase(nameof(LineOptions.SilenceLimit))]
    [TestCase(nameof(LineOptions.FrameTimeout))]
    [TestCase(nameof(LineOptions.SendTimeout))]
    [TestCase(nameof(LineOptions.ConnectTimeout))]
    [TestCase(nameof(LineOptions.HandshakeTimeout))]
    [TestCase(nameof(LineOptions.CloseTimeout))]
    public void TimeOutOfRange_Validate_NamesTheOption(string name)
    {
        foreach (var bad in new[] { TimeSpan.Zero, TimeSpan.FromTicks(-1), TimeSpan.FromDays(2) })
        {
            var options = new LineOptions();
            typeof(LineOptions).GetProperty(name)!.SetValue(options, bad);
            Assert.That(options.Validate, Throws.ArgumentException.With.Message.Contain(name));
        }
    }

    [Test]
    public void CapsAndLimitsOutOfRange_Validate_NameTheOption()
    {
        Assert.That(new LineOptions { Backlog = 0 }.Validate, Throws.ArgumentException.With.Message.Contain("Backlog"));
        Assert.That(new LineOptions { MaxPendingHandshakes = 0 }.Validate, Throws.ArgumentException.With.Message.Contain("MaxPendingHandshakes"));
        Assert.That(new LineOptions { MaxLinesPerAddress = 0 }.Validate, Throws.ArgumentException.With.Message.Contain("MaxLinesPerAddress"));
        Assert.That(new LineOptions { SilenceLimit = TimeSpan.FromSeconds(20) }.Validate, Throws.ArgumentException.With.Message.Contain("KeepAliveInterval"));
        Assert.That(new LineOptions().Validate, Throws.Nothing);
    }
}
