using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CardIssue.Testing.Cards;
using CardIssue.VirtualCard.Cli;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Test.VirtualCard;

/// <summary>The PIV application that plays a secure access module (NIST SP 800-73-4 part 2), by itself and before OpenSC.</summary>
[CancelAfter(120_000)]
public class SamTests
{
    private const string SelectPiv = "00A404000BA00000030800001000010000", GetCertificate = "00CB3FFF055C035FC10100";
    private static readonly byte[] Hash = SHA256.HashData("what is to be signed"u8);

    private static string Sign(byte[] hash) => $"0087119E{hash.Length + 6:X2}7C{hash.Length + 4:X2}820081{hash.Length:X2}{Convert.ToHexString(hash)}00";

    private static (CardSimulator Card, Func<string, string> Send) Make(CardProtocol protocol = CardProtocol.T1)
    {
        var card = CardSimulator.Create(CardProfile.Sam(1, [TestCard.Keys]) with { Protocol = protocol });
        card.Reset();
        return (card, apdu => Convert.ToHexString(card.Transmit(Convert.FromHexString(apdu))));
    }

    private static bool IsSignature(CardState state, string response)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(state.Piv!.Certificate.Span);
        using var key = certificate.GetECDsaPublicKey()!;
        var der = Convert.FromHexString(response)[4..^2];
        return response.EndsWith("9000", StringComparison.Ordinal) && key.VerifyHash(Hash, der, DSASignatureFormat.Rfc3279DerSequence);
    }

    [TestCase(SelectPiv)]
    [TestCase("00A4040009A0000003080000100000")]
    [TestCase("00A4040005A00000030800")]
    public void Select_WholeOrShortenedName_AnswersWithThePropertyTemplate(string select) =>
        Assert.That(Make().Send(select), Is.EqualTo("61114F0600001000010079074F05A0000003089000"));

    [Test]
    public void GeneralAuthenticate_Hash_IsSignedByTheKeyOfTheCertificate()
    {
        var (card, send) = Make();
        send(SelectPiv);
        Assert.That(IsSignature(card.State, send(Sign(Hash))));
        var first = send(GetCertificate);
        var certificate = Convert.FromHexString(first[..^4] + send("00C00000" + first[^2..])[..^4]);
        Assert.That(certificate.AsSpan(8, card.State.Piv!.Certificate.Length).ToArray(), Is.EqualTo(card.State.Piv.Certificate.ToArray()));
        Assert.That(card.Inspect().PivPublicKey!.Value.Length, Is.EqualTo(65));
    }

    [TestCase("0087119D267C2482008120000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F00", "6A86", TestName = "another key")]
    [TestCase("0087149E267C2482008120000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F00", "6A86", TestName = "another algorithm")]
    [TestCase("0087119E087C0682008102000100", "6A80", TestName = "no hash of 32 bytes")]
    [TestCase("0087119E047C02810000", "6A80", TestName = "asks for a challenge")]
    [TestCase("0087119E0200FF00", "6A80", TestName = "no template")]
    [TestCase("00CB3FFF055C035FC10500", "6A82", TestName = "another certificate")]
    [TestCase("00CB3F00055C035FC10100", "6A86", TestName = "another file")]
    [TestCase("00CB3FFF0253000", "6A80", TestName = "no tag list")]
    [TestCase("0020008008313233343536FFFF", "6A88", TestName = "a PIN")]
    [TestCase("00FD000000", "6D00", TestName = "no such command")]
    public void Command_NotForThisCard_IsRefusedByStatusWord(string apdu, string status)
    {
        var (_, send) = Make();
        send(SelectPiv);
        Assert.That(send(apdu.Length % 2 == 0 ? apdu : apdu + "0"), Is.EqualTo(status));
    }

    [Test]
    public async Task New_ProfileSam_KeepsTheKeyAndShowsThePublicOne()
    {
        var folder = Directory.CreateTempSubdirectory("virtualcard");
        try
        {
            var file = Path.Combine(folder.FullName, "sam.json");
            using StringWriter output = new(), dump = new();
            Assert.That(await VirtualCardCommand.RunAsync(["new", "--profile", "sam", "--out", file, "--test-keys", "--json"], output, output), Is.Zero);
            Assert.That(await VirtualCardCommand.RunAsync(["dump", file, "--json"], dump, dump), Is.Zero);
            var card = CardSimulator.Open(file);
            card.Reset();
            Assert.That(output.ToString(), Does.Contain($"\"publicKey\":\"{card.State.Piv!.PublicKey}\""));
            Assert.That(dump.ToString(), Does.Contain($"\"publicKey\": \"{card.State.Piv.PublicKey}\""));
            Assert.That(output.ToString() + dump, Does.Not.Contain(card.State.Piv.PrivateKey.ToString()));
            card.Transmit(Convert.FromHexString(SelectPiv));
            Assert.That(IsSignature(card.State, Convert.ToHexString(card.Transmit(Convert.FromHexString(Sign(Hash))))));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Test]
    [NonParallelizable]
    public async Task OpenSc_PivDriver_FindsTheCertificateAndSigns([Values(PcscPath.Vpcd, PcscPath.TwinT0, PcscPath.TwinT1)] PcscPath path)
    {
        var state = CardProfile.Sam(1, [TestCard.Keys]);
        await using var bench = await PcscBench.StartAsync(path, state);
        Assert.That((await bench.RunAsync("opensc-tool", "--reader", "0", "--name")).Output, Does.Contain("Personal Identity Verification Card"));
        var (code, pem) = await bench.RunAsync("pkcs15-tool", "--reader", "0", "--read-certificate", "04");
        Assert.That(code, Is.Zero, pem);
        using var certificate = X509Certificate2.CreateFromPem(pem);
        Assert.That(certificate.RawData, Is.EqualTo(state.Piv!.Certificate.ToArray()));
        await SignsAsync(bench, certificate);
        var answers = await bench.SendAsync(SelectPiv, Sign(Hash));
        Assert.That(IsSignature(state, answers[1]));
    }

    private static async Task SignsAsync(PcscBench bench, X509Certificate2 certificate)
    {
        var folder = Directory.CreateTempSubdirectory("virtualcard");
        try
        {
            string hash = Path.Combine(folder.FullName, "hash"), signature = Path.Combine(folder.FullName, "signature");
            await File.WriteAllBytesAsync(hash, Hash);
            var (code, output) = await bench.RunAsync("pkcs15-crypt", "--reader", "0", "--sign", "--key", "04", "--raw", "--signature-format", "openssl", "--input", hash, "--output", signature);
            Assert.That(code, Is.Zero, output);
            using var key = certificate.GetECDsaPublicKey()!;
            Assert.That(key.VerifyHash(Hash, await File.ReadAllBytesAsync(signature), DSASignatureFormat.Rfc3279DerSequence), Is.True);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
