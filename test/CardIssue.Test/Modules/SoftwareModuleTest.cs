using CardIssue.Center.Vault;
using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Keys;
using CardIssue.Core.Modules;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Modules;

[Parallelizable]
public class SoftwareModuleTest
{
    private static readonly byte[][] Plain =
    [
        [0x80, 0xE2, 0x00, 0x00, 0x04, 0xCA, 0xFE, 0xBA, 0xBE],
        [0x80, 0xF2, 0x40, 0x02, 0x02, 0x4F, 0x00, 0x00],
        [0x80, 0xCA, 0x00, 0x66],
    ];

    private Counter _counter = null!;
    private CardModel _card = null!;

    [SetUp]
    public void Begin()
    {
        _counter = new Counter();
        _card = new CardModel(Counter.Master.Memory, Counter.KeyVersion);
    }

    [TearDown]
    public void End() => _counter.Dispose();

    [TestCase(SecurityLevel.CMacRMac), TestCase(SecurityLevel.CMacCEncRMac)]
    public void ARecord_IsSealedAndUnsealed_TheCardTakesItAndTheCenterBelievesTheCard(SecurityLevel level)
    {
        using var opening = _counter.OpenCard(_card, level);
        var (wrapped, _) = Open(opening);
        Assert.That(_card.Take(wrapped).IsOk, Is.True);
        var script = Counter.Record();
        var sealedCommands = SealAll(opening, script);
        foreach (var (command, i) in sealedCommands.Select((c, i) => (c, i)))
        {
            Assert.That(Unseal(script, script.First + i, command, out wrapped), Is.EqualTo(ModuleRefusal.None));
            Assert.That(opening.Unwrap(_card.Take(wrapped)), Is.InstanceOf<UnwrapResult.Authenticated>(), $"command {i}");
        }
    }

    [Test]
    public void TheModulesBytes_AreTheCentersBytes()
    {
        var challenge = new byte[8];
        var answer = _card.InitializeUpdate(challenge);
        ICardOpening Twin() => ((CardOpenResult.Opened)_counter.Vault.OpenCard(
            Counter.KeySet, 0, KeyDiversification.None, challenge, answer,
            new ChannelTerms(SecurityLevel.CMacCEncRMacREnc))).Opening;
        using var endToEnd = Twin();
        using var inModule = Twin();
        var (wrapped, _) = Open(inModule);
        Assert.That(wrapped, Is.EqualTo(endToEnd.ExternalAuthenticate().ToBytes().ToArray()));
        var script = Counter.Record();
        var buffer = new byte[ISecureModule.MaxWrappedLength];
        for (var i = 0; i < Plain.Length; i++)
        {
            var expected = buffer.AsSpan(0, endToEnd.Wrap(Plain[i], buffer)).ToArray();
            Assert.That(Unseal(script, script.First + i, Seal(inModule, script, i), out wrapped), Is.EqualTo(ModuleRefusal.None));
            Assert.That(wrapped, Is.EqualTo(expected), $"command {i}");
        }
    }

    /// <summary>The quirk is in the ticket: the module wraps after an empty command as the center does.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public void EmptyCommands_CountedByTheCardOrNot_TheModulesBytesAreTheCentersBytes(bool counted)
    {
        var challenge = new byte[8];
        var answer = _card.InitializeUpdate(challenge);
        ICardOpening Twin(bool counts) => ((CardOpenResult.Opened)_counter.Vault.OpenCard(
            Counter.KeySet, 0, KeyDiversification.None, challenge, answer,
            new ChannelTerms(SecurityLevel.CMacCEncRMacREnc) { Quirks = new CardQuirks(CountsEmptyCommands: counts) })).Opening;
        using var endToEnd = Twin(counted);
        using var otherCard = Twin(!counted);
        using var inModule = Twin(counted);
        var (wrapped, _) = Open(inModule);
        endToEnd.ExternalAuthenticate();
        otherCard.ExternalAuthenticate();
        var script = Counter.Record(count: 2);
        var buffer = new byte[ISecureModule.MaxWrappedLength];
        byte[][] commands = [[0x80, 0xCA, 0x00, 0x66], [0x80, 0xE2, 0x00, 0x00, 0x04, 0xCA, 0xFE, 0xBA, 0xBE]];
        for (var i = 0; i < commands.Length; i++)
        {
            var payload = new byte[commands[i].Length + SealedCommand.Overhead];
            inModule.SealCommand(new CommandContext(script, i), commands[i], payload);
            Assert.That(Unseal(script, script.First + i, payload, out wrapped), Is.EqualTo(ModuleRefusal.None));
            Assert.That(wrapped, Is.EqualTo(buffer.AsSpan(0, endToEnd.Wrap(commands[i], buffer)).ToArray()), $"command {i}");
            Assert.That(wrapped.SequenceEqual(buffer.AsSpan(0, otherCard.Wrap(commands[i], buffer)).ToArray()), Is.EqualTo(i == 0), "the counter is in what is encrypted");
        }
    }

    [Test]
    public void ManyThousandCommands_AreUnsealed_NoAnswerIsNeeded()
    {
        using var opening = _counter.OpenCard(_card);
        Open(opening);
        for (var scriptNumber = 0; scriptNumber < 5; scriptNumber++)
        {
            var script = Counter.Record(11 + scriptNumber * 1_024, 1_024, record: scriptNumber + 1);
            for (var i = 0; i < script.Count; i++)
            {
                Assert.That(Unseal(script, script.First + i, Seal(opening, script, i), out var wrapped), Is.EqualTo(ModuleRefusal.None));
                if (scriptNumber > 3) continue;
                opening.Unwrap(new CardIssue.Core.Cards.ResponseApdu(default, 0x6A80));
            }
        }
    }

    [Test]
    public void ACommand_IsReplayed_IsRefused()
    {
        using var opening = _counter.OpenCard(_card);
        Open(opening);
        var script = Counter.Record();
        var first = Seal(opening, script, 0);
        Assert.That(Unseal(script, 11, first, out _), Is.EqualTo(ModuleRefusal.None));
        Assert.That(Unseal(script, 11, first, out _), Is.EqualTo(ModuleRefusal.Replayed));
        Assert.That(Unseal(script, 12, first, out _), Is.EqualTo(ModuleRefusal.BadSeal));
        Assert.That(Unseal(script, 12, Seal(opening, script, 1), out _), Is.EqualTo(ModuleRefusal.None), "a refusal changes nothing");
    }

    [Test]
    public void Commands_AreReorderedOrLeftOut_AreRefused()
    {
        using var opening = _counter.OpenCard(_card);
        Open(opening);
        var script = Counter.Record();
        var commands = SealAll(opening, script);
        Assert.That(Unseal(script, 12, commands[1], out _), Is.EqualTo(ModuleRefusal.OutOfOrder));
        Assert.That(Unseal(script, 11, commands[0], out _), Is.EqualTo(ModuleRefusal.None));
        Assert.That(Unseal(script, 13, commands[2], out _), Is.EqualTo(ModuleRefusal.OutOfOrder));
        var next = Counter.Record(14, 1, record: 2);
        Assert.That(Unseal(next, 14, Seal(opening, next, 0), out _), Is.EqualTo(ModuleRefusal.OutOfOrder), "the script before is not finished");
    }

    [Test]
    public void AHead_IsForged_NoCommandOpens()
    {
        using var opening = _counter.OpenCard(_card);
        Open(opening);
        var script = Counter.Record();
        var command = Seal(opening, script, 0);
        Script[] forged =
        [
            script with { Kind = ScriptKind.Close }, script with { Record = 2 }, script with { Attempt = 2 }, script with { Count = 4 }, script with { Last = true },
        ];
        foreach (var head in forged) Assert.That(Unseal(head, 11, command, out _), Is.EqualTo(ModuleRefusal.BadSeal), head.ToString());
        Assert.That(Unseal(script with { Opening = 2 }, 11, command, out _), Is.EqualTo(ModuleRefusal.NoOpening));
        Assert.That(Unseal(script with { Sealed = false }, 11, command, out _), Is.EqualTo(ModuleRefusal.WrongMode));
        Assert.That(Unseal(script with { First = 12 }, 12, command, out _), Is.EqualTo(ModuleRefusal.BadSeal));
        Assert.That(Unseal(script, 11, command, out _), Is.EqualTo(ModuleRefusal.None));
    }

    [Test]
    public void ACommand_HasAnyByteChanged_IsRefused()
    {
        using var opening = _counter.OpenCard(_card);
        Open(opening);
        var script = Counter.Record();
        var command = Seal(opening, script, 0);
        for (var i = 0; i < command.Length; i++)
        {
            command[i] ^= 0x80;
            Assert.That(Unseal(script, 11, command, out var wrapped), Is.EqualTo(ModuleRefusal.BadSeal), $"byte {i}");
            Assert.That(wrapped, Is.Empty);
            command[i] ^= 0x80;
        }
        Assert.That(Unseal(script, 11, command.AsSpan(1).ToArray(), out _), Is.EqualTo(ModuleRefusal.BadSeal));
        Assert.That(Unseal(script, 11, [], out _), Is.EqualTo(ModuleRefusal.BadSeal));
        Assert.That(Unseal(script, 11, new byte[70_000], out _), Is.EqualTo(ModuleRefusal.BadSeal));
    }

    [Test]
    public void ATicket_IsUsedTwice_IsRefused()
    {
        using var opening = _counter.OpenCard(_card);
        var ticket = opening.SealTicket(_counter.Module.Identity, _counter.Request());
        Assert.That(_counter.Module.OpenTicket(Counter.Authenticate(ticket)), Is.EqualTo(ModuleRefusal.None));
        Assert.That(_counter.Module.OpenTicket(Counter.Authenticate(ticket)), Is.EqualTo(ModuleRefusal.Replayed));
    }

    [Test]
    public void ATicket_IsBroughtByAnotherScript_IsRefused()
    {
        using var opening = _counter.OpenCard(_card);
        var ticket = opening.SealTicket(_counter.Module.Identity, _counter.Request());
        Assert.That(_counter.Module.OpenTicket(Counter.Authenticate(ticket, opening: 2)), Is.EqualTo(ModuleRefusal.BadTicket));
        Assert.That(_counter.Module.OpenTicket(Counter.Authenticate(ticket, first: 20)), Is.EqualTo(ModuleRefusal.BadTicket));
        Assert.That(_counter.Module.OpenTicket(Counter.Authenticate(ticket) with { Kind = ScriptKind.Record }), Is.EqualTo(ModuleRefusal.WrongMode));
        Assert.That(_counter.Module.OpenTicket(Counter.Authenticate(default)), Is.EqualTo(ModuleRefusal.WrongMode));
        Assert.That(_counter.Module.OpenTicket(Counter.Authenticate(ticket)), Is.EqualTo(ModuleRefusal.None));
    }

    [Test]
    public void ATicket_IsOfAnotherTerminal_IsRefused()
    {
        using var opening = _counter.OpenCard(_card);
        var ticket = opening.SealTicket(_counter.Other.Identity, _counter.Request());
        Assert.That(_counter.Module.OpenTicket(Counter.Authenticate(ticket)), Is.EqualTo(ModuleRefusal.BadTicket));
    }

    [Test]
    public void ATicket_IsOfAnotherSession_IsRefused()
    {
        using var opening = _counter.OpenCard(_card);
        var ticket = opening.SealTicket(_counter.Module.Identity, _counter.Request());
        _counter.Admit(_counter.Module);
        Assert.That(_counter.Module.OpenTicket(Counter.Authenticate(ticket)), Is.EqualTo(ModuleRefusal.BadTicket));
    }

    [Test]
    public void ATicket_HasAnyByteChanged_IsRefused()
    {
        using var opening = _counter.OpenCard(_card);
        var ticket = opening.SealTicket(_counter.Module.Identity, _counter.Request()).ToArray();
        for (var i = 0; i < ticket.Length; i++)
        {
            ticket[i] ^= 0x01;
            Assert.That(_counter.Module.OpenTicket(Counter.Authenticate(ByteString.Copy(ticket))), Is.EqualTo(ModuleRefusal.BadTicket), $"byte {i}");
            ticket[i] ^= 0x01;
        }
        Assert.That(_counter.Module.OpenTicket(Counter.Authenticate(ByteString.Copy(ticket))), Is.EqualTo(ModuleRefusal.None));
    }

    [Test]
    public void AnotherCard_IsOpened_TheFirstCardsCommandsNoLongerOpen()
    {
        using var first = _counter.OpenCard(_card);
        Open(first);
        var script = Counter.Record();
        var old = Seal(first, script, 0);
        using var second = _counter.OpenCard(new CardModel(Counter.Master.Memory, Counter.KeyVersion));
        var ticket = second.SealTicket(_counter.Module.Identity, _counter.Request(opening: 2, sequence: 11));
        Assert.That(_counter.Module.OpenTicket(Counter.Authenticate(ticket, 2, 11)), Is.EqualTo(ModuleRefusal.None));
        Assert.That(Unseal(script, 11, old, out _), Is.EqualTo(ModuleRefusal.NoOpening));
        var authenticate = Counter.Authenticate(ticket, 2, 11);
        Assert.That(Unseal(authenticate, 11, old, out _), Is.EqualTo(ModuleRefusal.BadSeal));
    }

    [Test]
    public void NothingIsOpen_ACommandComes_IsRefused()
    {
        using var opening = _counter.OpenCard(_card);
        Open(opening);
        var script = Counter.Record();
        var command = Seal(opening, script, 0);
        _counter.Module.EndOpening();
        Assert.That(Unseal(script, 11, command, out _), Is.EqualTo(ModuleRefusal.NoOpening));
    }

    [Test]
    public void ACommandBeforeAuthentication_IsRefused()
    {
        using var opening = _counter.OpenCard(_card);
        var ticket = opening.SealTicket(_counter.Module.Identity, _counter.Request());
        Assert.That(_counter.Module.OpenTicket(Counter.Authenticate(ticket)), Is.EqualTo(ModuleRefusal.None));
        Assert.That(Unseal(Counter.Record(), 11, new byte[30], out _), Is.EqualTo(ModuleRefusal.OutOfOrder));
    }

    [Test]
    public void ATranscript_IsNotOfThisAdmission_IsNotProved()
    {
        var nonce = _counter.Module.BeginAdmission();
        var good = _counter.Transcript(_counter.Module, nonce);
        AdmissionTranscript[] wrong =
        [
            _counter.Transcript(_counter.Module, ByteString.Own(new byte[32])), _counter.Transcript(_counter.Other, nonce),
            _counter.Transcript(new Hello(1, 1, _counter.Module.Identity.Id, nonce, 8, LineHalf.Data), nonce),
            good with { Center = new CenterId("C-2") }, good with { Challenge = good.Hello }, good with { Hello = good.Challenge },
            good with { Hello = ByteString.Empty }, good with { Challenge = ByteString.Empty },
        ];
        foreach (var transcript in wrong)
        {
            Assert.That(_counter.Module.ProveAdmission(transcript, out var refused), Is.EqualTo(ModuleRefusal.NoAdmission));
            Assert.That(refused, Is.Null);
        }
        Assert.That(_counter.Module.SealIssueCode(1, "A-17", "1234"u8, out _), Is.EqualTo(ModuleRefusal.NoAdmission));
        Assert.That(_counter.Module.ProveAdmission(good, out _), Is.EqualTo(ModuleRefusal.None));
        Assert.That(_counter.Module.ProveAdmission(_counter.Transcript(_counter.Module, nonce), out _), Is.EqualTo(ModuleRefusal.NoAdmission), "one proof per nonce");
    }

    [Test]
    public void BothEnds_ProveBothOfTheirKeys_AreBelieved()
    {
        var (transcript, proof) = Prove();
        Assert.That(_counter.Vault.Present.IsConfirmed(_counter.Module.Identity, transcript, proof.Confirmation), Is.True);
        var answer = _counter.Vault.Present.Admit(_counter.Module.Identity, transcript, proof, ByteString.FromHex("0102"), default);
        Assert.That(_counter.Module.IsCenter(transcript, answer), Is.True);
    }

    /// <summary>It used to be let in, could open no ticket, and had card after card barred.</summary>
    [Test]
    public void ATerminal_HasAnotherAgreementKeyThanTheCenterThinks_IsNotConfirmed()
    {
        var (transcript, proof) = Prove();
        var identity = _counter.Module.Identity;
        Assert.Multiple(() =>
        {
            Assert.That(_counter.Vault.Present.IsConfirmed(identity with { AgreementKey = _counter.Other.Identity.AgreementKey }, transcript, proof.Confirmation), Is.False);
            Assert.That(_counter.Vault.Present.IsConfirmed(identity with { KeyVersion = 2 }, transcript, proof.Confirmation), Is.False);
            Assert.That(_counter.Vault.Present.IsConfirmed(identity, transcript with { Note = proof.Signature }, proof.Confirmation), Is.False);
            Assert.That(_counter.Vault.Present.IsConfirmed(identity, transcript, default), Is.False);
        });
    }

    /// <summary>Whoever has the center's signing key alone is no center, and neither is one whose answer was changed on the way.</summary>
    [Test]
    public void ACenter_HasAnotherAgreementKeyOrIsAltered_IsNotBelieved()
    {
        var (transcript, proof) = Prove();
        var answer = _counter.Vault.Present.Admit(_counter.Module.Identity, transcript, proof, ByteString.FromHex("0102"), ByteString.Own(new byte[16]));
        var stranger = _counter.Vault.Present.Admit(
            _counter.Module.Identity with { AgreementKey = _counter.Other.Identity.AgreementKey }, transcript, proof, answer.ReaderList, answer.JoinToken);
        var toAnother = _counter.Vault.Present.Admit(
            _counter.Module.Identity, transcript, proof with { Confirmation = ByteString.Own(new byte[32]) }, answer.ReaderList, answer.JoinToken);
        Assert.Multiple(() =>
        {
            Assert.That(_counter.Module.IsCenter(transcript, answer), Is.True);
            Assert.That(_counter.Module.IsCenter(transcript, stranger), Is.False, "another agreement key");
            Assert.That(_counter.Module.IsCenter(transcript, answer with { Signature = stranger.Signature, Confirmation = stranger.Confirmation }), Is.False);
            Assert.That(_counter.Module.IsCenter(transcript, toAnother), Is.False, "an answer to another proof");
            Assert.That(_counter.Module.IsCenter(transcript, answer with { ReaderList = ByteString.FromHex("0103") }), Is.False, "the reader list");
            Assert.That(_counter.Module.IsCenter(transcript, answer with { JoinToken = default }), Is.False, "the join token");
            Assert.That(_counter.Module.IsCenter(transcript with { Note = answer.ReaderList }, answer), Is.False, "another transcript");
        });
    }

    [Test]
    public void AnIssueCode_IsSealed_TheVaultOpensItInThisSessionAndForThisOrderAlone()
    {
        Assert.That(_counter.Module.SealIssueCode(1, "A-17", "4711"u8, out var envelope), Is.EqualTo(ModuleRefusal.None));
        var context = new IssueCodeContext(_counter.Admission, 1, "A-17");
        Assert.That(_counter.Vault.Present.TryOpenIssueCode(context, envelope, out var code), Is.True);
        using (code) Assert.That(code!.FixedTimeEquals("4711"u8), Is.True);
        Assert.That(_counter.Vault.Present.TryOpenIssueCode(context with { Request = 2 }, envelope, out _), Is.False);
        Assert.That(_counter.Vault.Present.TryOpenIssueCode(context with { Reference = "A-18" }, envelope, out _), Is.False);
        var other = _counter.Admit(_counter.Module);
        Assert.That(_counter.Vault.Present.TryOpenIssueCode(context with { Admission = other }, envelope, out _), Is.False);
    }

    private (AdmissionTranscript Transcript, Proof Proof) Prove()
    {
        var transcript = _counter.Transcript(_counter.Module, _counter.Module.BeginAdmission());
        Assert.That(_counter.Module.ProveAdmission(transcript, out var proof), Is.EqualTo(ModuleRefusal.None));
        return (transcript, proof!);
    }

    private (byte[] Wrapped, Script Script) Open(ICardOpening opening)
    {
        var script = Counter.Authenticate(opening.SealTicket(_counter.Module.Identity, _counter.Request()));
        Assert.That(_counter.Module.OpenTicket(script), Is.EqualTo(ModuleRefusal.None));
        var sealedCommand = opening.SealExternalAuthenticate(new CommandContext(script, 0));
        Assert.That(Unseal(script, script.First, sealedCommand.ToArray(), out var wrapped), Is.EqualTo(ModuleRefusal.None));
        return (wrapped, script);
    }

    private static byte[][] SealAll(ICardOpening opening, Script script) => [.. Enumerable.Range(0, script.Count).Select(i => Seal(opening, script, i))];

    private static byte[] Seal(ICardOpening opening, Script script, int index)
    {
        var plain = Plain[index % Plain.Length];
        var payload = new byte[plain.Length + SealedCommand.Overhead];
        Assert.That(opening.SealCommand(new CommandContext(script, index), plain, payload), Is.EqualTo(payload.Length));
        return payload;
    }

    private ModuleRefusal Unseal(Script script, int sequence, byte[] payload, out byte[] wrapped)
    {
        var buffer = new byte[ISecureModule.MaxWrappedLength];
        var refusal = _counter.Module.Unseal(script, sequence, payload, buffer, out var length);
        wrapped = buffer[..length];
        return refusal;
    }
}
