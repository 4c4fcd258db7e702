using CardIssue.Center.Vault;
using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;
using CardIssue.Test.Modules;
using CardIssue.Test.Products;

namespace CardIssue.Test.Vault;

/// <summary>A card's own keys: made in the vault, encrypted there, and looked for before a card is begun.</summary>
public sealed class OwnKeysOfTheVaultTest
{
    private static readonly ByteString Dek = ByteString.FromHex("202122232425262728292A2B2C2D2E2F");

    private static readonly CardProduct Product = Sample.Product() with
    {
        KeySet = "visa", KeyVersion = 0x30, OwnKeys = new OwnKeys("own", 0x31, KeyDiversification.Kdf3, OwnKeysPut.Replace),
    };

    private Counter _counter = null!;

    [SetUp]
    public void Begin() => _counter = new Counter();

    [TearDown]
    public void End() => _counter.Dispose();

    /// <summary>
    /// The transport key 2021…2F is the DEK, the own one 404142…4F: its cryptogram by OpenSSL, its check value as published.
    /// </summary>
    [Test]
    public void OwnKeys_AreEncryptedUnderTheCardsDek_WithTheirCheckValues()
    {
        Counter.ImportMaster(_counter.Vault, "transport", 0x40, Dek);
        Counter.ImportMaster(_counter.Vault, "own", 0x31, Counter.Master);
        using var opening = Open("transport", 0x40, Dek);

        var keys = opening.EncryptKeys("own", 0x31, KeyDiversification.None);

        var cryptogram = ByteString.FromHex("859469C07743C7E45B318D151D3D87E9");
        var expected = new EncryptedKey(PutKey.Aes, 16, cryptogram, ByteString.FromHex("504A77"));
        Assert.That(keys, Is.EqualTo(new[] { expected, expected, expected }));
    }

    [Test]
    public void OwnKeys_AreOfThisCardsDiversificationData_AndDifferFromEachOther()
    {
        Counter.ImportMaster(_counter.Vault, "own", 0x31, Dek, CardKeyAlgorithm.Aes128);
        using var opening = Open("visa", 0x30, Counter.Master);
        using var master = SecretBytes.Copy(Dek.Span);
        using var own = CardKeyDerivation.Derive(KeyDiversification.Kdf3, master, CardModel.DiversificationData.Span);

        var keys = opening.EncryptKeys("own", 0x31, KeyDiversification.Kdf3);

        Assert.That(keys.Select(key => key.CheckValue), Is.EqualTo(new[] { own.Enc, own.Mac, own.Dek }.Select(KeyCheckValue.OfAes)));
        Assert.That(keys.Select(key => key.Encrypted).Distinct().Count(), Is.EqualTo(3));
    }

    [Test]
    public void KeysOfAnotherProtocol_OrNone_AreNotPut()
    {
        Counter.ImportMaster(_counter.Vault, "des", 0x31, Dek, CardKeyAlgorithm.TripleDes);
        using var opening = Open("visa", 0x30, Counter.Master);
        Assert.That(() => opening.EncryptKeys("des", 0x31, KeyDiversification.None), Throws.TypeOf<KeyVaultException>());
        Assert.That(() => opening.EncryptKeys("own", 0x31, KeyDiversification.None), Throws.TypeOf<KeyVaultException>());
    }

    [Test]
    public void Product_WhoseOwnKeysAreMissing_AreTheTransportKeys_OrCannotReplaceThem_IsToldWhy()
    {
        const string missing = "The vault has no key own of version 31; enter it, or mend the product that names it.";
        Assert.That(_counter.Vault.LackOfOwnKeys(Product), Is.EqualTo(missing));
        Assert.That(_counter.Vault.LackOf(Product), Does.Contain("no key own"));
        Counter.ImportMaster(_counter.Vault, "own", 0x31, Counter.Master);
        Assert.That(_counter.Vault.LackOfOwnKeys(Product), Does.Contain("is the transport key visa of version 30 itself"));
        var rewrite = Product with { Doing = new RewriteDefinition { Name = "renew", Before = default, Records = default, Close = Product.Close } };
        Assert.That(_counter.Vault.LackOfOwnKeys(rewrite), Does.Contain("is the key of before visa of version 30 itself"));
        var length32 = ByteString.Concat(Dek, Counter.Master);
        Counter.ImportMaster(_counter.Vault, "longer", 0x31, length32, CardKeyAlgorithm.Aes256);
        var longer = Product with { OwnKeys = Product.OwnKeys! with { KeySet = "longer" } };
        Assert.That(_counter.Vault.LackOfOwnKeys(longer), Does.Contain("is Aes256, and what it is to replace is Aes128"));
        var beside = longer with { OwnKeys = longer.OwnKeys! with { Put = OwnKeysPut.Add } };
        Assert.That(_counter.Vault.LackOfOwnKeys(beside), Is.Null, "beside them it may be longer");
        Counter.ImportMaster(_counter.Vault, "right", 0x31, Dek);
        Assert.That(_counter.Vault.LackOf(Product with { OwnKeys = Product.OwnKeys! with { KeySet = "right" } }), Is.Null);
    }

    private ICardOpening Open(string keySet, byte version, ByteString master)
    {
        var challenge = new byte[8];
        return ((CardOpenResult.Opened)_counter.Vault.OpenCard(keySet, version, KeyDiversification.None, challenge,
            new CardModel(master.Memory, version).InitializeUpdate(challenge), new ChannelTerms(SecurityLevel.CMacCEncRMac))).Opening;
    }
}
