using System.Net;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Enrolment;
using CardIssue.Terminal.Modules;
using CardIssue.Test.Keys;
using CardIssue.Testing.Lines;

namespace CardIssue.Test.EndToEnd;

/// <summary>A terminal becomes known by a one-time code, and nothing else makes it so.</summary>
[TestFixture, Parallelizable]
public sealed class EnrolmentTest
{
    private static readonly ByteString Certificate = Bytes(0x2A), OfCenter = Bytes(0xCE);
    private Shop _shop = null!;

    [SetUp]
    public async Task OpenAsync()
    {
        _shop = await Shop.OpenAsync(line: ShopLine.Loopback(7, withTls: true));
        _shop.Vault.UseTlsServer([1], OfCenter);
    }

    [TearDown]
    public async Task CloseAsync() => await _shop.DisposeAsync();

    [Test]
    public async Task RightCode_AnswerLost_AskedAgainWithTheSameKeys_Known_AndLetIn()
    {
        using var code = await InviteAsync("T-2");
        using var module = Module("T-2");
        await using (var cut = await LineAsync(module)) await SendAsync(cut, module, code);
        await _shop.LogsAsync(row => row.Entry.Kind == "TerminalKnown");
        Assert.That(module.Center, Is.Null, "the terminal heard nothing");

        await using (var line = await LineAsync(module))
            Assert.That(await TerminalEnrolment.EnrolAsync(line, module, code),
                Is.EqualTo(new EnrolmentResult(EnrolmentFault.None, _shop.Vault.Identity)));
        Assert.That(module.Center, Is.EqualTo(_shop.Vault.Identity));
        using var opened = module.OpenModule();
        await using (var line = await LineAsync(module))
            Assert.That(await RawAccess.AskAsync(line, opened, _shop.Vault.Identity.Id, new LineNumber(7)), Is.InstanceOf<Admitted>());

        var rows = await _shop.Log.ReadAsync(new LogQuery());
        Assert.That(rows.Count(row => row.Entry.Kind == "TerminalKnown"), Is.EqualTo(1));
        Assert.That(rows.Select(row => row.Entry.Detail), Has.None.Contains(code.Show()[4..]));
        Assert.That((await _shop.Log.VerifyAsync()).IsOk, Is.True);
    }

    [Test]
    public async Task CodeUsed_OtherKeys_Refused_AndThoseThatAreKnownStay()
    {
        using var code = await InviteAsync("T-2");
        using var module = Module("T-2");
        Assert.That(await EnrolAsync(module, code), Is.EqualTo(EnrolmentFault.None));
        using var thief = Module("T-2", certificate: Bytes(0x2B));
        Assert.That(await EnrolAsync(thief, code), Is.EqualTo(EnrolmentFault.Refused));
        await RefusedAsync("used before, with other keys");
        Assert.That((await _shop.Registry.GetAsync(new TerminalId("T-2")))!.CredentialKey,
            Is.EqualTo(module.Identity.CredentialKey.Encoded));
        Assert.That(thief.Center, Is.Null);
    }

    /// <summary>Another terminal's name, and a code that was right before there was a newer one, are wrong codes.</summary>
    [Test]
    public async Task WrongCode_CountedAndThenNotListenedTo_UntilThereIsANewOne()
    {
        using var first = await InviteAsync("T-2");
        using var other = await InviteAsync("T-3");
        using var code = await InviteAsync("T-2");
        using var module = Module("T-2");
        for (var i = 0; i < TerminalInvitation.TriesPerPlace; i++)
            Assert.That(await SendAsync(module, i % 2 == 0 ? first : other), Is.EqualTo(new Refused(RefusalCode.NotKnown)));
        await RefusedAsync("a wrong enrolment code, or somebody in between: 5 of 5 from here");
        Assert.That(await EnrolAsync(module, code), Is.EqualTo(EnrolmentFault.Refused), "the right one");
        await RefusedAsync("too many wrong enrolment codes");
        using var another = Module("T-3", Bytes(0x3A));
        Assert.That(await EnrolAsync(another, other), Is.EqualTo(EnrolmentFault.None), "a neighbour is not locked out");
        using var renewed = await InviteAsync("T-2");
        Assert.That(await EnrolAsync(module, renewed), Is.EqualTo(EnrolmentFault.None));
    }

    /// <summary>TLS that ends between the two: each end sees another certificate than the other shows.</summary>
    [Test]
    public async Task SomebodyInBetween_PassesAllOn_Refused_AndAnswersByHimself_NotTheCenter()
    {
        using var code = await InviteAsync("T-2");
        using var module = Module("T-2");
        await using (var through = new SeenOtherwise(await LineAsync(module), Bytes(0xEE)))
            Assert.That((await TerminalEnrolment.EnrolAsync(through, module, code)).Fault, Is.EqualTo(EnrolmentFault.Refused));
        await RefusedAsync("or somebody in between: 1 of 5");

        var (near, far) = LoopbackLine.CreatePair(
            new LinePeer(null, IPAddress.Loopback, Bytes(0xEE), Certificate),
                new LinePeer(new LineNumber(7), IPAddress.Loopback, Certificate, Bytes(0xEE)));
        await using (near)
        await using (far)
        {
            var asking = TerminalEnrolment.EnrolAsync(near, module, code);
            var asked = (EnrollTerminal)await RawAccess.NextAsync(far);
            using var guessed = EnrolmentCode.Create(module.Identity.Id);
            using var key = EnrolmentKey.Of(guessed);
            var transcript = EnrolmentTranscript.Of(asked, Certificate, Bytes(0xEE))!;
            await far.SendAsync(MessageCodec.Encode(transcript.Answer(key, _shop.Vault.Identity with { TlsCertificate = Bytes(0xEE) })),
                default);
            Assert.That((await asking).Fault, Is.EqualTo(EnrolmentFault.NotTheCenter));
        }
        Assert.That((module.Center, await _shop.Registry.GetAsync(module.Identity.Id)),
            Is.EqualTo(((CenterIdentity?)null, (TerminalRecord?)null)));
    }

    /// <summary>What was on the line is worth nothing to who recorded it: he has none of the keys, and the answer is the same.</summary>
    [Test]
    public async Task RecordedMessage_PlayedAgain_ChangesNothing_AndAChangedOneIsRefused()
    {
        using var code = await InviteAsync("T-2");
        using var module = Module("T-2");
        EnrollTerminal asked;
        await using (var line = await LineAsync(module)) asked = await SendAsync(line, module, code);
        await _shop.LogsAsync(row => row.Entry.Kind == "TerminalKnown");
        var known = await _shop.Registry.GetAsync(module.Identity.Id);
        Assert.That(await AnswerAsync(asked), Is.InstanceOf<TerminalEnrolled>());
        using var other = Module("T-2", Bytes(0x2B));
        foreach (var changed in new[]
        {
            asked with { CredentialKey = other.Identity.CredentialKey.Encoded },
                asked with { AgreementKey = other.Identity.AgreementKey.Encoded },
            asked with { KeyVersion = 2 }, asked with { Nonce = Bytes(1) }, asked with { Terminal = new TerminalId("T-1") },
        })
            Assert.That(await AnswerAsync(changed), Is.EqualTo(new Refused(RefusalCode.NotKnown)), changed.ToString());
        Assert.That(await _shop.Registry.GetAsync(module.Identity.Id), Is.EqualTo(known));
    }

    [Test]
    public async Task PlaceOfTheCode_ElsewhereOrSaidToBeAnother_Refused_AndTheDoorOpensThereAlone()
    {
        var door = new TerminalDoor(_shop.Registry, _shop.Services.Admissions);
        var here = new LinePeer(new LineNumber(7), IPAddress.Loopback, Certificate, OfCenter);
        Assert.That(await door.KnowsAsync(here, default), Is.False, "no code is out");
        using var code = await InviteAsync("T-2");
        Assert.That(await door.KnowsAsync(here, default), Is.True);
        Assert.That(await door.KnowsAsync(here with { Address = IPAddress.Parse("127.0.0.2") }, default), Is.False);
        Assert.That(await door.KnowsAsync(here with { Line = new LineNumber(8) }, default), Is.False);

        using var module = Module("T-2");
        await using (var line = await _shop.Listener.CreateConnector(IPAddress.Parse("127.0.0.2"), Certificate).ConnectAsync(default))
            Assert.That((await TerminalEnrolment.EnrolAsync(line, module, code)).Fault, Is.EqualTo(EnrolmentFault.Refused));
        await RefusedAsync("not for this line and address");
        Assert.That(await EnrolAsync(module, code), Is.EqualTo(EnrolmentFault.None));
        Assert.That(await door.KnowsAsync(here with { PeerCertificate = Bytes(9) }, default), Is.False, "the code is used");
    }

    /// <summary>Only as the first message: a line that was begun otherwise ends.</summary>
    [Test]
    public async Task AfterHello_TheLineEnds_AndNothingIsKnown()
    {
        using var code = await InviteAsync("T-2");
        using var module = Module("T-2");
        await using var line = await LineAsync(module);
        await line.SendAsync(MessageCodec.Encode(new Hello(1, 1, module.Identity.Id, Bytes(5), 8)), default);
        Assert.That(await RawAccess.NextAsync(line), Is.InstanceOf<Challenge>());
        await SendAsync(line, module, code);
        Assert.That(async () => await RawAccess.NextAsync(line), Throws.InstanceOf<LineException>());
        Assert.That(await _shop.Registry.GetAsync(module.Identity.Id), Is.Null);
    }

    private async Task<EnrolmentCode> InviteAsync(string terminal)
    {
        var code = EnrolmentCode.Create(new TerminalId(terminal));
        var enrolment = new TerminalInvitation(code.Terminal, [new LineNumber(7)], [IPNetwork.Parse("127.0.0.1/32")],
            _shop.Vault.CreateEnrolmentVerifier(code), DateTimeOffset.UtcNow.AddHours(1));
        Assert.That(await _shop.Registry.InviteAsync(enrolment, TestPeople.Of(_shop.Database)), Is.EqualTo(TerminalChange.Done));
        return code;
    }

    private SoftwareModuleFile Module(string terminal, ByteString? certificate = null)
    {
        using var passphrase = SecretBytes.Copy("correct horse battery"u8);
        var module = SoftwareModuleFile.Create(
            Path.Combine(_shop.Folder, $"module-{Guid.NewGuid():N}"), passphrase, new TerminalId(terminal), 1, PassphraseFileTest.Cheapest);
        module.UseTlsClient([1], certificate ?? Certificate);
        return module;
    }

    private ValueTask<ILine> LineAsync(SoftwareModuleFile module) =>
        _shop.Listener.CreateConnector(IPAddress.Loopback, module.Identity.TlsCertificate).ConnectAsync(default);

    private async Task<EnrolmentFault> EnrolAsync(SoftwareModuleFile module, EnrolmentCode code)
    {
        await using var line = await LineAsync(module);
        return (await TerminalEnrolment.EnrolAsync(line, module, code)).Fault;
    }

    /// <summary>Asks with whatever code, also another terminal's.</summary>
    private static async Task<EnrollTerminal> SendAsync(ILine line, SoftwareModuleFile module, EnrolmentCode code)
    {
        using var key = EnrolmentKey.Of(code);
        var asked = new EnrolmentTranscript(module.Identity, Bytes(0x11), line.Peer.OwnCertificate, line.Peer.PeerCertificate).Ask(key);
        await line.SendAsync(MessageCodec.Encode(asked), default);
        return asked;
    }

    private async Task<RelayMessage> SendAsync(SoftwareModuleFile module, EnrolmentCode code)
    {
        await using var line = await LineAsync(module);
        await SendAsync(line, module, code);
        return await RawAccess.NextAsync(line);
    }

    private async Task<RelayMessage> AnswerAsync(EnrollTerminal asked)
    {
        await using var line = await _shop.Listener.CreateConnector(IPAddress.Loopback, Certificate).ConnectAsync(default);
        await line.SendAsync(MessageCodec.Encode(asked), default);
        return await RawAccess.NextAsync(line);
    }

    private Task RefusedAsync(string why) => _shop.LogsAsync(row => row.Entry.Kind == "Refusing"
        && row.Entry.Detail.Contains(why, StringComparison.Ordinal));

    private static ByteString Bytes(byte value) => ByteString.Own([.. Enumerable.Repeat(value, 32)]);

    /// <summary>A line at whose other end another certificate is seen.</summary>
    private sealed class SeenOtherwise(ILine inner, ByteString certificate) : ILine
    {
        public LinePeer Peer { get; } = inner.Peer with { PeerCertificate = certificate };

        public ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellation) => inner.SendAsync(frame, cancellation);

        public ValueTask<LineFrame?> ReceiveAsync(CancellationToken cancellation) => inner.ReceiveAsync(cancellation);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
