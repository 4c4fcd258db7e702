using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;
using CardIssue.Test.Modules;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Crypto;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Test.EndToEnd;

/// <summary>
/// A way to give cards own keys for their transport keys: the product, the keys in the vault, a card fresh from the factory, and the end.
/// </summary>
/// <param name="Name">For the test's name.</param>
/// <param name="Is02">SCP02 with triple DES keys; else SCP03 with AES keys.</param>
/// <param name="Put">add or replace.</param>
/// <param name="Own">The own keys' version.</param>
/// <param name="Level">The security level.</param>
/// <param name="Transport">The transport keys' version on the card.</param>
/// <param name="OneByOne">A command for each key.</param>
internal sealed record OwnKeysCase(
    string Name, bool Is02, string Put, byte Own, string Level = "33", byte Transport = 0x30, bool OneByOne = false)
{
    public static readonly ByteString OwnMaster = ByteString.FromHex("606162636465666768696A6B6C6D6E6F");

    public static readonly OwnKeysCase
        Add = new("SCP03 add", false, "add", 0x31),
        AddToFactory = new("SCP03 add to a factory's FF", false, "add", 0x01, "13", 0xFF),
        Replace = new("SCP03 replace", false, "replace", 0x31),
        ReplaceSameVersion = new("SCP03 replace, same version", false, "replace", 0x30, "13"),
        Add02 = new("SCP02 add", true, "add", 0x21, "13", 0x20),
        Replace02 = new("SCP02 replace", true, "replace", 0x21, "13", 0x20),
        ReplaceSameVersion02 = new("SCP02 replace, same version, no MAC on answers", true, "replace", 0x20, "03", 0x20),
        Add02WithoutMac = new("SCP02 add, no MAC on answers", true, "add", 0x21, "03", 0x20),
        OneByOneAdd = new("SCP03 one by one", false, "add", 0x31, OneByOne: true),
        OneByOne02 = new("SCP02 one by one", true, "add", 0x21, "13", 0x20, OneByOne: true);

    public static IEnumerable<OwnKeysCase> All { get; } =
    [
        Add, AddToFactory, Replace, ReplaceSameVersion, Add02, Replace02, ReplaceSameVersion02, Add02WithoutMac, OneByOneAdd, OneByOne02,
    ];

    private bool HasMac => Level is not "03";

    /// <summary>Data, own keys, and data after them: what is written last after a cut goes through a channel of the own keys.</summary>
    public string Product(string mode, string identity = Products.Assigned)
    {
        var text = Products.EndToEnd("own-keys", mode, identity, Is02 ? "emvCps" : "kdf3");
        var own = $$"""
            "ownKeys": {
              "keySet": "own", "keyVersion": "{{Own:X2}}", "diversification": "{{(Is02 ? "visa2" : "kdf3")}}",
              "put": "{{Put}}", "oneByOne": {{(OneByOne ? "true" : "false")}} },
            """;
        var quirks = Transport == 0xFF ? "\"quirks\": { \"answersKeyVersion\": \"FF\" }, " : "";
        text = Change(text, "\"keySet\": \"visa\", \"keyVersion\": \"30\"",
            $"{own} {quirks}\"keySet\": \"transport\", \"keyVersion\": \"{InVault:X2}\", \"scp\": \"{(Is02 ? "02" : "03")}\"");
        text = Change(text, "\"securityLevel\": \"33\"", $"\"securityLevel\": \"{Level}\"");
        text = Change(text, "{ \"startOver\": \"keys\" }", "\"repeatable\"");
        if (!HasMac) text = text.Replace("cardMac", "terminalWord", StringComparison.Ordinal);
        return Change(text, "{ \"name\": \"counters\"",
            $$"""
            { "name": "own", "proof": "{{(HasMac ? "cardMac" : "cryptogram")}}", "repeat": "lookFirst", "items": [ { "putKeys": true } ] },
            { "name": "counters"
            """);
    }

    public async Task<Shop> OpenShopAsync()
    {
        var shop = await Shop.OpenAsync();
        var algorithm = Is02 ? CardKeyAlgorithm.TripleDes : CardKeyAlgorithm.Aes128;
        Counter.ImportMaster(shop.Vault, "transport", InVault, Counter.Master, algorithm);
        Counter.ImportMaster(shop.Vault, "own", Own, OwnMaster, algorithm);
        return shop;
    }

    public CardSimulator Card(uint serial) => CardSimulator.Create(CardProfile.BlankEmv(serial, [TransportSet(serial)]) with
    {
        Scp = Is02 ? CardState.Scp02 : CardState.Scp03, ScpParameter = Is02 ? HasMac ? (byte)0x75 : (byte)0x15 : (byte)0x70,
    });

    /// <summary>The card has what the customer is to have, exactly the keys that it is to have, and no try was spent on the way.</summary>
    public void IsDone(CardSimulator card, uint serial, string because)
    {
        var application = card.Inspect().Application(Products.Application);
        Assert.That(application.IsPersonalized, Is.True, because);
        Assert.That(application.Records, Has.Count.EqualTo(2), because);
        Assert.That(application.Dgis[0x8000], Is.EqualTo(ByteString.FromHex(Products.Fields["keys"])), because);
        var keeps = Put == "add" && Transport != 0xFF;
        HasKeys(card, keeps ? [TransportSet(serial), OwnSet(serial)] : [OwnSet(serial)], because);
        Assert.That(card.State.FailedAuthentications, Is.Zero, because);
    }

    public static void HasKeys(CardSimulator card, CardKeySet[] sets, string because) => Assert.That(
        card.State.Keys.Select(key => $"{key.Key.Version:X2}.{key.Key.Id}: {Convert.ToHexString(key.Value.Span)}"),
        Is.EquivalentTo(sets.SelectMany(set => new[] { set.Enc, set.Mac, set.Dek }
            .Select((key, i) => $"{set.Version:X2}.{i + 1}: {Convert.ToHexString(key.Span)}"))),
        because);

    public CardKeySet TransportSet(uint serial) =>
        CardKeySet.Derive(
            Transport, Is02 ? Diversification.Emv : Diversification.Kdf3, Counter.Master.Span, CardProfile.Kdd(serial).Span, Type);

    public CardKeySet OwnSet(uint serial) =>
        CardKeySet.Derive(Own, Is02 ? Diversification.Visa2 : Diversification.Kdf3, OwnMaster.Span, CardProfile.Kdd(serial).Span, Type);

    public override string ToString() => Name;

    private byte InVault => Transport == 0xFF ? (byte)0x30 : Transport;

    private CardKeyType Type => Is02 ? CardKeyType.Des : CardKeyType.Aes;

    private static string Change(string text, string old, string changed)
    {
        Assert.That(text, Does.Contain(old));
        return text.Replace(old, changed, StringComparison.Ordinal);
    }
}
