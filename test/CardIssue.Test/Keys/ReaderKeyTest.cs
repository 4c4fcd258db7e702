using CardIssue.Core.Cards;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Readers;
using NSubstitute;

namespace CardIssue.Test.Keys;

/// <summary>Readers that carry a key: the list's entry, the challenge, and the judgement.</summary>
public sealed class ReaderKeyTest
{
    private static readonly TerminalId Terminal = new("T-1");
    private static readonly ReaderIdentity Reader = new("pcsc", "Gem 00", "Gemalto", "Twin", "S123", "1.2", "usb-1-4");
    private P256PrivateKey _center = null!;
    private P256PrivateKey _own = null!;

    [SetUp]
    public void MakeKeys() => (_center, _own) = (P256PrivateKey.Generate(), P256PrivateKey.Generate());

    [TearDown]
    public void DropKeys()
    {
        _center.Dispose();
        _own.Dispose();
    }

    private ReaderAuthentication Authentication(IReaderKey? key, params ReaderEntry[] entries)
    {
        var authentication = new ReaderAuthentication(() => new CenterIdentity(new CenterId("C"), _center.PublicKey, _center.PublicKey, default), Terminal, key);
        var list = new ReaderList(Terminal, 1, DateTimeOffset.UnixEpoch, ValueList.Create<ReaderEntry>(entries));
        Assert.That(authentication.TryAccept(SignedReaderList.Sign(list, _center)), Is.True);
        Assert.That(authentication.List!.List, Is.EqualTo(list), "the key comes back with the entry");
        return authentication;
    }

    private ReaderEntry Entry => new("pcsc", Serial: "S123", Key: _own.PublicKey);

    /// <summary>A key that signs as a SAM does, over the hash itself.</summary>
    private static IReaderKey Signing(System.Security.Cryptography.ECDsa ecdsa, List<string>? asked = null)
    {
        var key = Substitute.For<IReaderKey>();
        key.SignAsync(default, default).ReturnsForAnyArgs(call =>
        {
            var hash = call.Arg<ReadOnlyMemory<byte>>();
            asked?.Add(Convert.ToHexString(hash.Span));
            return ValueTask.FromResult(ReaderKeyAnswer.Of(ByteString.Own(ecdsa.SignHash(hash.ToArray()))));
        });
        return key;
    }

    private static (System.Security.Cryptography.ECDsa Ecdsa, P256PublicKey Public) NewKey()
    {
        var ecdsa = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        var point = ecdsa.ExportParameters(false).Q;
        return (ecdsa, P256PublicKey.Parse([0x04, .. point.X!, .. point.Y!]));
    }

    [Test]
    public async Task ReaderHasItsKey_IsJudged_IsKnownAndChallengedAnewEachTime()
    {
        var (ecdsa, publicKey) = NewKey();
        using var _ = ecdsa;
        var asked = new List<string>();
        var authentication = Authentication(Signing(ecdsa, asked), new ReaderEntry("pcsc", Serial: "S123"), Entry with { Key = publicKey });
        Assert.That(await authentication.JudgeAsync(Reader, default), Is.EqualTo(new ReaderJudgement.Known(Entry with { Key = publicKey })), "the entry with the key goes before the one without");
        Assert.That(await authentication.JudgeAsync(Reader, default), Is.InstanceOf<ReaderJudgement.Known>());
        Assert.That(asked, Has.Count.EqualTo(2).And.Unique);
    }

    [Test]
    public async Task ReaderHasAnotherKey_IsJudged_IsUnknown()
    {
        var (ecdsa, _) = NewKey();
        using var __ = ecdsa;
        var judgement = await Authentication(Signing(ecdsa), Entry, new ReaderEntry("pcsc", Serial: "S123")).JudgeAsync(Reader, default);
        Assert.That(judgement, Is.InstanceOf<ReaderJudgement.Unknown>().With.Property("Reason").Contains("another key than the list names"));
    }

    [TestCase(ReaderKeyFault.Absent)]
    [TestCase(ReaderKeyFault.Slow)]
    [TestCase(ReaderKeyFault.Refused)]
    [TestCase(ReaderKeyFault.Malformed)]
    public async Task KeyDoesNotAnswer_IsJudged_IsUnknownByName(ReaderKeyFault fault)
    {
        var key = Substitute.For<IReaderKey>();
        key.SignAsync(default, default).ReturnsForAnyArgs(ReaderKeyAnswer.None(fault, "why"));
        var judgement = await Authentication(key, Entry).JudgeAsync(Reader, default);
        Assert.That(judgement, Is.InstanceOf<ReaderJudgement.Unknown>().With.Property("Reason").Contains($"its key did not answer: {fault}, why"));
    }

    [Test]
    public void SlotOfTheKeyIsGone_IsJudged_IsAway()
    {
        var key = Substitute.For<IReaderKey>();
        key.SignAsync(default, default).ReturnsForAnyArgs(ReaderKeyAnswer.None(ReaderKeyFault.Away, "why"));
        Assert.That(async () => await Authentication(key, Entry).JudgeAsync(Reader, default),
            Throws.InstanceOf<CardException>().With.Property(nameof(CardException.Fault)).EqualTo(CardFault.ReaderGone));
    }

    [Test]
    public async Task StrangerByItsWords_HasAKey_IsNotEvenAsked()
    {
        var key = Substitute.For<IReaderKey>();
        Assert.That(await Authentication(key, Entry).JudgeAsync(Reader with { Serial = "other" }, default), Is.InstanceOf<ReaderJudgement.Unknown>());
        Assert.That(key.ReceivedCalls(), Is.Empty);
    }

    [Test]
    public void Challenge_AnyPartOfItDiffers_HasAnotherHash()
    {
        var nonce = ByteString.Own(new byte[ReaderChallenge.NonceLength]);
        var other = ByteString.Own([.. new byte[ReaderChallenge.NonceLength - 1], 1]);
        ReaderIdentity[] readers =
        [
            Reader, Reader with { Kind = "serial" }, Reader with { Vendor = "x" }, Reader with { Model = "x" }, Reader with { Serial = "x" }, Reader with { Firmware = "x" },
            Reader with { Port = "x" }, Reader with { Port = null }, Reader with { Port = "" }, Reader with { Vendor = null }, Reader with { Vendor = "Twin", Model = "Gemalto" },
        ];
        var hashes = readers.Select(reader => new ReaderChallenge(Terminal, nonce, reader).Hash)
            .Append(new ReaderChallenge(Terminal, other, Reader).Hash).Append(new ReaderChallenge(new TerminalId("T-2"), nonce, Reader).Hash).ToArray();
        Assert.That(hashes, Is.Unique);
        Assert.That(new ReaderChallenge(Terminal, nonce, Reader with { Name = "another port" }).Hash, Is.EqualTo(hashes[0]), "the system's name is no part of the reader");
    }

    [Test]
    public void ListWithKeys_IsAsLongAsItMayBe_IsRefusedBeforeItIsSigned()
    {
        var text = new string('€', FieldLimits.MaxReaderText);
        var entry = new ReaderEntry("pcsc", text, text, text, text, Key: _own.PublicKey);
        var list = new ReaderList(Terminal, 1, DateTimeOffset.UnixEpoch, [.. Enumerable.Repeat(entry, 64)]);
        Assert.That(SignedReaderList.Fault(list), Does.Contain("a message carries"));
        Assert.That(() => SignedReaderList.Sign(list, _center), Throws.ArgumentException);
        Assert.That(SignedReaderList.Fault(list with { Entries = [entry] }), Is.Null);
    }
}
