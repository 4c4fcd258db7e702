using CardIssue.Center.Vault;
using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Test.Keys;
using CardIssue.Test.Modules;

namespace CardIssue.Test.Vault;

public class KeyCeremonyTest
{
    private static readonly byte[] First = [.. Enumerable.Range(1, 16).Select(i => (byte)i)], Second = [.. Enumerable.Range(0x50, 16).Select(i => (byte)i)];
    private static readonly CustodianId Ann = new("ann"), Bob = new("bob");
    private string _folder = "";
    private FileKeyVault _vault = null!;

    [SetUp]
    public void MakeVault()
    {
        _folder = Directory.CreateTempSubdirectory("cardissue-").FullName;
        using var passphrase = SecretBytes.Copy(Counter.Passphrase.Span);
        _vault = FileKeyVault.Create(Path.Combine(_folder, "vault"), passphrase, new CenterId("C-1"), PassphraseFileTest.Cheapest);
    }

    [TearDown]
    public void RemoveVault()
    {
        _vault.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [TestCase(CardKeyAlgorithm.Aes128, 16), TestCase(CardKeyAlgorithm.Aes192, 24), TestCase(CardKeyAlgorithm.Aes256, 32), TestCase(CardKeyAlgorithm.TripleDes, 16)]
    public void AKey_IsEnteredInTwoComponents_IsListedWithItsCheckValue(CardKeyAlgorithm algorithm, int length)
    {
        var key = ByteString.Own([.. Enumerable.Range(0x40, length).Select(i => (byte)i)]);
        Counter.ImportMaster(_vault, "visa", 0x31, key, algorithm);
        using var secret = SecretBytes.Copy(key.Span);
        Assert.That(_vault.CardMasterKeys.Single().CheckValue, Is.EqualTo(Counter.CheckValue(secret, algorithm)));
        Assert.That(_vault.Ceremonies, Is.Empty);
        Assert.That(_vault.Begin("visa", 0x31, algorithm), Is.EqualTo(CeremonyRefusal.KeyExists));
        Assert.That(_vault.Begin("visa", 0x32, algorithm), Is.EqualTo(CeremonyRefusal.None), "a rotation is a new version");
    }

    [Test]
    public void ACustodian_GivesTwoComponents_IsRefused()
    {
        Begin();
        Assert.That(Enter(1, Ann, First), Is.EqualTo(CeremonyRefusal.None));
        Assert.That(Enter(2, Ann, Second), Is.EqualTo(CeremonyRefusal.SameCustodian));
        Assert.That(Enter(2, new CustodianId("ANN"), Second), Is.EqualTo(CeremonyRefusal.SameCustodian));
        Assert.That(Enter(2, Bob, Second), Is.EqualTo(CeremonyRefusal.None));
    }

    [Test]
    public void ACeremony_OutlivesARestart_RemembersWhoGaveWhat()
    {
        Begin();
        Enter(2, Ann, First);
        _vault.Dispose();
        using (var passphrase = SecretBytes.Copy(Counter.Passphrase.Span)) _vault = FileKeyVault.Open(Path.Combine(_folder, "vault"), passphrase);
        Assert.That(_vault.Ceremonies.Single().Entered, Is.EqualTo((ValueList<EnteredComponent>)[new EnteredComponent(2, Ann)]));
        Assert.That(Enter(1, Ann, Second), Is.EqualTo(CeremonyRefusal.SameCustodian));
        Assert.That(Enter(2, Bob, Second), Is.EqualTo(CeremonyRefusal.ComponentTaken));
        Assert.That(Enter(1, Bob, Second), Is.EqualTo(CeremonyRefusal.None));
        Assert.That(_vault.Complete("visa", 1, CheckValue(Xor(First, Second))), Is.EqualTo(CeremonyRefusal.None));
        Assert.That(_vault.CardMasterKeys.Single().Custodians, Is.EqualTo((ValueList<CustodianId>)[Bob, Ann]));
    }

    [Test]
    public void AComponent_IsWrong_IsRefused()
    {
        Assert.That(Enter(1, Ann, First), Is.EqualTo(CeremonyRefusal.NoCeremony));
        Begin();
        Assert.That(Enter(0, Ann, First), Is.EqualTo(CeremonyRefusal.ComponentTaken));
        Assert.That(Enter(3, Ann, First), Is.EqualTo(CeremonyRefusal.ComponentTaken));
        Assert.That(Enter(1, Ann, First, ByteString.FromHex("000000")), Is.EqualTo(CeremonyRefusal.WrongCheckValue));
        using (var half = SecretBytes.Copy(First.AsSpan(0, 8)))
            Assert.That(_vault.Enter("visa", 1, 1, Ann, half, default), Is.EqualTo(CeremonyRefusal.WrongLength));
        Assert.That(Enter(1, Ann, new byte[16]), Is.EqualTo(CeremonyRefusal.Weak), "zeros leave the key to the other");
        Assert.That(Enter(1, Ann, First), Is.EqualTo(CeremonyRefusal.None));
        Assert.That(Enter(2, Bob, First), Is.EqualTo(CeremonyRefusal.Weak), "equal components make zeros");
        Assert.That(_vault.Complete("visa", 1, default), Is.EqualTo(CeremonyRefusal.Incomplete));
        Assert.That(_vault.CardMasterKeys, Is.Empty);
    }

    [Test]
    public void TheWholeKey_HasAnotherCheckValue_IsNotTaken()
    {
        Begin();
        Enter(1, Ann, First);
        Enter(2, Bob, Second);
        Assert.That(_vault.Complete("visa", 1, ByteString.FromHex("010203")), Is.EqualTo(CeremonyRefusal.WrongCheckValue));
        Assert.That(_vault.CardMasterKeys, Is.Empty);
        Assert.That(_vault.Complete("visa", 1, CheckValue(Xor(First, Second))), Is.EqualTo(CeremonyRefusal.None));
        Assert.That(_vault.Destroy("visa", 1), Is.True);
        Assert.That(_vault.CardMasterKeys, Is.Empty);
    }

    [Test]
    public void AWeakTripleDesComponent_IsRefused()
    {
        Assert.That(_vault.Begin("kmc", 1, CardKeyAlgorithm.TripleDes), Is.EqualTo(CeremonyRefusal.None));
        using var weak = SecretBytes.Copy([1, 2, 3, 4, 5, 6, 7, 8, 0, 2, 2, 4, 4, 6, 6, 8]);
        Assert.That(_vault.Enter("kmc", 1, 1, Ann, weak, ByteString.FromHex("000000")), Is.EqualTo(CeremonyRefusal.Weak));
    }

    [Test]
    public void ACeremony_IsBegunWrongly_IsRefused()
    {
        Assert.That(_vault.Begin("vi sa", 1, CardKeyAlgorithm.Aes128), Is.EqualTo(CeremonyRefusal.OutOfRange));
        Assert.That(_vault.Begin("visa", 0, CardKeyAlgorithm.Aes128), Is.EqualTo(CeremonyRefusal.OutOfRange));
        Assert.That(_vault.Begin("visa", 1, CardKeyAlgorithm.Aes128, 1), Is.EqualTo(CeremonyRefusal.OutOfRange));
        Assert.That(_vault.Begin("visa", 1, (CardKeyAlgorithm)9), Is.EqualTo(CeremonyRefusal.OutOfRange));
        Begin();
        Assert.That(_vault.Begin("visa", 1, CardKeyAlgorithm.Aes128), Is.EqualTo(CeremonyRefusal.UnderWay));
        Assert.That(_vault.Cancel("visa", 1), Is.EqualTo(CeremonyRefusal.None));
        Assert.That(_vault.Cancel("visa", 1), Is.EqualTo(CeremonyRefusal.NoCeremony));
    }

    private void Begin() => Assert.That(_vault.Begin("visa", 1, CardKeyAlgorithm.Aes128), Is.EqualTo(CeremonyRefusal.None));

    private CeremonyRefusal Enter(int number, CustodianId custodian, byte[] component, ByteString? checkValue = null)
    {
        using var secret = SecretBytes.Copy(component);
        return _vault.Enter("visa", 1, number, custodian, secret, checkValue ?? CheckValue(component));
    }

    private static ByteString CheckValue(byte[] key)
    {
        using var secret = SecretBytes.Copy(key);
        return KeyCheckValue.OfAes(secret);
    }

    private static byte[] Xor(byte[] left, byte[] right) => [.. left.Zip(right, (a, b) => (byte)(a ^ b))];
}
