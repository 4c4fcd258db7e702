using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Modules;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Modules;

/// <summary>Which keys a terminal knows its center by, and who could make it know others.</summary>
[TestFixture, FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class CenterKeyChainTest : IDisposable
{
    private static readonly CenterId Center = new("C-1");

    private readonly string _folder = Directory.CreateTempSubdirectory("cardissue-keys-").FullName;
    private readonly P256PrivateKey[] _signing = [.. Enumerable.Range(0, 4).Select(_ => P256PrivateKey.Generate())];
    private readonly P256PrivateKey _agreement = P256PrivateKey.Generate();

    public void Dispose()
    {
        foreach (var key in _signing) key.Dispose();
        _agreement.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public void Told_IsNext_UntilItIsProved_ThenThereIsNoWayBack_AlsoAfterARestart()
    {
        var chain = Open();
        Assert.That((chain.Present, chain.Next, chain.Number), Is.EqualTo((Identity(0), (CenterIdentity?)null, 0)));
        Assert.That(chain.Keep(Told(1, by: 0)), Is.True);
        Assert.That((Open().Present, Open().Next, Open().Number), Is.EqualTo((Identity(0), Identity(1), 0)));
        chain.Proved(Identity(0));
        Assert.That((Open().Present, Open().Next), Is.EqualTo((Identity(0), Identity(1))), "the present ones were proved");
        chain.Proved(Identity(1));
        Assert.That((chain.Present, chain.Next, Open().Present, Open().Next, Open().Number), Is.EqualTo((Identity(1), (CenterIdentity?)null, Identity(1), (CenterIdentity?)null, 1)));
        chain.Proved(Identity(0));
        Assert.That((chain.Present, Open().Present), Is.EqualTo((Identity(1), Identity(1))));
        Assert.That(Open().Keep(Told(2, by: 1)), Is.True);
        Assert.That((Open().Next, Open().Known), Is.EqualTo((Identity(2), new[] { Identity(0), Identity(1), Identity(2) })));
    }

    [Test]
    public void MadeAnew_BeforeItWasProved_TheLaterOneCounts()
    {
        Assert.That((Open().Keep(Told(1, by: 0)), Open().Keep(Told(1, by: 0)), Open().Keep(Told(2, by: 0))), Is.EqualTo((true, true, true)));
        Assert.That((Open().Next, Open().Known), Is.EqualTo((Identity(2), new[] { Identity(0), Identity(2) })));
    }

    /// <summary>A counter that runs for weeks, and a command beside it.</summary>
    [Test]
    public void AnotherProgramOfTheTerminal_ProvedThemMeanwhile_TheFirstOneHasThem_AndNeverWritesThemAway()
    {
        var (counter, command) = (Open(), Open());
        command.Keep(Told(1, by: 0));
        command.Proved(Identity(1));
        Assert.That(counter.Keep(Told(3, by: 0)), Is.False, "said under keys of before");
        Assert.That((counter.Present, Open().Present), Is.EqualTo((Identity(1), Identity(1))));
        command.Keep(Told(2, by: 1));
        counter.Refresh();
        Assert.That(counter.Next, Is.EqualTo(Identity(2)));
    }

    /// <summary>Who put the file back or took it away: this program has seen the keys.</summary>
    [Test]
    public void FileTakenAway_OrPutBack_WhatIsProvedHereStays()
    {
        var chain = Open();
        chain.Keep(Told(1, by: 0));
        var before = File.ReadAllBytes(FilePath);
        chain.Proved(Identity(1));
        File.WriteAllBytes(FilePath, before);
        chain.Refresh();
        Assert.That((chain.Present, chain.Next), Is.EqualTo((Identity(1), (CenterIdentity?)null)));
        File.Delete(FilePath);
        chain.Refresh();
        Assert.That(chain.Present, Is.EqualTo(Identity(1)));
    }

    /// <summary>None of these is said by who has the center's latest signing key.</summary>
    [Test]
    public void NotTheCenters_OlderOrAnother_IsNotKept()
    {
        var chain = Open();
        chain.Keep(Told(2, by: 0));
        chain.Proved(Identity(2));
        var spoilt = Told(3, by: 2).ToArray();
        spoilt[^1] ^= 1;
        foreach (var (bytes, why) in new (ByteString, string)[]
        {
            (Told(3, by: 0), "a thief of the keys of before"),
            (Told(3, by: 1), "a key that was never the center's"),
            (Told(3, by: 3), "signed by itself"),
            (Keys(3).Sign(_agreement), "the center's other key"),
            ((Keys(3) with { Center = new CenterId("C-2") }).Sign(_signing[2]), "another center's"),
            ((Keys(3) with { Number = 2 }).Sign(_signing[2]), "others of a number that was told"),
            ((Keys(0) with { Number = 1 }).Sign(_signing[2]), "back to those of before, by their number"),
            (ByteString.Own(spoilt), "a signature that does not fit"),
            (ByteString.Own(Told(3, by: 2).ToArray()[..^1]), "cut"),
            (ByteString.Own([0x80]), "an empty array"),
            (ByteString.Own(new byte[500]), "too long"),
            (SignedBody.Sign(ProtocolLabels.CenterCertificate, [0xA0], _signing[2]), "something else that the center signs"),
            (SignedBody.Sign(ProtocolLabels.WitnessNote, Told(3, by: 2).ToArray()[4..^66], _signing[2]), "the right body under another label"),
        })
            Assert.That((chain.Keep(bytes), chain.Present, chain.Next), Is.EqualTo((false, Identity(2), (CenterIdentity?)null)), why);
        Assert.That(chain.Keep(Told(3, by: 2)), Is.True);
    }

    /// <summary>Who can write the file takes sets away, and brings none.</summary>
    [Test]
    public void FileSpoilt_OrOfBeforeTheIdentityWasBroughtAnew_BringsNothing()
    {
        var chain = Open();
        chain.Keep(Told(1, by: 0));
        chain.Proved(Identity(1));
        chain.Keep(Told(2, by: 1));
        chain.Proved(Identity(2));
        var right = File.ReadAllBytes(FilePath);
        for (var i = 0; i < right.Length; i += 3)
        {
            var spoilt = right.ToArray();
            spoilt[i] ^= 0x40;
            File.WriteAllBytes(FilePath, spoilt);
            Assert.That(Open().Known.Except([Identity(0), Identity(1), Identity(2)]), Is.Empty, $"byte {i}");
        }
        File.WriteAllBytes(FilePath, right);
        Assert.That((Open(brought: 1).Present, Open(brought: 1).Number), Is.EqualTo((Identity(2), 2)), "center.json of between: what goes on from it counts");
        Assert.That((Open(brought: 2).Present, Open(brought: 2).Known), Is.EqualTo((Identity(2), new[] { Identity(2) })), "center.json of now");
        Assert.That(Open(brought: 3).Present, Is.EqualTo(Identity(3)), "another center's");
        Assert.That(Open().Present, Is.EqualTo(Identity(2)));
    }

    /// <summary>The notes and certificates of before stay good, and new ones are believed by the latest keys alone.</summary>
    [Test]
    public void NotesAndCertificates_OfBefore_StayGood_AndNewOnesOfTheOldKeysDoNot()
    {
        var chain = Open();
        var certificates = new CenterCertificates(Path.Combine(_folder, "center"), Identity(0), chain);
        var witness = new WitnessFile(Path.Combine(_folder, "witness"), chain);
        Assert.That((certificates.Keep(Certificate(1, by: 0)), witness.Keep(Note(7, by: 0))), Is.EqualTo((true, NoteKeeping.Kept)));
        chain.Keep(Told(1, by: 0));
        Assert.That((certificates.Keep(Certificate(2, by: 1)), witness.Keep(Note(8, by: 1))), Is.EqualTo((false, NoteKeeping.Refused)), "not proved yet");
        chain.Proved(Identity(1));
        var again = Open();
        Assert.That(new CenterCertificates(Path.Combine(_folder, "center"), Identity(0), again).Number, Is.EqualTo(1));
        Assert.That(new WitnessFile(Path.Combine(_folder, "witness"), again).Latest, Is.Not.EqualTo(ByteString.Empty));
        Assert.That((certificates.Keep(Certificate(2, by: 0)), witness.Keep(Note(8, by: 0))), Is.EqualTo((false, NoteKeeping.Refused)), "a thief of the keys of before");
        Assert.That((certificates.Keep(Certificate(2, by: 1)), witness.Keep(Note(8, by: 1))), Is.EqualTo((true, NoteKeeping.Kept)));
    }

    private string FilePath => Path.Combine(_folder, "keys");

    private CenterKeyChain Open(int brought = 0) => new(FilePath, Identity(brought));

    private CenterIdentity Identity(int number) => new(Center, _signing[number].PublicKey, _agreement.PublicKey, default);

    private CenterKeys Keys(int number) => new(Center, number, _signing[number].PublicKey, _agreement.PublicKey);

    private ByteString Told(int number, int by) => Keys(number).Sign(_signing[by]);

    private ByteString Certificate(int number, int by) => new CenterCertificate(Center, number, ByteString.Own(new byte[32])).Sign(_signing[by]);

    private ByteString Note(long generation, int by) => SignedWitnessNote.Sign(
        new WitnessNote(Center, ByteString.Own(new byte[16]), generation, "host-1", generation, ByteString.Own(new byte[32])), _signing[by]);
}
