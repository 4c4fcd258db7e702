using CardIssue.Center.Vault;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Test.Keys;

namespace CardIssue.Test.Vault;

/// <summary>Write data opens for the terms that it was sealed for, and what an older version sealed is taken over once.</summary>
[TestFixture]
public sealed class OrderTermsTest
{
    private static readonly OrderTerms Terms = Seals.Terms(new OrderId("A-1"));
    private string _folder = "";
    private FileKeyVault _vault = null!;

    [SetUp]
    public void MakeVault()
    {
        _folder = Directory.CreateTempSubdirectory("cardissue-").FullName;
        using var passphrase = Passphrase();
        _vault = FileKeyVault.Create(Path.Combine(_folder, "vault"), passphrase, new CenterId("C-1"), PassphraseFileTest.Cheapest);
    }

    [TearDown]
    public void RemoveVault()
    {
        _vault.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Computed in Python with hashlib from what the summary of <c>Digest</c> says.</summary>
    [Test]
    public void Digest_OfKnownTerms_IsTheKnownOne() =>
        Assert.That(Convert.ToHexString(Terms.Digest()), Is.EqualTo("4D9A5534CB5A88CC43C903D15FFB8EBBE73C19FD5DFC57A87595AAA637F6150C"));

    [Test]
    public void AnyTermChanged_Open_And_Rewrap_AreRefused()
    {
        var sealedData = _vault.SealOrderData(Terms, "track 2"u8);
        Assert.That(sealedData[0], Is.EqualTo(2), "the layout");
        Assert.That(Seals.OtherThan(Terms).Count(), Is.EqualTo(11));
        foreach (var (name, other) in Seals.OtherThan(Terms))
        {
            Assert.That(_vault.TryOpenOrderData(other, sealedData, out _), Is.False, name);
            Assert.That(_vault.TryRewrapOrderData(other, sealedData, out _), Is.False, name);
        }
        Assert.That(_vault.TryRewrapOrderData(Terms, sealedData, out var rewrapped), Is.True);
        foreach (var (name, other) in Seals.OtherThan(Terms)) Assert.That(_vault.TryOpenOrderData(other, rewrapped, out _), Is.False,
            $"{name}, rewrapped");
        Opens(rewrapped);
    }

    /// <summary>Both are bound, so that a key which got out is no good with other data or other terms either.</summary>
    [Test]
    public void KeyOfOneOrder_WithTheDataOfAnother_DoesNotOpen()
    {
        var (one, other) = (_vault.SealOrderData(Terms, "track 2"u8).ToArray(), _vault.SealOrderData(Terms, "track 3"u8).ToArray());
        other.AsSpan(0, 65).CopyTo(one);
        Assert.That(_vault.TryOpenOrderData(Terms, ByteString.Own(one), out _), Is.False);
    }

    [Test]
    public void DataOfAnOlderVersion_IsTakenOverOnce_AndNeverOpensByItself()
    {
        var older = Seals.Older(Terms.Order, Seals.MasterOf(_vault), 1, "track 2"u8);
        Assert.That(_vault.TakesOverOrderData, Is.False, "a new vault has nothing to take over");
        Assert.That(_vault.TryTakeOverOrderData(Terms, older, out _), Is.False);
        Seals.MakeOlder(_vault);
        Reopen();
        Assert.That(_vault.TakesOverOrderData, Is.True);
        Assert.That(_vault.TryOpenOrderData(Terms, older, out _), Is.False);
        Assert.That(_vault.TryRewrapOrderData(Terms, older, out _), Is.False);
        Assert.That(_vault.TryTakeOverOrderData(Seals.Terms(new OrderId("A-2")), older, out _), Is.False, "another order's");
        Assert.That(_vault.TryTakeOverOrderData(Terms, _vault.SealOrderData(Terms, "x"u8), out _), Is.False, "not an older one");
        Assert.That(_vault.TryTakeOverOrderData(Terms, older, out var taken), Is.True);
        Opens(taken);
        _vault.EndTakingOver();
        _vault.EndTakingOver();
        Assert.That(_vault.TryTakeOverOrderData(Terms, older, out _), Is.False);
        Reopen();
        Assert.That(_vault.TakesOverOrderData, Is.False, "for good");
        Opens(taken);
        var asNew = older.ToArray();
        asNew[0] = 2;
        Assert.That(_vault.TryOpenOrderData(Terms, ByteString.Own(asNew), out _), Is.False, "an older one with the newer number");
    }

    /// <summary>Layout 1 has none of the three marks and of the keys behind them, layout 2 the first mark, layout 3 all of them, layout 4 no certificates, layout 5 no
    /// other keys of the center.</summary>
    [TestCase(1, 44, true, true)]
    [TestCase(2, 40, false, true)]
    [TestCase(3, 32, false, false)]
    [TestCase(4, 28, false, false)]
    [TestCase(5, 16, false, false)]
    [TestCase(6, 0, false, false)]
    public void ContentOfAnOlderVault_Read_TakesOver(byte layout, int missing, bool orderData, bool rows)
    {
        using var content = VaultContent.New(new CenterId("C-1"));
        using var written = content.Write();
        Assert.That(written.Written[3], Is.EqualTo(6));
        var older = written.Written[..^missing].ToArray();
        older[3] = layout;
        using var read = VaultContent.Read(older);
        Assert.That((read.TakesOverOrderData, read.TakesOverRows, read.MayBeginPeople), Is.EqualTo((orderData, rows, true)));
        Assert.That((read.Keys.Number, read.Keys.Sha256, read.NextKeys, read.FormerKeys.Count), Is.EqualTo((0, content.Keys.Sha256, (OwnCenterKeys?)null, 0)));
        older[3] = 7;
        Assert.That(() => VaultContent.Read(older), Throws.InstanceOf<FormatException>().With.Message.Contains("newer program"));
    }

    private void Opens(ByteString sealedData)
    {
        Assert.That(_vault.TryOpenOrderData(Terms, sealedData, out var plain), Is.True);
        using (plain) Assert.That(plain!.FixedTimeEquals("track 2"u8), Is.True);
    }

    private void Reopen()
    {
        _vault.Dispose();
        using var passphrase = Passphrase();
        _vault = FileKeyVault.Open(Path.Combine(_folder, "vault"), passphrase);
    }

    private static SecretBytes Passphrase() => SecretBytes.Copy("correct horse battery"u8);
}
