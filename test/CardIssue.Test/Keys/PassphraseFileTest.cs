using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Keys;

[Parallelizable]
public class PassphraseFileTest
{
    internal static readonly Argon2Cost Cheapest = new(Argon2Cost.MinMemoryKiB, Argon2Cost.MinPasses, 1);
    private SecretBytes Passphrase { get; } = SecretBytes.Copy("correct horse"u8);
    private SecretBytes Other { get; } = SecretBytes.Copy("battery staple"u8);
    private string _folder = "", _path = "";

    [SetUp]
    public void MakeFolder()
    {
        _folder = Directory.CreateTempSubdirectory("cardissue-").FullName;
        _path = Path.Combine(_folder, "keys");
    }

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [OneTimeTearDown]
    public void ForgetPassphrases()
    {
        Passphrase.Dispose();
        Other.Dispose();
    }

    [TestCase("empty"), TestCase("directory"), TestCase("pipe")]
    public void AKeyFile_IsNoPlainFile_IsMalformedAndNotWaitedFor(string kind)
    {
        if (kind == "pipe" && OperatingSystem.IsWindows()) return;
        Hosts.BadFiles.Make(kind, _path);
        Assert.That(() => PassphraseFile.Open(_path, PassphraseFileKind.CenterVault, Passphrase, out _),
            Throws.InstanceOf<PassphraseFileException>().With.Property(nameof(PassphraseFileException.Fault)).EqualTo(PassphraseFault.Malformed));
    }

    [Test]
    public void AFile_IsMadeAndReplaced_OpensWithItsContent()
    {
        using (var file = Make("first"u8)) file.Replace("second"u8);
        using var opened = PassphraseFile.Open(_path, PassphraseFileKind.CenterVault, Passphrase, out var content);
        Assert.That(content.FixedTimeEquals("second"u8), Is.True);
        var left = Directory.GetFiles(_folder).Order(StringComparer.Ordinal).ToList();
        Assert.That(left, Is.EqualTo(new[] { _path, $"{_path}.lock" }), "no temporary file stays");
        if (!OperatingSystem.IsWindows()) Assert.That(left.Select(File.GetUnixFileMode), Is.All.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Test]
    public void ThePassphrase_IsWrong_SaysThatItOrTheFileMayBeAtFault()
    {
        Make("x"u8).Dispose();
        Fails(PassphraseFault.WrongPassphraseOrDamaged, "can't be told apart", Other);
    }

    [Test]
    public void AnyBit_IsFlipped_NothingOpens()
    {
        Make("content"u8).Dispose();
        var good = File.ReadAllBytes(_path);
        // Every header byte but the cost's (another cost only takes another time), then body and tag.
        foreach (var at in Enumerable.Range(0, good.Length).Where(i => i is < 8 or > 19 && (i < 8 || i % 3 == 0)))
        {
            var bad = good.ToArray();
            bad[at] ^= 0x10;
            File.WriteAllBytes(_path, bad);
            Assert.That(() => PassphraseFile.Open(_path, PassphraseFileKind.CenterVault, Passphrase, out _), Throws.InstanceOf<PassphraseFileException>(), $"byte {at}");
        }
    }

    [TestCase(8, 0x7F, TestName = "Memory"), TestCase(12, 0x7F, TestName = "Passes"), TestCase(16, 0x7F, TestName = "Lanes")]
    public void AHostileFile_AsksForTooMuch_IsRefusedBeforeTheWork(int at, byte value)
    {
        Make("x"u8).Dispose();
        var bytes = File.ReadAllBytes(_path);
        bytes[at] = value;
        File.WriteAllBytes(_path, bytes);
        Fails(PassphraseFault.Malformed, "are allowed", Passphrase);
        bytes[at] = 0;
        bytes.AsSpan(at + 1, 3).Clear();
        File.WriteAllBytes(_path, bytes);
        Fails(PassphraseFault.Malformed, "are allowed", Passphrase);
    }

    [Test]
    public void AFile_IsOfAnotherKindOrNone_IsRefused()
    {
        Make("x"u8).Dispose();
        Assert.That(() => PassphraseFile.Open(_path, PassphraseFileKind.SoftwareModule, Passphrase, out _),
            Throws.InstanceOf<PassphraseFileException>().With.Message.Contains("holds a CenterVault"));
        File.WriteAllBytes(_path, new byte[100]);
        Fails(PassphraseFault.Malformed, "no CardIssue key file", Passphrase);
        File.Delete(_path);
        Fails(PassphraseFault.Missing, "does not exist", Passphrase);
    }

    [Test]
    public void AFile_Exists_IsNotOverwritten()
    {
        Make("x"u8).Dispose();
        Assert.That(() => Make("y"u8), Throws.InstanceOf<PassphraseFileException>().With.Property("Fault").EqualTo(PassphraseFault.Exists));
    }

    [Test]
    public void APassphraseOrCost_IsTooWeak_IsRefused()
    {
        using var weak = SecretBytes.Copy("1234567"u8);
        Assert.That(() => PassphraseFile.Create(_path, PassphraseFileKind.CenterVault, weak, default, Cheapest), Throws.InstanceOf<PassphraseFileException>());
        Assert.That(() => PassphraseFile.Create(_path, PassphraseFileKind.CenterVault, Passphrase, default, Cheapest with { Passes = 1 }), Throws.InstanceOf<PassphraseFileException>());
        Assert.That(File.Exists(_path), Is.False);
    }

    [Test]
    public void AFile_IsRewrapped_OpensWithTheNewPassphraseAlone()
    {
        using (var file = Make("x"u8)) file.Rewrap(Other, "x"u8);
        Fails(PassphraseFault.WrongPassphraseOrDamaged, "wrong", Passphrase);
        using var opened = PassphraseFile.Open(_path, PassphraseFileKind.CenterVault, Other, out var content);
        Assert.That(content.FixedTimeEquals("x"u8), Is.True);
    }

    [Test]
    public void TwoProcesses_HaveTheFileOpen_TheSecondToWriteIsTold()
    {
        using var first = Make("x"u8);
        using var second = PassphraseFile.Open(_path, PassphraseFileKind.CenterVault, Passphrase, out _);
        second.Replace("y"u8);
        Assert.That(() => first.Replace("z"u8), Throws.InstanceOf<PassphraseFileException>().With.Property("Fault").EqualTo(PassphraseFault.ChangedMeanwhile));
        using var opened = PassphraseFile.Open(_path, PassphraseFileKind.CenterVault, Passphrase, out var content);
        Assert.That(content.FixedTimeEquals("y"u8), Is.True);
    }

    /// <summary>Each of both has read what is there; one alone may go on from it.</summary>
    [Test]
    public async Task TwoProcesses_ReplaceItAtOnce_OneDoesAndTheOtherIsTold()
    {
        using var first = Make("x"u8);
        using var second = PassphraseFile.Open(_path, PassphraseFileKind.CenterVault, Passphrase, out var opened);
        opened.Dispose();
        for (var round = 0; round < 60; round++)
        {
            using var both = new Barrier(2);
            var done = await Task.WhenAll(Task.Run(() => Replaces(first, both)), Task.Run(() => Replaces(second, both)));
            Assert.That(done, Is.EquivalentTo(new[] { true, false }), $"round {round}");
            Assert.That((first.ReadChanged(_ => { }), second.ReadChanged(_ => { })), Is.EqualTo((!done[0], !done[1])));
        }

        static bool Replaces(PassphraseFile file, Barrier both)
        {
            both.SignalAndWait();
            try
            {
                file.Replace("y"u8);
                return true;
            }
            catch (PassphraseFileException e) when (e.Fault is PassphraseFault.ChangedMeanwhile)
            {
                return false;
            }
        }
    }

    /// <summary>As a process that was killed while it had its turn leaves it.</summary>
    [Test]
    public void LockIsThereAndNobodyHasIt_IsInNobodysWay()
    {
        using var file = Make("x"u8);
        File.WriteAllBytes($"{_path}.lock", []);
        file.Replace("y"u8);
        file.Rewrap(Other, "z"u8);
    }

    private PassphraseFile Make(ReadOnlySpan<byte> content) => PassphraseFile.Create(_path, PassphraseFileKind.CenterVault, Passphrase, content, Cheapest);

    private void Fails(PassphraseFault fault, string says, SecretBytes passphrase) => Assert.That(
        () => PassphraseFile.Open(_path, PassphraseFileKind.CenterVault, passphrase, out _),
        Throws.InstanceOf<PassphraseFileException>().With.Property("Fault").EqualTo(fault).And.Message.Contains(says));
}
