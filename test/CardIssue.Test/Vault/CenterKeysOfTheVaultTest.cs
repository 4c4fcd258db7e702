using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Test.Keys;

namespace CardIssue.Test.Vault;

/// <summary>The center's keys in a vault: made, told, and those of before ended; in each host's copy, and in copies that are older.</summary>
[TestFixture, Parallelizable, FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class CenterKeysOfTheVaultTest : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cardissue-keys-").FullName;
    private readonly SecretBytes _passphrase = SecretBytes.Copy("correct horse battery"u8);
    private readonly FileKeyVault _vault;

    public CenterKeysOfTheVaultTest() => _vault = FileKeyVault.Create(Named("one"), _passphrase, new CenterId("C-1"), PassphraseFileTest.Cheapest);

    public void Dispose()
    {
        _vault.Dispose();
        _passphrase.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public void Made_CountsForNobodyBeforeItIsTold_ThenBesideThePresent_ThenAlone()
    {
        var before = _vault.Identity;
        var next = _vault.MakeNextKeys();
        Assert.That((_vault.MakeNextKeys(), next.Number), Is.EqualTo((next, 1)), "made once");
        Assert.That((Numbers(_vault), _vault.Present.SignNextKeys(), _vault.Identity), Is.EqualTo((new[] { 0 }, ByteString.Empty, before)));
        Assert.That((_vault.FollowKeys(CenterKeysStanding.AsMade), _vault.FollowKeys(Told(next)), _vault.FollowKeys(Told(next))), Is.EqualTo((false, true, false)));
        Assert.That((Numbers(_vault), _vault.SessionKeys[0].SignNextKeys(), _vault.Identity), Is.EqualTo((new[] { 1, 0 }, ByteString.Empty, before)));
        Assert.That(CenterKeys.TryVerify(_vault.SessionKeys[1].SignNextKeys(), before, out var told), Is.True);
        Assert.That((told, _vault.SessionKeys[0].Identity.SigningKey), Is.EqualTo((next, next.SigningKey)));
        var old = _vault.SessionKeys[1];
        Assert.That((_vault.FollowKeys(Ended(next)), _vault.FollowKeys(Ended(next))), Is.EqualTo((true, false)));
        Assert.That((Numbers(_vault), _vault.KeysNumber, _vault.NextKeys, CenterKeys.Sha256Of(_vault.Identity)), Is.EqualTo((new[] { 1 }, 1, (CenterKeys?)null, next.Sha256)));
        Assert.That(() => old.SignReaderList(new ReaderList(new TerminalId("T-1"), 1, DateTimeOffset.UnixEpoch, [])), Throws.InstanceOf<KeyVaultException>().With.Message.Contain("have ended"));
        Assert.That((_vault.WasIdentity(before), _vault.WasIdentity(before with { AgreementKey = next.AgreementKey })), Is.EqualTo((true, false)));
        Assert.That(_vault.MakeNextKeys().Number, Is.EqualTo(2));
    }

    /// <summary>What the keys of before signed counts up to their end; what a thief of them signs afterwards does not.</summary>
    [Test]
    public void Ended_WhatTheySignedIsVerified_NothingLater_AlsoByAnAuditor_AndAfterANewPassphrase()
    {
        var thief = Copy("thief");
        var next = _vault.MakeNextKeys();
        _vault.FollowKeys(Told(next));
        var (note, late) = (Note(thief, 100), Note(thief, 101));
        var early = Note(_vault.SessionKeys[0], 120);
        Assert.That((_vault.TryVerifyNote(note, out _), _vault.TryVerifyNote(early, out _)), Is.EqualTo((true, true)), "both count");
        var signed = thief.SignCheckpoint("heads"u8);
        _vault.FollowKeys(Ended(next, checkpoint: 5, generation: 100));
        using (var again = SecretBytes.Copy("another long passphrase"u8)) _vault.RewrapAsync(again).Wait();
        var former = FormerCenterKeys.Read(_vault.FormerKeys.Single().Write(), "former");
        Assert.That(former, Is.EqualTo(_vault.FormerKeys.Single()));
        foreach (var keys in new ILogKeys[] { _vault, new PublicLogKeys(_vault.Identity, [former]) })
        {
            Assert.That((keys.VerifyCheckpoint("heads"u8, signed, 5), keys.VerifyCheckpoint("heads"u8, signed, 6), keys.VerifyCheckpoint("heads"u8, signed)), Is.EqualTo((true, false, true)));
            Assert.That((keys.TryVerifyNote(note, out _), keys.TryVerifyNote(late, out var none), none), Is.EqualTo((true, false, (VerifiedWitnessNote?)null)));
            Assert.That((keys.TryVerifyNote(early, out _), keys.VerifyCheckpoint("heads"u8, _vault.SignCheckpoint("heads"u8), 6)), Is.EqualTo((true, true)));
        }
        Assert.That(new PublicLogKeys(_vault.Identity).VerifyCheckpoint("heads"u8, signed, 5), Is.False, "an auditor who has the new keys alone");
    }

    /// <summary>The private keys are in no file of a host any more, and in the copies that were made before.</summary>
    [Test]
    public void HostWithACopy_EndsThem_OneWithout_ServesNobody_AndSaysWhatToDo()
    {
        using var behind = Copy("behind");
        var next = _vault.MakeNextKeys();
        using var two = Copy("two");
        Assert.That((two.LatestKeys, behind.LatestKeys), Is.EqualTo((next.Sha256, CenterKeys.Sha256Of(_vault.Identity))));
        Assert.That(() => behind.FollowKeys(Told(next)), Throws.InstanceOf<KeyVaultException>().With.Message.Contain("copy vault.json"));
        Assert.That(Numbers(behind), Is.EqualTo(new[] { 0 }), "who comes with the present ones is served");
        _vault.FollowKeys(Told(next));
        foreach (var vault in new[] { _vault, two }) Assert.That(vault.FollowKeys(Ended(next)), Is.True);
        Assert.That(() => behind.FollowKeys(Ended(next)), Throws.InstanceOf<KeyVaultException>().With.Message.Contain("older copy"));
        Assert.That((Numbers(behind), Numbers(two)), Is.EqualTo((Array.Empty<int>(), new[] { 1 })));
        // As it is told: the file of a host that has.
        File.Copy(Named("two"), Named("behind"), overwrite: true);
        Assert.That((behind.Refresh(), Numbers(behind), behind.Identity), Is.EqualTo((true, new[] { 1 }, two.Identity)));
        Assert.That(behind.FollowKeys(Ended(next)), Is.False);
    }

    /// <summary>A file of before, put in the place of the one that is served from; and another host's, with other keys of the same number.</summary>
    [Test]
    public void OlderCopyInItsPlace_OrOthersOfTheSameNumber_AreNotTaken()
    {
        using (Copy("made as well"))
        using (Copy("before")) { }
        using var other = FileKeyVault.Open(Named("made as well"), _passphrase);
        var (next, theirs) = (_vault.MakeNextKeys(), other.MakeNextKeys());
        Assert.That((theirs.Number, theirs.Sha256), Is.Not.EqualTo((next.Number, next.Sha256)));
        Assert.That(() => other.FollowKeys(Told(next)), Throws.InstanceOf<KeyVaultException>());
        Assert.That(other.MakeNextKeys(new NamedKeys(next.Number, next.Sha256)).Number, Is.EqualTo(2), "made anew, for the number was told");
        _vault.FollowKeys(Told(next));
        foreach (var file in new[] { "before", "made as well" })
        {
            File.Copy(Named(file), Named("one"), overwrite: true);
            Assert.That(() => _vault.Refresh(), Throws.InstanceOf<KeyVaultException>().With.Message.Contain("older copy"), file);
            Assert.That(Numbers(_vault), Is.EqualTo(new[] { 1, 0 }));
        }
    }

    [Test]
    public void DiskFull_NothingWasChanged_AndDoneAgainItIs()
    {
        var next = _vault.MakeNextKeys();
        _vault.FollowKeys(Told(next));
        File.Delete(Named("one"));
        Directory.CreateDirectory(Named("one"));
        Assert.That(() => _vault.FollowKeys(Ended(next)), Throws.Exception);
        Assert.That((Numbers(_vault), _vault.KeysNumber, _vault.FormerKeys.Count), Is.EqualTo((new[] { 1, 0 }, 0, 0)));
    }

    private static int[] Numbers(FileKeyVault vault) => [.. vault.SessionKeys.Select(keys => keys.Number)];

    private static CenterKeysStanding Told(CenterKeys keys) => new(new NamedKeys(keys.Number, keys.Sha256), null, 0, 0);

    private static CenterKeysStanding Ended(CenterKeys keys, long checkpoint = 0, long generation = 0) =>
        new(new NamedKeys(keys.Number, keys.Sha256), new NamedKeys(keys.Number, keys.Sha256), checkpoint, generation);

    private static ByteString Note(FileKeyVault vault, long generation) => Note(vault.Present, generation);

    private static ByteString Note(ISessionKeys keys, long generation) =>
        keys.SignWitness(new WitnessNote(new CenterId("C-1"), ByteString.Own(new byte[16]), generation, "host-1", 1, ByteString.Own(new byte[32])));

    private string Named(string name) => Path.Combine(_folder, name);

    private FileKeyVault Copy(string name)
    {
        File.Copy(Named("one"), Named(name));
        return FileKeyVault.Open(Named(name), _passphrase);
    }
}
