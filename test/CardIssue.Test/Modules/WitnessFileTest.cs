using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Modules;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Modules;

namespace CardIssue.Test.Modules;

public class WitnessFileTest
{
    private string _folder = "";
    private P256PrivateKey _key = null!;
    private CenterIdentity _center = null!;

    [SetUp]
    public void MakeCenter()
    {
        _folder = Directory.CreateTempSubdirectory("cardissue-").FullName;
        _key = P256PrivateKey.Generate();
        _center = new CenterIdentity(new CenterId("C-1"), _key.PublicKey, _key.PublicKey, default);
    }

    [TearDown]
    public void Clear()
    {
        _key.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string FilePath => Path.Combine(_folder, "module.witness");

    private WitnessFile Open() => new(FilePath, new CenterKeyChain(FilePath + ".keys", _center));

    private static WitnessNote Note(long generation, long sequence, byte head = 0) =>
        new(new CenterId("C-1"), ByteString.Own(new byte[16]), generation, "host-1", sequence, ByteString.Own([head, .. new byte[31]]));

    private ByteString Signed(long generation, long sequence, byte head = 0) => SignedWitnessNote.Sign(Note(generation, sequence, head), _key);

    [Test]
    public void NothingIsThere_NothingIsRemembered_AndNoFileIsMade()
    {
        Assert.That(Open().Latest.IsEmpty, Is.True);
        Assert.That(File.Exists(FilePath), Is.False);
    }

    [Test]
    public void ANewerNote_IsKept_AndOutlivesTheProgram()
    {
        var (first, second) = (Signed(5, 7), Signed(9, 8));
        Assert.That(Open().Keep(first), Is.EqualTo(NoteKeeping.Kept));
        Assert.That(Open().Latest, Is.EqualTo(first));
        var file = Open();
        Assert.That(file.Keep(second), Is.EqualTo(NoteKeeping.Kept));
        Assert.That((file.Latest, Open().Latest), Is.EqualTo((second, second)));
        Assert.That(Open().Notes, Has.Count.EqualTo(1));
    }

    [Test]
    public void AnOlderNote_ComesAgain_IsNotKept()
    {
        var (first, second) = (Signed(5, 7), Signed(9, 8));
        var file = Open();
        file.Keep(second);
        foreach (var again in new[] { first, second, Signed(9, 8) }) Assert.That(file.Keep(again), Is.EqualTo(NoteKeeping.Older));
        Assert.That(Open().Latest, Is.EqualTo(second));
    }

    [Test]
    public void ANote_ForgedOrOfAnotherCenter_IsNotKept()
    {
        using var stranger = P256PrivateKey.Generate();
        var file = Open();
        file.Keep(Signed(5, 7));
        var changed = Signed(9, 8).ToArray();
        changed[^1] ^= 1;
        foreach (var forged in new[]
        {
            SignedWitnessNote.Sign(Note(9, 8), stranger), SignedWitnessNote.Sign(Note(9, 8) with { Center = new CenterId("C-2") }, _key), ByteString.Own(changed),
            ByteString.Own([1, 2, 3]), ByteString.Empty,
        }) Assert.That(file.Keep(forged), Is.EqualTo(NoteKeeping.Refused));
        Assert.That(Open().Notes.Select(kept => kept.Note), Is.EqualTo(new[] { Note(5, 7) }));
    }

    [Test]
    public void TwoHistories_TheHigherGenerationIsTheLatest_AndTheOtherStaysAsEvidence()
    {
        var file = Open();
        file.Keep(Signed(50, 70, 1));
        Assert.That(file.Keep(Signed(40, 71, 2)), Is.EqualTo(NoteKeeping.Contradicted), "an older generation, and a later entry");
        Assert.That(Open().Notes.Select(kept => kept.Note), Is.EqualTo(new[] { Note(50, 70, 1), Note(40, 71, 2) }));
        Assert.That(file.Keep(Signed(60, 60, 3)), Is.EqualTo(NoteKeeping.Contradicted), "a higher generation, and the log went back");
        Assert.That(Open().Notes.Select(kept => kept.Note), Is.EqualTo(new[] { Note(60, 60, 3), Note(40, 71, 2), Note(50, 70, 1) }));
        Assert.That(file.Keep(Signed(61, 61, 4)), Is.EqualTo(NoteKeeping.Kept));
        Assert.That(Open().Notes, Has.Count.EqualTo(3), "the evidence stays");
    }

    [Test]
    public void Evidence_WithoutEnd_HasACap()
    {
        var file = Open();
        file.Keep(Signed(50, 70, 1));
        for (byte other = 2; other < 20; other++) file.Keep(Signed(50, 70, other));
        Assert.That(Open().Notes, Has.Count.EqualTo(1 + WitnessFile.MaxEvidence));
        Assert.That(Open().Notes[0].Note, Is.EqualTo(Note(50, 70, 1)));
        Assert.That(new FileInfo(FilePath).Length, Is.LessThanOrEqualTo(WitnessFile.MaxLength));
    }

    [TestCase("", TestName = "AnEmptyFile_IsFound_NothingIsRemembered")]
    [TestCase("80", TestName = "AListOfNothing_IsFound_NothingIsRemembered")]
    [TestCase("9A7FFFFFFF4101", TestName = "AListWithoutItsEnd_IsFound_NothingIsRemembered")]
    [TestCase("8101", TestName = "AListOfNumbers_IsFound_NothingIsRemembered")]
    [TestCase("FFFF", TestName = "Noise_IsFound_NothingIsRemembered")]
    public void AFile_ThatIsNone(string hex)
    {
        File.WriteAllBytes(FilePath, Convert.FromHexString(hex));
        Assert.That(Open().Notes, Is.Empty);
        Assert.That(Open().Keep(Signed(5, 7)), Is.EqualTo(NoteKeeping.Kept));
        Assert.That(Open().Notes, Has.Count.EqualTo(1));
    }

    [Test]
    public void TwoPrograms_KeepNotes_TheHigherOneStays()
    {
        var (one, other) = (Open(), Open());
        one.Keep(Signed(9, 8));
        Assert.That(other.Keep(Signed(5, 7)), Is.EqualTo(NoteKeeping.Older));
        Assert.That(other.Latest, Is.EqualTo(one.Latest));
    }

    [Test]
    public void AModule_KeepsANote_ItsFileHasItBesideTheKeys()
    {
        using var counter = new Counter();
        var note = counter.Note(5, 7);
        Assert.That(counter.Module.Note.IsEmpty, Is.True);
        Assert.That(counter.Module.KeepNote(note), Is.EqualTo(NoteKeeping.Kept));
        using var passphrase = SecretBytes.Copy(Counter.Passphrase.Span);
        using var file = SoftwareModuleFile.Open(Path.Combine(counter.Folder, "T-1"), passphrase);
        using var again = file.OpenModule();
        Assert.That(again.Note, Is.EqualTo(note));
        Assert.That(file.Notes.Select(kept => kept.Generation), Is.EqualTo(new[] { 5L }));
        Assert.That(counter.Other.Note.IsEmpty, Is.True);
    }

    [Test]
    public void AModule_TrustsAnotherCenter_ForgetsTheNotesOfTheFirst()
    {
        using var counter = new Counter();
        counter.Module.KeepNote(counter.Note(5, 7));
        using var passphrase = SecretBytes.Copy(Counter.Passphrase.Span);
        using var file = SoftwareModuleFile.Open(Path.Combine(counter.Folder, "T-1"), passphrase);
        file.TrustCenter(_center with { Id = new CenterId("C-2") });
        using var module = file.OpenModule();
        Assert.That(module.Note.IsEmpty, Is.True);
        Assert.That(module.KeepNote(counter.Note(9, 9)), Is.EqualTo(NoteKeeping.Refused));
    }
}
