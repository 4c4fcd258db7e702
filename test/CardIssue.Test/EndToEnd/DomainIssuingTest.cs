using System.Text;
using System.Text.Json.Nodes;
using CardIssue.Center.Vault;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.SecureChannel.Opening;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Modules;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Crypto;
using CardIssue.Testing.Cards.State;
using CardKeySet = CardIssue.Testing.Cards.State.CardKeySet;

namespace CardIssue.Test.EndToEnd;

/// <summary>
/// A card that gets a partner's security domain: installed, given the partner's keys, given an application, all through the issuer's
/// channel; with real parts, SCP02 and SCP03, in both key modes, cut at every command. The partner then opens it with keys that the issuer
/// never used, and nobody opens it with the issuer's.
/// </summary>
[TestFixture, Parallelizable(ParallelScope.All)]
public sealed class DomainIssuingTest
{
    /// <summary>
    /// The first command of the record that installs the domain, for what comes before is every card's; that of the one with the keys; and
    /// more than an issue with one reopening has.
    /// </summary>
    private const int FromDomain = 9, FromKeys = 12, MostCommands = 60;

    private const string Domain = "A00000015153504101", LoadFile = "A0000001515350", Module = "A000000151535041";
    private const byte PartnerVersion = 0x41;

    private static readonly ByteString PartnerMaster = ByteString.FromHex("707172737475767778797A7B7C7D7E7F");

    /// <summary>A product with a partner's domain.</summary>
    internal static string Product(string mode, bool is02, string repeat = "\"repeatable\"")
    {
        const string card = "{ \"scope\": \"issuerSecurityDomain\", \"aid\": \"A000000151000000\" }";
        const string domain = "{ \"lifeCycle\": { \"scope\": \"applications\", \"aid\": \"" + Domain + "\" }, \"done\": { \"state\": \"0F\" }";
        var keys = repeat.Contains("look", StringComparison.Ordinal)
            ? $$""" "repeat": "lookFirst", "look": [ {{domain}}, "notDone": { "state": "07" } } ], """ : $$""" "repeat": {{repeat}}, """;
        return $$"""
            {
              "name": "partner-{{mode}}", "version": 1, "profile": "globalplatform", "mode": "{{mode}}",
              "keySet": "issuer", "keyVersion": "30", "diversification": "{{(is02 ? "emvCps" : "kdf3")}}", "scp": "{{(is02 ? "02" : "03")}}",
              "identity": ["assigned"], "securityLevel": "{{(is02 ? "13" : "33")}}", "securityDomain": "A000000151000000",
              "storeData": { "plainP1": "10", "encryptedP1": "70" },
              "securityDomains": [ {
                "name": "partner", "aid": "{{Domain}}", "keySet": "partner", "keyVersion": "{{PartnerVersion:X2}}",
                "diversification": "{{(is02 ? "visa2" : "kdf3")}}"
              } ],
              "records": [
                { "name": "number", "proof": "cardMac", "repeat": "repeatable", "items": [ { "tag": "DF01", "hex": "0102" } ] },
                { "name": "domain", "proof": "cardMac", "repeat": "repeatable", "items": [ {
                  "install": "{{Domain}}", "loadFile": "{{LoadFile}}", "module": "{{Module}}", "privileges": "80", "whenThere": "accept" } ] },
                { "name": "keys", "proof": "cardState", {{keys}} "items": [ { "domainKeys": "partner" } ], "checks": [ {{domain}} } ] },
                { "name": "more", "proof": "cardMac", "repeat": "repeatable", "items": [ { "tag": "DF02", "hex": "0304" } ] },
                { "name": "give", "proof": "cardMac", "repeat": "repeatable",
                  "items": [ { "extradite": "{{Products.Application}}", "securityDomain": "{{Domain}}" } ] }
              ],
              "close": { "status": { "scope": "card", "aid": "A000000151000000", "state": "0F" } },
              "closeLook": [ { "lifeCycle": {{card}}, "done": { "state": "0F" }, "notDone": { "state": "07" } } ]
            }
            """;
    }

    private static async Task<Shop> OpenShopAsync(bool is02)
    {
        var shop = await Shop.OpenAsync();
        var algorithm = is02 ? CardKeyAlgorithm.TripleDes : CardKeyAlgorithm.Aes128;
        Counter.ImportMaster(shop.Vault, "issuer", 0x30, Counter.Master, algorithm);
        Counter.ImportMaster(shop.Vault, "partner", PartnerVersion, PartnerMaster, algorithm);
        return shop;
    }

    private static CardSimulator Card(uint serial, bool is02)
    {
        var keys = CardKeySet.Derive(0x30, is02 ? Diversification.Emv : Diversification.Kdf3, Counter.Master.Span, CardProfile.Kdd(serial).Span,
            is02 ? CardKeyType.Des : CardKeyType.Aes);
        return CardSimulator.Create(CardProfile.BlankEmv(serial, [keys]) with
        {
            Scp = is02 ? CardState.Scp02 : CardState.Scp03, ScpParameter = is02 ? (byte)0x75 : (byte)0x70,
            LifeCycle = CardLifeCycle.Initialized,
        });
    }

    [TestCase("endToEnd", false, CutMoment.BeforeResponse, "repeatable", FromDomain)]
    [TestCase("module", false, CutMoment.BeforeExecution, "lookFirst", FromKeys)]
    [TestCase("endToEnd", true, CutMoment.BeforeExecution, "repeatable", FromKeys)]
    [TestCase("module", true, CutMoment.BeforeResponse, "lookFirst", FromDomain)]
    public async Task PowerCut_AtAnyCommand_ThePartnerHasItsDomain_AndNobodyElse(
        string mode, bool is02, CutMoment moment, string repeat, int from)
    {
        await using var shop = await OpenShopAsync(is02);
        var product = Product(mode, is02, $"\"{repeat}\"");
        for (var at = from; at <= MostCommands; at++)
        {
            var (order, serial) = ($"o-{at}", (uint)at);
            await shop.OrderAsync(order, product, new Dictionary<string, string>());
            var card = Card(serial, is02);
            card.CutPower(new PowerCut(at, moment));
            shop.Reader.Insert(card);
            var outcome = await shop.IssueAsync(order);
            Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), $"cut at command {at}: {outcome.Detail}");
            shop.Reader.Remove();
            card.CutPower(null);
            ThatIs(card, serial, is02, $"cut at command {at}");
            if (card.Commands < at) return;
        }
        Assert.Fail("The issue never came to its end without a cut.");
    }

    /// <summary>A card that was issued without gets the domain by a rewrite, once: its keys are put once, whatever brings them.</summary>
    [Test]
    public async Task IssuedCard_GetsTheDomainByARewrite_AndNotTwice()
    {
        await using var shop = await OpenShopAsync(is02: false);
        var product = JsonNode.Parse(Product("endToEnd", false))!.AsObject();
        var records = product["records"]!.AsArray();
        var (before, end) = (product["closeLook"]![0]!.DeepClone().AsObject(), product["closeLook"]!.DeepClone().AsArray());
        before.Remove("notDone");
        end[0]!.AsObject().Remove("notDone");
        product["records"] = new JsonArray(records[0]!.DeepClone());
        product["rewrites"] = new JsonArray(new JsonObject
        {
            ["name"] = "partner", ["before"] = new JsonArray(before), ["closeLook"] = end,
            ["records"] = new JsonArray([.. records.Skip(1).Select(record => record!.DeepClone())]),
        });
        var text = product.ToJsonString();
        await shop.OrderAsync("i-1", text, new Dictionary<string, string>());
        var card = Card(1, is02: false);
        shop.Reader.Insert(card);
        Assert.That((await shop.IssueAsync("i-1")).Ending, Is.EqualTo(IssueEnding.Issued));
        shop.Reader.Remove();
        Assert.That(card.State.Find(ByteString.FromHex(Domain)), Is.Null);
        Assert.That(await shop.OrderRewriteAsync("r-1", text, "partner", "i-1", []), Is.Null);

        Assert.That(await shop.OrderRewriteAsync("r-2", text, "partner", "i-1", []),
            Does.EndWith("security domain partner has, or had, keys partner 41: they are put once"));
        shop.Reader.Insert(card);
        var rewritten = await shop.IssueAsync("r-1");

        Assert.That(rewritten.Ending, Is.EqualTo(IssueEnding.Issued), rewritten.Detail);
        ThatIs(card, 1, is02: false, "");
    }

    /// <summary>A card that was begun must get the keys, so nothing is taken in for a product whose keys are not there.</summary>
    [Test]
    public async Task KeysThatTheVaultLacks_OrThatAreTheIssuers_AreNamed()
    {
        await using var shop = await Shop.OpenAsync();
        var product = CardProductFile.Read(Encoding.UTF8.GetBytes(Product("endToEnd", false)), "p").Product!;
        Counter.ImportMaster(shop.Vault, "issuer", 0x30, Counter.Master);
        Assert.That(shop.Vault.LackOf(product), Does.Contain("no key partner of version 41"));
        Counter.ImportMaster(shop.Vault, "partner", PartnerVersion, Counter.Master);
        Assert.That(shop.Vault.LackOfDomainKeys(product), Does.StartWith("Key partner 41 of security domain partner is the issuer's itself"));
        var other = product with { SecurityDomains = [product.SecurityDomains[0] with { KeySet = "theirs" }] };
        Counter.ImportMaster(shop.Vault, "theirs", PartnerVersion, PartnerMaster);
        Assert.That(shop.Vault.LackOf(other), Is.Null);
    }

    private static void ThatIs(CardSimulator card, uint serial, bool is02, string because)
    {
        var domain = card.State.Find(ByteString.FromHex(Domain))!;
        Assert.That(domain.LifeCycle, Is.EqualTo(CardApplication.Personalized), because);
        Assert.That(card.State.Find(ByteString.FromHex(Products.Application))!.Domain, Is.EqualTo(domain.Aid), because);
        Assert.That(card.State.Data[0xDF02], Is.EqualTo(ByteString.FromHex("0304")), because);
        Assert.That((card.State.FailedAuthentications, domain.Keys.FailedAuthentications), Is.EqualTo((0, 0)), because);
        var partner = is02 ? KeyDiversification.Visa2 : KeyDiversification.Kdf3;
        Assert.That(Opens(card, Domain, PartnerVersion, PartnerMaster, serial, partner, is02), Is.Null, because);
        Assert.That(Opens(card, Products.Application, PartnerVersion, PartnerMaster, serial, partner, is02), Is.Null, because);
        Assert.That(Opens(card, Domain, PartnerVersion, Counter.Master, serial, partner, is02), Is.EqualTo(OpenDiagnosis.WrongCryptogram), because);
        Assert.That(Opens(card, Domain, 0x30, Counter.Master, serial, partner, is02), Is.EqualTo(OpenDiagnosis.UnknownKeyVersion), because);
    }

    /// <summary>The partner's own host: its master, the card's diversification data, and a channel with the domain; null when it opens.</summary>
    private static OpenDiagnosis? Opens(
        CardSimulator card, string aid, byte version, ByteString master, uint serial, KeyDiversification diversification, bool is02)
    {
        ResponseApdu Send(params byte[] command)
        {
            var response = card.Transmit(command);
            return new ResponseApdu(ByteString.Own(response[..^2]), (ushort)(response[^2] << 8 | response[^1]));
        }

        card.Reset();
        Assert.That(Send([0x00, 0xA4, 0x04, 0x00, (byte)(aid.Length / 2), .. Convert.FromHexString(aid), 0x00]).IsOk, Is.True);
        byte[] challenge = [1, 2, 3, 4, 5, 6, 7, 8];
        var update = Send([0x80, 0x50, version, 0x00, 0x08, .. challenge, 0x00]);
        var options = new ScpOptions(is02 ? ScpProtocol.Scp02 : ScpProtocol.Scp03, is02 ? (byte)0x75 : (byte)0x70);
        using var secret = SecretBytes.Copy(master.Span);
        using var keys = new StaticKeys(
            version, CardKeyDerivation.Derive(diversification, secret, CardProfile.Kdd(serial).Span), options.Protocol);
        var terms = new ChannelTerms(SecurityLevel.CMac) { Protocol = options.Protocol, Options = is02 ? options : null };
        var result = ChannelOpening.TryOpen(keys, version, challenge, update, terms);
        if (result is not ChannelOpenResult.Opened opened) return ((ChannelOpenResult.Refused)result).Diagnosis;
        using (opened.Session)
        {
            Assert.That(Send([.. opened.Session.ExternalAuthenticate().ToBytes().Span]).IsOk, Is.True);
            return null;
        }
    }
}
