using CardIssue.Center.Vault;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.Products.Emv;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Test.Keys;
using CardIssue.Test.Modules;

namespace CardIssue.Test.Vault;

[Parallelizable]
public class FileKeyVaultTest
{
    private static readonly OrderId Order = new("A-1"), OtherOrder = new("A-2");
    private static readonly OrderTerms Terms = Seals.Terms(Order);
    private string _folder = "", _path = "";
    private FileKeyVault _vault = null!;

    [SetUp]
    public void MakeVault()
    {
        _folder = Directory.CreateTempSubdirectory("cardissue-").FullName;
        _path = Path.Combine(_folder, "vault");
        using var passphrase = Passphrase();
        _vault = FileKeyVault.Create(_path, passphrase, new CenterId("C-1"), PassphraseFileTest.Cheapest);
    }

    [TearDown]
    public void RemoveVault()
    {
        _vault.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public void CardNumber_IsFresh_AndKnownAgain_AlsoByTheVaultOpenedAgain()
    {
        var numbers = Enumerable.Range(0, 100).Select(_ => _vault.CreateCardNumber()).ToList();
        Assert.That(numbers.Distinct().Count(), Is.EqualTo(100));
        Assert.That(numbers.Select(number => number.Length), Is.All.EqualTo(CardNumber.Length));
        Reopen(Passphrase());
        Assert.That(numbers.TrueForAll(_vault.IsCardNumber), Is.True);
        var changed = numbers[0].ToArray();
        for (var i = 0; i < changed.Length; i++)
        {
            changed[i] ^= 1;
            Assert.That(_vault.IsCardNumber(ByteString.Copy(changed)), Is.False, $"byte {i}");
            changed[i] ^= 1;
        }
        foreach (var other in new[] { "", "00112233445566778899AABBCCDDEEFF", numbers[0] + "00", numbers[0].ToString()[2..] })
            Assert.That(_vault.IsCardNumber(ByteString.FromHex(other)), Is.False, other);
    }

    [Test]
    public void PeopleHaveBegun_TheVaultOpenedAgain_Knows()
    {
        Assert.That((_vault.MayBeginPeople, _vault.TakesOverRows), Is.EqualTo((true, false)), "a new one");
        Reopen(Passphrase());
        Assert.That((_vault.MayBeginPeople, _vault.TakesOverRows), Is.EqualTo((true, false)));
        _vault.EndBeginningPeople();
        Reopen(Passphrase());
        Assert.That(_vault.MayBeginPeople, Is.False);
    }

    [Test]
    public void AVault_IsOpenedAgain_DoesWhatItDid()
    {
        Counter.ImportMaster(_vault, "visa", 0x30, Counter.Master);
        var identity = _vault.Identity;
        var sealedData = _vault.SealOrderData(Terms, "track 2"u8);
        var verifier = _vault.CreateIssueCodeVerifier(Order, "4711"u8);
        var (mac, signature) = (_vault.Hmac("x"u8), _vault.SignCheckpoint("heads"u8));
        Reopen(Passphrase());
        Assert.That(_vault.Identity, Is.EqualTo(identity));
        Assert.That(_vault.TryOpenOrderData(Terms, sealedData, out var plain), Is.True);
        using (plain) Assert.That(plain!.FixedTimeEquals("track 2"u8), Is.True);
        Assert.That(_vault.CheckIssueCode(Order, verifier, "4711"u8), Is.True);
        Assert.That(_vault.Hmac("x"u8), Is.EqualTo(mac));
        Assert.That(_vault.VerifyCheckpoint("heads"u8, signature), Is.True);
        Assert.That(_vault.CardMasterKeys, Is.EqualTo(new[]
        {
            new CardMasterKeyInfo("visa", 0x30, CardKeyAlgorithm.Aes128, ByteString.FromHex("504A77"), [new CustodianId("ann"), new CustodianId("bob")]),
        }));
    }

    [Test]
    public void ThePassphrase_IsWrong_SaysSo()
    {
        using var wrong = SecretBytes.Copy("open sesame, pleas"u8);
        Assert.That(() => FileKeyVault.Open(_path, wrong), Throws.InstanceOf<PassphraseFileException>().With.Message.Contains("the passphrase is wrong or the file is damaged"));
    }

    [Test]
    public async Task TheVault_IsRewrapped_OpensWithTheNewPassphraseAlone()
    {
        using var next = SecretBytes.Copy("a new passphrase"u8);
        var identity = _vault.Identity;
        await _vault.RewrapAsync(next);
        Assert.That(() => Reopen(Passphrase()), Throws.InstanceOf<PassphraseFileException>());
        Reopen(SecretBytes.Copy(next.Span));
        Assert.That(_vault.Identity, Is.EqualTo(identity));
    }

    [Test]
    public void OrderData_IsChangedOrMoved_DoesNotOpen()
    {
        var bytes = _vault.SealOrderData(Terms, "track 2"u8).ToArray();
        Assert.That(_vault.TryOpenOrderData(Terms with { Order = OtherOrder }, ByteString.Copy(bytes), out _), Is.False, "another order's");
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 0x01;
            Assert.That(_vault.TryOpenOrderData(Terms, ByteString.Copy(bytes), out var plain), Is.False, $"byte {i}");
            Assert.That(plain, Is.Null);
            bytes[i] ^= 0x01;
        }
        for (var length = 0; length < bytes.Length; length++)
            Assert.That(_vault.TryOpenOrderData(Terms, ByteString.Copy(bytes.AsSpan(0, length)), out _), Is.False, $"cut to {length}");
    }

    [Test]
    public void TheMaster_IsRotated_OldDataOpensAndIsRewrapped()
    {
        var old = _vault.SealOrderData(Terms, "track 2"u8);
        Assert.That(_vault.RotateMaster(), Is.EqualTo(2));
        Assert.That(_vault.TryOpenOrderData(Terms, old, out var before), Is.True);
        before!.Dispose();
        Assert.That(_vault.TryRewrapOrderData(Terms, old, out var rewrapped), Is.True);
        Assert.That(rewrapped.Slice(1, 4).ToString(), Is.EqualTo("00000002"));
        Assert.That(_vault.TryRewrapOrderData(Terms with { Order = OtherOrder }, old, out _), Is.False);
        Reopen(Passphrase());
        Assert.That(_vault.TryOpenOrderData(Terms, rewrapped, out var after), Is.True);
        using (after) Assert.That(after!.FixedTimeEquals("track 2"u8), Is.True);
    }

    [Test]
    public void AnIssueCode_IsWrongOrOfAnotherOrder_IsRefused()
    {
        var verifier = _vault.CreateIssueCodeVerifier(Order, "4711"u8);
        Assert.That(_vault.CheckIssueCode(Order, verifier, "4712"u8), Is.False);
        Assert.That(_vault.CheckIssueCode(OtherOrder, verifier, "4711"u8), Is.False);
        Assert.That(_vault.CheckIssueCode(Order, default, "4711"u8), Is.False);
        Assert.That(_vault.CheckIssueCode(Order, ByteString.Own(new byte[36]), "4711"u8), Is.False);
        Assert.That(_vault.RotateIssueCodeKey(), Is.EqualTo(2));
        Assert.That(_vault.CheckIssueCode(Order, verifier, "4711"u8), Is.True);
        Assert.That(_vault.CreateIssueCodeVerifier(Order, "4711"u8), Is.Not.EqualTo(verifier));
    }

    [Test]
    public void ACheckpoint_IsChanged_DoesNotVerify()
    {
        var signature = _vault.SignCheckpoint("heads"u8);
        Assert.That(_vault.VerifyCheckpoint("head"u8, signature), Is.False);
        Assert.That(_vault.VerifyCheckpoint("heads"u8, signature.AsSpan(1)), Is.False);
        Assert.That(_vault.Identity.SigningKey.Verify("heads"u8, signature), Is.False, "a checkpoint's signature is good for nothing else");
    }

    [Test]
    public void ACard_HasAnotherKey_IsRefusedWithoutAnAuthentication()
    {
        Counter.ImportMaster(_vault, "visa", 0x30, Counter.Master);
        var stranger = new CardModel(new byte[16], 0x30);
        Assert.That(Open(stranger.InitializeUpdate(new byte[8])), Is.EqualTo(OpenDiagnosis.WrongCryptogram));
        Assert.That(Open(new ResponseApdu(default, 0x6A88)), Is.EqualTo(OpenDiagnosis.UnknownKeyVersion));
        Assert.That(Open(new ResponseApdu(default, 0x9000)), Is.EqualTo(OpenDiagnosis.MalformedResponse));
        var other = new CardModel(Counter.Master.Memory, 0x31);
        Assert.That(Open(other.InitializeUpdate(new byte[8]), 0), Is.EqualTo(OpenDiagnosis.UnknownKeyVersion));
    }

    [Test]
    public void AProduct_NamesKeysThatAreNotThereOrDoNotFit_IsTold()
    {
        Counter.ImportMaster(_vault, "visa", 0x30, Counter.Master);
        Assert.That(() => _vault.OpenCard("mc", 0x30, KeyDiversification.None, new byte[8], new ResponseApdu(default, 0x9000), new ChannelTerms(SecurityLevel.CMac)),
            Throws.InstanceOf<KeyVaultException>().With.Message.Contains("mc"));
        Assert.That(() => _vault.OpenCard("visa", 0x30, KeyDiversification.EmvCps, new byte[8], new ResponseApdu(default, 0x9000), new ChannelTerms(SecurityLevel.CMac)),
            Throws.InstanceOf<KeyVaultException>().With.Message.Contains("EmvCps"));
    }

    [Test]
    public void ADiversifiedCard_IsOpened_IsGenuine()
    {
        var master = ByteString.FromHex("404142434445464748494A4B4C4D4E4F");
        Counter.ImportMaster(_vault, "kmc", 0x20, master);
        using var secret = SecretBytes.Copy(master.Span);
        using var keys = CardKeyDerivation.Derive(KeyDiversification.Kdf3, secret, CardModel.DiversificationData.Span);
        // The model card has one key for all; the derived Key-ENC and Key-MAC differ, so only a cryptogram under Key-MAC is made.
        var card = new CardModel(keys.Mac.Span.ToArray(), 0x20);
        var result = _vault.OpenCard("kmc", 0x20, KeyDiversification.Kdf3, new byte[8], card.InitializeUpdate(new byte[8]),
            new ChannelTerms(SecurityLevel.CMac));
        Assert.That(result, Is.InstanceOf<CardOpenResult.Opened>());
        using var opening = ((CardOpenResult.Opened)result).Opening;
        Assert.That(opening.Answer.DiversificationData, Is.EqualTo(CardModel.DiversificationData));
        Assert.That(card.Take(opening.ExternalAuthenticate().ToBytes().Span).IsOk, Is.True);
    }

    [Test]
    public void AnOpening_IsUsedOutOfTurn_Throws()
    {
        using var counter = new Counter();
        using var opening = counter.OpenCard(new CardModel(Counter.Master.Memory, Counter.KeyVersion));
        var place = new CommandContext(Counter.Record(), 0);
        Assert.That(() => opening.SealCommand(place, [0x80, 0xCA, 0, 0x66], new byte[64]), Throws.InvalidOperationException, "no ticket");
        var ticket = opening.SealTicket(counter.Module.Identity, counter.Request());
        Assert.That(() => opening.SealTicket(counter.Module.Identity, counter.Request()), Throws.InvalidOperationException);
        Assert.That(() => opening.SealCommand(place, [0x80, 0xCA, 0, 0x66], new byte[64]), Throws.InvalidOperationException, "not authenticated");
        opening.SealExternalAuthenticate(new CommandContext(Counter.Authenticate(ticket), 0));
        Assert.That(() => opening.SealCommand(new CommandContext(Counter.Record(opening: 2), 0), [0x80, 0xCA, 0, 0x66], new byte[64]), Throws.ArgumentException);
        opening.SealCommand(place, [0x80, 0xCA, 0, 0x66], new byte[64]);
        Assert.That(() => opening.SealCommand(place, [0x80, 0xCA, 0, 0x66], new byte[64]), Throws.InvalidOperationException, "a nonce is used once");
    }

    [Test]
    public void AnAdmission_IsAnswered_ForThisCenterAlone()
    {
        using var counter = new Counter();
        var transcript = counter.Transcript(counter.Module, ByteString.Own(new byte[32]));
        var proof = new Proof(ByteString.Own(new byte[64]), ByteString.Own(new byte[32]));
        var answer = counter.Vault.Present.Admit(counter.Module.Identity, transcript, proof, default, default);
        Assert.That(counter.Vault.Identity.SigningKey.Verify(transcript.AnswerBytes(proof, default, default).Span, answer.Signature.Span), Is.True);
        Assert.That(
            () => counter.Vault.Present.Admit(counter.Module.Identity, transcript with { Center = new CenterId("C-2") }, proof, default, default), Throws.ArgumentException);
    }

    private OpenDiagnosis Open(ResponseApdu answer, byte keyVersion = 0x30) =>
        ((CardOpenResult.Refused)_vault.OpenCard("visa", keyVersion, KeyDiversification.None, new byte[8], answer, new ChannelTerms(SecurityLevel.CMac))).Diagnosis;

    private static SecretBytes Passphrase() => SecretBytes.Copy(Counter.Passphrase.Span);

    private void Reopen(SecretBytes passphrase)
    {
        using (passphrase)
        {
            _vault.Dispose();
            _vault = FileKeyVault.Open(_path, passphrase);
        }
    }

    /// <summary>Stored digests must mean the same for ever: label and layout are written out here.</summary>
    [Test]
    public void Account_Digested_IsKeyedAndFixed()
    {
        var digest = _vault.DigestAccount(new CardAccount("4761739001010119", 1));
        var expected = System.Security.Cryptography.HMACSHA256.HashData(
            System.Security.Cryptography.HMACSHA256.HashData(Seals.LogKeyOf(_vault), "CardIssue card account key v1"u8), "4761739001010119/01"u8);
        Assert.That(digest, Is.EqualTo(ByteString.Own(expected)));
        Assert.That(digest.Length, Is.EqualTo(CardIssue.Center.Orders.NewOrder.AccountDigestLength));
        Assert.That(_vault.DigestAccount(new CardAccount("4761739001010119", 2)), Is.Not.EqualTo(digest));
        Assert.That(_vault.DigestAccount(new CardAccount("4761739001010234", 1)), Is.Not.EqualTo(digest));
    }

    [Test]
    public void WeakIssueCode_Verifier_IsRefusedByTheRule()
    {
        Assert.That(() => _vault.CreateIssueCodeVerifier(Order, "4711"u8, new CardIssue.Center.Orders.OrderOptions().GetIssueCodeRule()),
            Throws.TypeOf<FormatException>().With.Message.Contains("8 characters at the least").And.Message.Not.Contains("4711"));
        var short4 = new CardIssue.Center.Orders.OrderOptions { IssueCodeLength = 4 }.GetIssueCodeRule();
        Assert.That(_vault.CheckIssueCode(Order, _vault.CreateIssueCodeVerifier(Order, "4711"u8, short4), "4711"u8), Is.True);
    }
}
