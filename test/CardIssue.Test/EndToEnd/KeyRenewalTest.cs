using System.Net;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Enrolment;
using CardIssue.Terminal.Modules;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Keys;

namespace CardIssue.Test.EndToEnd;

/// <summary>A terminal renews its keys over its own line; both sets are good until it first comes with the next.</summary>
[TestFixture, Parallelizable]
public sealed class KeyRenewalTest
{
    private static readonly ByteString Next = Bytes(0x2B), OfCenter = Bytes(0xCE);

    [TestCase(true)]
    [TestCase(false)]
    public async Task Renewed_CutBeforeTheAnswer_NothingIsLost_AndTheOldKeysEndWithTheFirstUseOfTheNext(bool withTls)
    {
        await using var shop = await OpenAsync(withTls);
        using var before = shop.Module.OpenModule();
        shop.Module.PrepareNextKeys(withTls ? [2] : [], withTls ? Next : default);
        var next = shop.Module.NextIdentity!;

        await using (var cut = await LineAsync(shop, shop.Module.Identity))
        {
            using var key = shop.Module.OpenRenewal();
            var asked = shop.Module.AskRenewal(new EnrolmentTranscript(next, Bytes(1), cut.Peer.OwnCertificate, cut.Peer.PeerCertificate),
                key);
            await cut.SendAsync(MessageCodec.Encode(asked), default);
        }
        await shop.LogsAsync(row => row.Entry.Kind == "TerminalKeysRenewed" && row.Entry.Terminal == Shop.TerminalName);
        Assert.That(shop.Module.NextIdentity, Is.EqualTo(next), "it heard nothing, and asks again with the same");
        await AdmittedAsync(shop, before);

        await using (var line = await LineAsync(shop, shop.Module.Identity))
            Assert.That((await TerminalEnrolment.RenewAsync(line, shop.Module)).Fault, Is.EqualTo(EnrolmentFault.None));
        Assert.That((shop.Module.Identity, shop.Module.NextIdentity), Is.EqualTo((next, (TerminalIdentity?)null)));
        await AdmittedAsync(shop, before);

        using var after = shop.Module.OpenModule();
        await AdmittedAsync(shop, after);
        await shop.LogsAsync(row => row.Entry.Kind == "TerminalKeysTaken"
            && row.Entry.Detail.Contains("\"keyVersion\":2", StringComparison.Ordinal));
        await using (var line = await LineAsync(shop, before.Identity))
            Assert.That(await RawAccess.AskAsync(line, before, shop.Vault.Identity.Id, new LineNumber(7)),
                Is.EqualTo(new Refused(RefusalCode.NotKnown)));
        Assert.That(await shop.Registry.KnowsCertificateAsync(Next), Is.EqualTo(withTls));
        Assert.That(await shop.Registry.KnowsCertificateAsync(ShopLine.TerminalCertificate), Is.False);
        Assert.That((await shop.Log.VerifyAsync()).IsOk, Is.True);
    }

    [Test]
    public async Task RenewedTerminal_IssuesACardInModuleMode()
    {
        await using var shop = await OpenAsync(withTls: false);
        shop.Module.PrepareNextKeys([], default);
        await using (var line = await LineAsync(shop, shop.Module.Identity)) await TerminalEnrolment.RenewAsync(line, shop.Module);
        await shop.OrderAsync("o-1", Products.EndToEnd(mode: "module"));
        shop.StartTerminal();
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
    }

    /// <summary>Who has one of the two keys, or neither, or another terminal's line, renews nothing.</summary>
    [Test]
    public async Task WrongKeys_Refused_AndTheNextOnesAreNotKnown()
    {
        await using var shop = await OpenAsync(withTls: true);
        shop.Module.PrepareNextKeys([2], Next);
        EnrollTerminal right;
        await using (var line = await LineAsync(shop, shop.Module.Identity))
        {
            using var key = shop.Module.OpenRenewal();
            right = shop.Module.AskRenewal(new EnrolmentTranscript(shop.Module.NextIdentity!, Bytes(1), line.Peer.OwnCertificate,
                line.Peer.PeerCertificate), key);
        }
        foreach (var (wrong, why) in new (EnrollTerminal, string)[]
        {
            (right with { Signature = Spoilt(right.Signature) }, "signature does not fit"),
            (right with { Confirmation = Spoilt(right.Confirmation) }, "agreement key does not"),
            (right with { CredentialKey = right.AgreementKey }, "signature does not fit"),
            (right with { Signature = default }, "no enrolment code"),
            (right with { Terminal = new TerminalId("T-9") }, "UnknownTerminal"),
        })
        {
            await using var line = await LineAsync(shop, shop.Module.Identity);
            await line.SendAsync(MessageCodec.Encode(wrong), default);
            Assert.That(await RawAccess.NextAsync(line), Is.EqualTo(new Refused(RefusalCode.NotKnown)), why);
            await shop.LogsAsync(row => row.Entry.Kind == "Refusing" && row.Entry.Detail.Contains(why, StringComparison.Ordinal));
        }
        await using (var line = await LineAsync(shop, shop.Module.NextIdentity!))
        {
            await line.SendAsync(MessageCodec.Encode(right), default);
            Assert.That(await RawAccess.NextAsync(line), Is.EqualTo(new Refused(RefusalCode.NotKnown)),
                "with the next certificate, that nobody knows");
        }
        Assert.That((await shop.Registry.GetAsync(Shop.TerminalName))!.Next, Is.Null);
    }

    [Test]
    public void PreparedKeys_AreThereAfterARestart_AndStayThoseThatTheyAre()
    {
        var folder = Directory.CreateTempSubdirectory("cardissue-renewal-").FullName;
        using var passphrase = SecretBytes.Copy("correct horse battery"u8);
        var path = Path.Combine(folder, "module");
        TerminalIdentity next;
        using (var module = SoftwareModuleFile.Create(path, passphrase, new TerminalId("T-1"), 4, PassphraseFileTest.Cheapest))
        {
            Assert.That(module.PrepareNextKeys([2], Next), Is.True);
            next = module.NextIdentity!;
        }
        using (var again = SoftwareModuleFile.Open(path, passphrase))
        {
            Assert.That((again.NextIdentity, again.PrepareNextKeys([3], Bytes(3))), Is.EqualTo((next, false)));
            Assert.That((next.KeyVersion, next.TlsCertificate), Is.EqualTo((5, Next)));
            again.TakeNextKeys();
        }
        using (var after = SoftwareModuleFile.Open(path, passphrase)) Assert.That((after.Identity, after.NextIdentity),
            Is.EqualTo((next, (TerminalIdentity?)null)));
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<Shop> OpenAsync(bool withTls)
    {
        var shop = await Shop.OpenAsync(line: ShopLine.Loopback(7, withTls));
        await shop.StopTerminalAsync();
        if (!withTls) return shop;
        shop.Vault.UseTlsServer([1], OfCenter);
        shop.Module.TrustCenter(shop.Vault.Identity);
        shop.Module.UseTlsClient([1], ShopLine.TerminalCertificate);
        return shop;
    }

    private static async Task AdmittedAsync(Shop shop, SoftwareModule module)
    {
        await using var line = await LineAsync(shop, module.Identity);
        Assert.That(await RawAccess.AskAsync(line, module, shop.Vault.Identity.Id, new LineNumber(7)), Is.InstanceOf<Admitted>());
    }

    private static ValueTask<ILine> LineAsync(Shop shop, TerminalIdentity who) =>
        shop.Listener.CreateConnector(IPAddress.Loopback, who.TlsCertificate).ConnectAsync(default);

    private static ByteString Spoilt(ByteString bytes) => ByteString.Own([(byte)(bytes.Span[0] ^ 1), .. bytes.Span[1..]]);

    private static ByteString Bytes(byte value) => ByteString.Own([.. Enumerable.Repeat(value, 32)]);
}
