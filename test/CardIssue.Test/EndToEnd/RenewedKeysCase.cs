using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;
using CardIssue.Test.Modules;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Crypto;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Test.EndToEnd;

/// <summary>
/// A way to give an issued card other keys by a rewrite: the products, the keys in the vault, a card fresh from the factory, and the end.
/// </summary>
/// <param name="Name">For the test's name.</param>
/// <param name="Is02">SCP02 with triple DES keys; else SCP03 with AES keys.</param>
/// <param name="AtIssue">add or replace; null for a card that kept its transport keys, of an earlier version of the product.</param>
/// <param name="Put">add or replace, by the rewrite.</param>
/// <param name="New">The new keys' version.</param>
/// <param name="OneByOne">A command for each key.</param>
internal sealed record RenewedKeysCase(string Name, bool Is02, string? AtIssue, string Put, byte New, bool OneByOne = false)
{
    public static readonly ByteString NewMaster = ByteString.FromHex("808182838485868788898A8B8C8D8E8F");

    public static readonly RenewedKeysCase
        Replace = new("SCP03 replace", false, "replace", "replace", 0x32),
        Add = new("SCP03 add", false, "replace", "add", 0x32),
        AddBeside = new("SCP03 add, transport keys beside", false, "add", "add", 0x32),
        OneByOneAdd = new("SCP03 one by one", false, "replace", "add", 0x32, OneByOne: true),
        FirstOwn = new("SCP03 from a version without own keys", false, null, "replace", 0x32),
        Replace02 = new("SCP02 replace", true, "replace", "replace", 0x22),
        ReplaceSameVersion02 = new("SCP02 replace, same version", true, "replace", "replace", 0x21),
        FirstOwn02 = new("SCP02 from a version without own keys", true, null, "add", 0x22);

    public static IEnumerable<RenewedKeysCase> All { get; } =
        [Replace, Add, AddBeside, OneByOneAdd, FirstOwn, Replace02, ReplaceSameVersion02, FirstOwn02];

    /// <summary>The product that cards are issued by.</summary>
    public string Issued(string mode) => Product(mode, 1, AtIssue is null ? "" : OwnKeys("own", Own, AtIssue, oneByOne: false));

    /// <summary>
    /// The one with the rewrites: the same where the rewrite says which keys; the next version, with own keys, where cards had none.
    /// </summary>
    public string Rewriting(string mode) => AtIssue is not null ? Issued(mode) : Product(mode, 2, OwnKeys("renewed", New, Put, OneByOne));

    private string Product(string mode, int version, string own)
    {
        var puts = own.Length > 0;
        var renews = version == 2 ? "" : OwnKeys("renewed", New, Put, OneByOne);
        return $$"""
            {
              "name": "renewed-{{mode}}", "version": {{version}}, "profile": "globalplatform", "mode": "{{mode}}",
              "keySet": "transport", "keyVersion": "{{Transport:X2}}", "diversification": "{{(Is02 ? "emvCps" : "kdf3")}}", {{own}}
              "scp": "{{(Is02 ? "02" : "03")}}", "identity": ["assigned"], "securityLevel": "{{(Is02 ? "13" : "33")}}",
              "securityDomain": "A000000151000000", "storeData": { "plainP1": "10", "encryptedP1": "70" },
              "records": [
                {{Writes("number", "DF01", "01")}}{{(puts ? $", {Puts}" : "")}}
              ],
              "close": { "status": { "scope": "application", "aid": "{{Products.Application}}", "state": "87" } },
              "closeLook": [ { "lifeCycle": {{Of}}, "done": { "state": "87" }, "notDone": { "state": "07" } } ],
              "rewrites": [
                {
                  "name": "later", "from": [1, {{version}}], "before": [ {{InUse}} ],
                  "records": [ {{Writes("later", "DF04", "04")}} ], "closeLook": [ {{InUse}} ]
                }{{(renews.Length + version == 1 ? "" : $$"""
                , {
                  "name": "renew", "from": [1], {{renews}} "before": [ {{InUse}} ],
                  "records": [ {{Writes("before", "DF02", "02")}}, {{Puts}}, {{Writes("after", "DF03", "03")}} ], "closeLook": [ {{InUse}} ]
                }
                """)}}
              ]
            }
            """.Replace("[1, 1]", "[1]", StringComparison.Ordinal);
    }

    public async Task<Shop> OpenShopAsync()
    {
        var shop = await Shop.OpenAsync();
        EnterKeys(shop);
        return shop;
    }

    public void EnterKeys(Shop shop)
    {
        var algorithm = Is02 ? CardKeyAlgorithm.TripleDes : CardKeyAlgorithm.Aes128;
        Counter.ImportMaster(shop.Vault, "transport", Transport, Counter.Master, algorithm);
        Counter.ImportMaster(shop.Vault, "own", Own, OwnKeysCase.OwnMaster, algorithm);
        Counter.ImportMaster(shop.Vault, "renewed", New, NewMaster, algorithm);
    }

    public CardSimulator Card(uint serial) => CardSimulator.Create(CardProfile.BlankEmv(serial, [TransportSet(serial)]) with
    {
        Scp = Is02 ? CardState.Scp02 : CardState.Scp03, ScpParameter = Is02 ? (byte)0x75 : (byte)0x70,
    });

    /// <summary>What the center is to know of the card's keys, in its order.</summary>
    public string[] Known => [$"renewed {New:X2}", .. Kept];

    /// <summary>The card has all that the rewrite writes, exactly the keys that it is to have, and no try was spent on the way.</summary>
    public void IsDone(CardSimulator card, uint serial, string because)
    {
        Assert.That((card.Holds(0xDF02), card.Holds(0xDF03)), Is.EqualTo(("02", "03")), because);
        OwnKeysCase.HasKeys(card, [.. Kept.Select(name => name.StartsWith("own", StringComparison.Ordinal) ? OwnSet(serial) : TransportSet(serial)),
            Set(New, NewMaster, serial)], because);
        Assert.That(card.State.FailedAuthentications, Is.Zero, because);
    }

    public CardKeySet TransportSet(uint serial) => Set(Transport, Counter.Master, serial, Is02 ? Diversification.Emv : Diversification.Kdf3);

    public CardKeySet OwnSet(uint serial) => Set(Own, OwnKeysCase.OwnMaster, serial);

    public CardKeySet NewSet(uint serial) => Set(New, NewMaster, serial);

    public override string ToString() => Name;

    private IEnumerable<string> Kept => (AtIssue, Put) switch
    {
        (null, "add") => [$"transport {Transport:X2}"],
        ("replace", "add") => [$"own {Own:X2}"],
        ("add", "add") => [$"own {Own:X2}", $"transport {Transport:X2}"],
        _ => [],
    };

    private byte Transport => Is02 ? (byte)0x20 : (byte)0x30;

    private byte Own => Is02 ? (byte)0x21 : (byte)0x31;

    private CardKeySet Set(byte version, ByteString master, uint serial, Diversification? by = null) => CardKeySet.Derive(
        version, by ?? (Is02 ? Diversification.Visa2 : Diversification.Kdf3), master.Span, CardProfile.Kdd(serial).Span,
        Is02 ? CardKeyType.Des : CardKeyType.Aes);

    private string OwnKeys(string set, byte version, string put, bool oneByOne) => $$"""
        "ownKeys": {
          "keySet": "{{set}}", "keyVersion": "{{version:X2}}", "diversification": "{{(Is02 ? "visa2" : "kdf3")}}", "put": "{{put}}",
          "oneByOne": {{(oneByOne ? "true" : "false")}} },
        """;

    private const string Puts = """{ "name": "own", "proof": "cardMac", "repeat": "lookFirst", "items": [ { "putKeys": true } ] }""",
        Of = "{ \"scope\": \"applications\", \"aid\": \"" + Products.Application + "\" }",
        InUse = "{ \"lifeCycle\": " + Of + ", \"done\": { \"state\": \"87\" } }";

    private static string Writes(string name, string tag, string value) =>
        $$"""{ "name": "{{name}}", "proof": "cardMac", "repeat": "repeatable", "items": [ { "tag": "{{tag}}", "hex": "{{value}}" } ] }""";
}
