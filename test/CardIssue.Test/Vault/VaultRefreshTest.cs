using System.Collections;
using System.Runtime.CompilerServices;
using CardIssue.Center.Vault;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Test.Center;
using CardIssue.Test.Keys;
using CardIssue.Test.Modules;

namespace CardIssue.Test.Vault;

/// <summary>Two processes have one vault open: one serves, the other is a command beside it.</summary>
[Parallelizable]
public sealed class VaultRefreshTest
{
    private static readonly OrderTerms Terms = Seals.Terms(new OrderId("A-1"));
    private string _folder = "", _path = "";
    private FileKeyVault _serving = null!, _command = null!;

    [SetUp]
    public void OpenTwice()
    {
        _folder = Directory.CreateTempSubdirectory("cardissue-").FullName;
        _path = Path.Combine(_folder, "vault");
        using var passphrase = Passphrase();
        _serving = FileKeyVault.Create(_path, passphrase, new CenterId("C-1"), PassphraseFileTest.Cheapest);
        _command = FileKeyVault.Open(_path, passphrase);
    }

    [TearDown]
    public void Close()
    {
        _serving.Dispose();
        _command.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public void KeyMadeByAnother_Refresh_HasItAndSaysSoOnce()
    {
        Assert.That(_serving.Refresh(), Is.False);
        Counter.ImportMaster(_command, "visa", 0x30, Counter.Master);
        Assert.That(_serving.Refresh(), Is.True);
        Assert.That(_serving.Refresh(), Is.False);
        Assert.That(_serving.CardMasterKeys, Is.EqualTo(_command.CardMasterKeys));
        // And it may change the file in its turn.
        Assert.That(_serving.RotateMaster(), Is.EqualTo(2));
    }

    [Test]
    public void MadeByAnotherAMomentAgo_IsKnownBeforeAnybodyLooks()
    {
        _command.RotateMaster();
        _command.RotateIssueCodeKey();
        var (data, code, number) = (
            _command.SealOrderData(Terms, "data"u8), _command.CreateIssueCodeVerifier(Terms.Order, "4711"u8), _command.CreateCardNumber());
        Assert.That(_serving.TryOpenOrderData(Terms, data, out var plain), Is.True);
        plain!.Dispose();
        Assert.That(_serving.CheckIssueCode(Terms.Order, code, "4711"u8), Is.True);
        Assert.That(_serving.IsCardNumber(number), Is.True);
    }

    /// <summary>Another host, whose vault is a copy from before: no code that was made since is wrong there.</summary>
    [Test]
    public void CodeOfAKeyThatOnlyAnotherHostHas_IsNeitherRightNorWrong_UntilTheFileIsCopied()
    {
        var copy = $"{_path}.2";
        File.Copy(_path, copy);
        using var passphrase = Passphrase();
        using var elsewhere = FileKeyVault.Open(copy, passphrase);
        var before = _command.CreateIssueCodeVerifier(Terms.Order, "4711"u8);
        _command.RotateIssueCodeKey();
        var code = _command.CreateIssueCodeVerifier(Terms.Order, "4711"u8);
        Assert.That(() => elsewhere.CheckIssueCode(Terms.Order, code, "4711"u8), Throws.TypeOf<KeyVaultException>().With.Message.Contain("Copy vault.json"));
        Assert.That(() => elsewhere.CheckIssueCode(Terms.Order, code, "4712"u8), Throws.TypeOf<KeyVaultException>(), "it can't tell");
        Assert.That(elsewhere.CheckIssueCode(Terms.Order, before, "4711"u8), Is.True);
        Assert.That(elsewhere.CheckIssueCode(Terms.Order, ByteString.Copy(code.Span[..^1]), "4711"u8), Is.False, "broken");
        File.Copy(_path, copy, overwrite: true);
        Assert.That(elsewhere.CheckIssueCode(Terms.Order, code, "4711"u8), Is.True);
        Assert.That(elsewhere.CheckIssueCode(Terms.Order, code, "4712"u8), Is.False);
    }

    /// <summary>As two custodians who enter their components at the same moment.</summary>
    [Test]
    public async Task ChangedByBothAtOnce_WhatIsSaidToBeDoneIsThere()
    {
        var done = 0;
        for (var round = 0; round < 40; round++)
        {
            using var both = new Barrier(2);
            await Task.WhenAll(Task.Run(() => Rotate(_serving, both)), Task.Run(() => Rotate(_command, both)));
        }
        _command.Refresh();
        Assert.That(_command.OrderDataVersion, Is.EqualTo(1 + done));
        Assert.That(done, Is.GreaterThanOrEqualTo(40), "one of both, each time");

        void Rotate(FileKeyVault vault, Barrier both)
        {
            both.SignalAndWait();
            try
            {
                vault.RotateMaster();
                Interlocked.Increment(ref done);
            }
            catch (PassphraseFileException e) when (e.Fault is PassphraseFault.ChangedMeanwhile)
            {
                // It is told, and nothing of it is there.
            }
        }
    }

    /// <summary>Whoever opened the file, and was asked for a component then, enters it into what is there by now.</summary>
    [Test]
    public void ChangedByAnotherSinceItWasOpened_TheNextChangeGoesOnFromThat()
    {
        Counter.ImportMaster(_command, "visa", 0x30, Counter.Master);
        _command.Begin("visa", 0x31, CardKeyAlgorithm.Aes128);
        Assert.That(_serving.Begin("visa", 0x31, CardKeyAlgorithm.Aes128), Is.EqualTo(CeremonyRefusal.UnderWay));
        Assert.That(_serving.Cancel("visa", 0x31), Is.EqualTo(CeremonyRefusal.None));
        Assert.That((_command.RotateMaster(), _serving.RotateMaster(), _command.RotateMaster()), Is.EqualTo((2, 3, 4)));
        Assert.That(_serving.MakeNextKeys(), Is.EqualTo(_command.MakeNextKeys()));
        Assert.That((_serving.Refresh(), _command.Refresh()), Is.EqualTo((false, false)), "what it changes, it has");
    }

    [Test]
    public void EnrolmentCodeOfAKeyMadeAMomentAgo_Opens()
    {
        _command.RotateIssueCodeKey();
        using var code = EnrolmentCode.Create(new TerminalId("T-1"));
        Assert.That(_serving.TryOpenEnrolment(code.Terminal, _command.CreateEnrolmentVerifier(code), out var key), Is.True);
        key!.Dispose();
    }

    [Test]
    public void NumberOfNoKeyYetKnown_IsKnownOnceTheKeyIsMade()
    {
        _command.RotateIssueCodeKey();
        Assert.That(_serving.IsCardNumber(_command.CreateCardNumber()), Is.True);
    }

    [Test]
    public void OtherPassphrase_Refresh_SaysSoAndTheKeysOfBeforeStay()
    {
        var data = _serving.SealOrderData(Terms, "data"u8);
        using var other = SecretBytes.Copy("another passphrase"u8);
        _command.RewrapAsync(other, PassphraseFileTest.Cheapest).Wait();
        Assert.That(() => _serving.Refresh(), Throws.TypeOf<PassphraseFileException>().With.Message.Contain("another passphrase"));
        ThatStillOpens(data);
    }

    [Test]
    public void AnotherVaultsFile_GoneOrDamaged_Refresh_IsRefusedAndTheKeysOfBeforeStay()
    {
        var data = _serving.SealOrderData(Terms, "data"u8);
        var good = File.ReadAllBytes(_path);
        using (var passphrase = Passphrase())
        using (FileKeyVault.Create($"{_path}.2", passphrase, new CenterId("C-1"), PassphraseFileTest.Cheapest))
            File.Copy($"{_path}.2", _path, overwrite: true);
        Assert.That(() => _serving.Refresh(), Throws.InstanceOf<CardIssueException>(), "sealed under a key of its own");
        File.Delete(_path);
        Assert.That(() => _serving.Refresh(), Throws.TypeOf<PassphraseFileException>().With.Property("Fault").EqualTo(PassphraseFault.Missing));
        _command.Dispose();
        File.WriteAllBytes(_path, [.. good[..^1], (byte)(good[^1] ^ 1)]);
        Assert.That(_serving.Refresh(), Is.False, "the head is that of what it has: nothing was written");
        ThatStillOpens(data);
        File.WriteAllBytes(_path, good);
        Assert.That(_serving.RotateMaster(), Is.EqualTo(2));
    }

    [Test]
    public void ContentThatCannotBeTaken_IsNeverWrittenOver()
    {
        // A newer program's, or another vault's under the same passphrase and salt.
        using (var passphrase = Passphrase())
        using (var file = PassphraseFile.Open(_path, PassphraseFileKind.CenterVault, passphrase, out var before))
        {
            before.Dispose();
            file.Replace([0, 0, 0, 99]);
        }
        var written = File.ReadAllBytes(_path);
        for (var times = 0; times < 2; times++) Assert.That(() => _serving.Refresh(), Throws.TypeOf<FormatException>());
        Assert.That(() => _serving.RotateMaster(), Throws.TypeOf<PassphraseFileException>().With.Property("Fault").EqualTo(PassphraseFault.ChangedMeanwhile));
        Assert.That(File.ReadAllBytes(_path), Is.EqualTo(written));
    }

    [Test]
    public void KeyDestroyedByAnother_Refresh_HasItNoMore()
    {
        Counter.ImportMaster(_command, "visa", 0x30, Counter.Master);
        _serving.Refresh();
        Assert.That(_serving.LackOf("visa", 0x30, CardIssue.Core.Cards.Diversification.KeyDiversification.Kdf3, null), Is.Null);
        Assert.That(_command.Destroy("visa", 0x30), Is.True);
        Assert.That(_serving.Refresh(), Is.True);
        Assert.That(_serving.CardMasterKeys, Is.Empty);
    }

    [Test]
    public void WhateverAVaultHolds_TakenOver_IsTheNewer()
    {
        using var own = VaultContent.New(new CenterId("C-1"));
        using var bytes = own.Write();
        var newer = VaultContent.Read(bytes.Written);
        newer.TlsCertificate = ByteString.FromHex("01");
        var (lists, flags) = (new List<(IList List, object Added)>(), 0);
        foreach (var property in typeof(VaultContent).GetProperties())
        {
            if (property.PropertyType == typeof(bool))
            {
                property.SetValue(newer, !(bool)property.GetValue(own)!);
                flags++;
            }
            // Those of the center that have ended are one list, put in the place of the other.
            else if (property.Name != nameof(VaultContent.FormerKeys) && property.GetValue(newer) is IList list)
            {
                list.Add(RuntimeHelpers.GetUninitializedObject(property.PropertyType.GenericTypeArguments[0]));
                lists.Add(((IList)property.GetValue(own)!, list[list.Count - 1]!));
            }
        }
        own.TakeOver(newer);
        own.TakeOverKeys(newer);
        Assert.That((lists.Count, flags), Is.EqualTo((5, 4)), "that nothing was passed by");
        foreach (var (list, added) in lists)
        {
            Assert.That(list[list.Count - 1], Is.SameAs(added));
            list.Remove(added);
        }
        foreach (var flag in typeof(VaultContent).GetProperties().Where(property => property.PropertyType == typeof(bool)))
            Assert.That(flag.GetValue(own), Is.EqualTo(flag.GetValue(newer)), flag.Name);
        Assert.That((own.TlsCertificate, own.FormerKeys), Is.EqualTo((newer.TlsCertificate, newer.FormerKeys)));
    }

    private static SecretBytes Passphrase() => SecretBytes.Copy("correct horse battery"u8);

    private void ThatStillOpens(ByteString data)
    {
        Assert.That(_serving.TryOpenOrderData(Terms, data, out var plain), Is.True);
        plain!.Dispose();
    }
}
