using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Readers;

namespace CardIssue.Test.Keys;

public class ReaderListTest
{
    private static readonly TerminalId Terminal = new("T-1");
    private static readonly DateTimeOffset Then = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly ReaderIdentity Reader = new("pcsc", "Gem 00", "Gemalto", "Twin", "S123", "1.2", "usb-1-4");
    private static readonly ReaderEntry Entry = new("pcsc", "Gemalto", null, "S123", null, ["usb-1-*", "usb-2-1"]);

    private static ReaderList List(params ReaderEntry[] entries) => new(Terminal, 1, Then, ValueList.Create<ReaderEntry>(entries));

    [Test]
    public void AList_IsSigned_ComesBackEqual()
    {
        using var center = P256PrivateKey.Generate();
        var list = List(Entry, new ReaderEntry(Kind: "virtual", LetInWithoutIdentity: true));
        Assert.That(SignedReaderList.TryVerify(SignedReaderList.Sign(list, center).Memory, center.PublicKey, Terminal, out var verified), Is.True);
        Assert.That(verified!.List, Is.EqualTo(list));
    }

    [Test]
    public void AList_HasAnyByteChanged_IsRefused()
    {
        using var center = P256PrivateKey.Generate();
        var bytes = SignedReaderList.Sign(List(Entry), center).ToArray();
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 0x01;
            Assert.That(SignedReaderList.TryVerify(bytes, center.PublicKey, Terminal, out _), Is.False, $"byte {i}");
            bytes[i] ^= 0x01;
        }
        for (var length = 0; length < bytes.Length; length++)
            Assert.That(SignedReaderList.TryVerify(bytes.AsMemory(0, length), center.PublicKey, Terminal, out _), Is.False, $"cut to {length}");
        Assert.That(SignedReaderList.TryVerify(new byte[] { 0x82, 0x40, 0x40 }, center.PublicKey, Terminal, out _), Is.False);
    }

    [Test]
    public void AList_IsAnotherTerminalsOrCenters_IsRefused()
    {
        using var center = P256PrivateKey.Generate();
        using var other = P256PrivateKey.Generate();
        var bytes = SignedReaderList.Sign(List(Entry), center);
        Assert.That(SignedReaderList.TryVerify(bytes.Memory, center.PublicKey, new TerminalId("T-2"), out _), Is.False);
        Assert.That(SignedReaderList.TryVerify(bytes.Memory, other.PublicKey, Terminal, out _), Is.False);
    }

    [Test]
    public void AnEntry_HasNoSerial_NeedsTheWord()
    {
        using var center = P256PrivateKey.Generate();
        Assert.That(() => SignedReaderList.Sign(List(Entry with { Serial = null }), center), Throws.ArgumentException.With.Message.Contains("letInWithoutIdentity"));
        Assert.That(() => SignedReaderList.Sign(List(Entry with { Serial = null, LetInWithoutIdentity = true }), center), Throws.Nothing);
    }

    private static IEnumerable<TestCaseData> Strangers()
    {
        yield return new TestCaseData(Reader with { Serial = "S124" }, "no entry has its serial number");
        yield return new TestCaseData(Reader with { Serial = null }, "no entry is for a reader without a serial number; it tells no serial number");
        yield return new TestCaseData(Reader with { Kind = "serial" }, "but for its kind");
        yield return new TestCaseData(Reader with { Vendor = "gemalto" }, "but for its vendor");
        yield return new TestCaseData(Reader with { Vendor = null }, "but for its vendor");
        yield return new TestCaseData(Reader with { Port = "usb-3-1" }, "but for its port");
        yield return new TestCaseData(Reader with { Port = null }, "but for its port; it tells no port");
        yield return new TestCaseData(Reader with { Kind = "serial", Firmware = null, Model = null, Vendor = "x" }, "but for its kind, vendor; it tells no model, no firmware");
        yield return new TestCaseData(Reader with { Serial = null, Firmware = null }, "; it tells no serial number, no firmware");
    }

    [TestCaseSource(nameof(Strangers))]
    public void AReader_IsNotTheOneMeant_IsUnknownWithAReason(ReaderIdentity reader, string reason) =>
        Assert.That(Judge(List(Entry), reader), Is.InstanceOf<ReaderJudgement.Unknown>().With.Property("Reason").Contains(reason));

    [Test]
    public void AReader_IsTheOneMeant_IsKnownWhateverItsNameIs()
    {
        Assert.That(Judge(List(new ReaderEntry(Serial: "S1"), Entry), Reader with { Name = "anything", Model = null, Firmware = "9" }), Is.EqualTo(new ReaderJudgement.Known(Entry)));
        Assert.That(Judge(List(Entry), Reader with { Port = "usb-2-1" }), Is.InstanceOf<ReaderJudgement.Known>());
    }

    [Test]
    public void AReadersOwnWords_AreHostile_AreClipped()
    {
        var reader = Reader with { Serial = "\u001b[2J" + new string('x', 5_000), Vendor = new string('y', 5_000), Model = new string('z', 5_000), Kind = new string('k', 5_000) };
        var reason = ((ReaderJudgement.Unknown)Judge(List(Entry), reader)).Reason;
        Assert.That(reason.Length, Is.LessThanOrEqualTo(256));
        Assert.That(reason.Any(char.IsControl), Is.False);
    }

    [Test]
    public async Task ATerminal_HasNoList_KnowsNoReader()
    {
        using var center = P256PrivateKey.Generate();
        var identity = new CenterIdentity(new CenterId("C"), center.PublicKey, center.PublicKey, default);
        var authentication = new ReaderAuthentication(() => identity, Terminal);
        Assert.That(await authentication.JudgeAsync(Reader, default), Is.InstanceOf<ReaderJudgement.Unknown>());
        Assert.That(authentication.TryAccept(SignedReaderList.Sign(List(Entry) with { Version = 2 }, center)), Is.True);
        Assert.That(await authentication.JudgeAsync(Reader, default), Is.InstanceOf<ReaderJudgement.Known>());
        Assert.That(authentication.TryAccept(SignedReaderList.Sign(List(), center)), Is.False, "an older list does not come back");
        Assert.That(authentication.TryAccept(ByteString.Own([1, 2, 3])), Is.False);
        Assert.That(await authentication.JudgeAsync(Reader, default), Is.InstanceOf<ReaderJudgement.Known>());
    }

    private static ReaderJudgement Judge(ReaderList list, ReaderIdentity reader)
    {
        using var center = P256PrivateKey.Generate();
        Assert.That(SignedReaderList.TryVerify(SignedReaderList.Sign(list, center).Memory, center.PublicKey, Terminal, out var verified), Is.True);
        return verified!.Judge(reader);
    }
}
