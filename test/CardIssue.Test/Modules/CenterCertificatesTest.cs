using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Modules;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Modules;

/// <summary>Which certificates a terminal knows its center by, and who could make it know another one.</summary>
[TestFixture, FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class CenterCertificatesTest : IDisposable
{
    private static readonly CenterId Center = new("C-1");

    private readonly string _folder = Directory.CreateTempSubdirectory("cardissue-certificates-").FullName;
    private readonly P256PrivateKey _signing = P256PrivateKey.Generate(), _agreement = P256PrivateKey.Generate();

    public void Dispose()
    {
        _signing.Dispose();
        _agreement.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public void Told_BothAreGood_UntilTheCenterShowsTheNext_ThenThatAlone_AlsoAfterARestart()
    {
        var certificates = Open();
        Assert.That((certificates.Pins, certificates.Number), Is.EqualTo((new[] { Sha(0) }, 0)));
        Assert.That(certificates.Keep(Told(1)), Is.True);
        Assert.That((certificates.Pins, certificates.Number), Is.EqualTo((new[] { Sha(0), Sha(1) }, 1)));
        Assert.That((Open().Pins, Open().Number), Is.EqualTo((new[] { Sha(0), Sha(1) }, 1)));
        certificates.Saw(Sha(0));
        Assert.That(Open().Pins, Is.EqualTo(new[] { Sha(0), Sha(1) }), "it shows the old one still");
        certificates.Saw(Sha(1));
        Assert.That((certificates.Pins, Open().Pins, Open().Number), Is.EqualTo((new[] { Sha(1) }, new[] { Sha(1) }, 1)));
        Assert.That(Open().Keep(Told(2)), Is.True);
        Assert.That(Open().Pins, Is.EqualTo(new[] { Sha(1), Sha(2) }));
    }

    [Test]
    public void MadeAnew_BeforeItWasShown_TheLaterOneCounts()
    {
        Assert.That((Open().Keep(Told(1)), Open().Keep(Told(2))), Is.EqualTo((true, true)));
        Assert.That(Open().Pins, Is.EqualTo(new[] { Sha(0), Sha(2) }));
    }

    /// <summary>A counter that runs for weeks, and a command beside it.</summary>
    [Test]
    public void AnotherProgramOfTheTerminal_SawTheNextMeanwhile_ThereIsNoWayBack()
    {
        var (counter, command) = (Open(), Open());
        command.Keep(Told(1));
        command.Saw(Sha(1));
        Assert.That(counter.Keep(Told(1)), Is.True);
        Assert.That((counter.Pins, Open().Pins), Is.EqualTo((new[] { Sha(1) }, new[] { Sha(1) })));
        command.Keep(Told(2));
        counter.Saw(Sha(2));
        Assert.That((counter.Pins, Open().Pins, Open().Number), Is.EqualTo((new[] { Sha(2) }, new[] { Sha(2) }, 2)));
    }

    /// <summary>None of these is said by who has the center's signing key, for now.</summary>
    [Test]
    public void NotTheCenters_OlderOrAnother_IsNotKept()
    {
        var certificates = Open();
        certificates.Keep(Told(2));
        certificates.Saw(Sha(2));
        using var stranger = P256PrivateKey.Generate();
        var attackers = ByteString.Own(Enumerable.Repeat((byte)0xAA, 32).ToArray());
        var spoilt = Told(3).ToArray();
        spoilt[^1] ^= 1;
        foreach (var (bytes, why) in new (ByteString, string)[]
        {
            (new CenterCertificate(Center, 3, attackers).Sign(stranger), "another key's"),
            (new CenterCertificate(Center, 3, attackers).Sign(_agreement), "the center's other key"),
            (new CenterCertificate(new CenterId("C-2"), 3, attackers).Sign(_signing), "another center's"),
            (new CenterCertificate(Center, 2, attackers).Sign(_signing), "another one of a number that was told"),
            (Told(1), "an earlier one: its key may be known by now"),
            (ByteString.Own(spoilt), "a signature that does not fit"),
            (ByteString.Own(Told(3).ToArray()[..^1]), "cut"),
            (ByteString.Own([0x80]), "an empty array"),
            (ByteString.Own(new byte[300]), "too long"),
            (SignedBody.Sign(ProtocolLabels.WitnessNote, [0xA0], _signing), "something else that the center signs"),
            (Labelled(ProtocolLabels.WitnessNote), "the right body under another label"),
        })
            Assert.That((certificates.Keep(bytes), certificates.Pins.Single(), certificates.Number), Is.EqualTo((false, Sha(2), 2)), why);
    }

    /// <summary>Who can write the file takes certificates away, and brings none.</summary>
    [Test]
    public void FileOfAnother_OrSpoilt_OrOfBeforeTheIdentityWasBroughtAnew_CountsForNothing()
    {
        Open().Keep(Told(1));
        var file = Path.Combine(_folder, "center");
        var right = File.ReadAllBytes(file);
        for (var i = 0; i < right.Length; i++)
        {
            var spoilt = right.ToArray();
            spoilt[i] ^= 0x40;
            File.WriteAllBytes(file, spoilt);
            Assert.That(Open().Pins.Except([Sha(0), Sha(1)]), Is.Empty, $"byte {i}");
        }
        File.WriteAllBytes(file, right);
        Assert.That(Open(own: 7).Pins, Is.EqualTo(new[] { Sha(7) }), "center.json was brought anew");
        Assert.That(Open().Pins, Is.EqualTo(new[] { Sha(0), Sha(1) }));
    }

    private CenterCertificates Open(byte own = 0) =>
        Open(new CenterIdentity(Center, _signing.PublicKey, _agreement.PublicKey, Sha(own)));

    private CenterCertificates Open(CenterIdentity center) => new(Path.Combine(_folder, "center"), center, new CenterKeyChain(Path.Combine(_folder, "keys"), center));

    private ByteString Told(int number) => new CenterCertificate(Center, number, Sha((byte)number)).Sign(_signing);

    private ByteString Labelled(string label)
    {
        var body = Told(3).ToArray()[3..^66];
        return SignedBody.Sign(label, body, _signing);
    }

    private static ByteString Sha(byte number) => ByteString.Own(Enumerable.Repeat(number, 32).ToArray());
}
