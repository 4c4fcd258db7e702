using CardIssue.Core.Cards;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Readers;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Reading;
using Microsoft.Extensions.Time.Testing;

namespace CardIssue.Test.Keys;

/// <summary>A SAM in a second slot, played by the card simulator; and SAMs that misbehave, answered from a script.</summary>
public sealed class SamReaderKeyTest
{
    private static readonly ReaderIdentity Reader = new("pcsc", "Gem 00", Serial: "S123");
    private static readonly ReaderChallenge Challenge = new(new TerminalId("T-1"), ByteString.Own(new byte[ReaderChallenge.NonceLength]), Reader);

    [TestCase(CardIssue.Testing.Cards.State.CardProtocol.T1)]
    [TestCase(CardIssue.Testing.Cards.State.CardProtocol.T0)]
    public async Task Sam_IsAsked_SignsWithTheKeyOfItsCertificate(CardIssue.Testing.Cards.State.CardProtocol protocol)
    {
        await using var slot = new VirtualCardReader();
        slot.Insert(CardSimulator.Create(CardProfile.Sam(1, []) with { Protocol = protocol }));
        using var sam = new SamReaderKey(slot);
        var key = P256PublicKey.Parse((await sam.ReadPublicKeyAsync(default)).Value.Span);
        for (var i = 0; i < 20; i++)
        {
            var answer = await sam.SignAsync(Challenge.Hash.Memory, default);
            Assert.That(answer.Fault, Is.EqualTo(ReaderKeyFault.None), answer.Detail);
            Assert.That(Challenge.IsSigned(key, answer.Value), Is.True);
        }
    }

    [Test]
    public async Task NoSam_IsAsked_IsAbsent_AndAwayWhereTheSlotIsGone()
    {
        await using var slot = new VirtualCardReader();
        using var sam = new SamReaderKey(slot);
        Assert.That((await sam.SignAsync(Challenge.Hash.Memory, default)).Fault, Is.EqualTo(ReaderKeyFault.Absent));
        await slot.DisposeAsync();
        Assert.That((await sam.SignAsync(Challenge.Hash.Memory, default)).Fault, Is.EqualTo(ReaderKeyFault.Away));
    }

    /// <summary>As after the reader was plugged in again: its slots are there before their cards are seen.</summary>
    [Test]
    public async Task SamThatIsSeenAMomentLater_IsAsked_Signs()
    {
        await using var slot = new VirtualCardReader();
        using var sam = new SamReaderKey(slot, time: new FakeTimeProvider());
        var asking = sam.SignAsync(Challenge.Hash.Memory, default).AsTask();
        Assert.That(asking.IsCompleted, Is.False);
        slot.Insert(CardSimulator.Create(CardProfile.Sam(1, [])));
        Assert.That((await asking).Fault, Is.EqualTo(ReaderKeyFault.None));
    }

    [Test]
    public async Task CardThatIsNoSam_IsAsked_Refuses()
    {
        await using var slot = new VirtualCardReader();
        slot.Insert(EndToEnd.Shop.Card(1));
        using var sam = new SamReaderKey(slot);
        var answer = await sam.SignAsync(Challenge.Hash.Memory, default);
        Assert.That((answer.Fault, answer.Detail), Is.EqualTo((ReaderKeyFault.Refused, "status word 6A82")));
    }

    [TestCase("9000", TestName = "Nothing", ExpectedResult = ReaderKeyFault.Malformed)]
    [TestCase("7C028200 9000", TestName = "An empty answer", ExpectedResult = ReaderKeyFault.Malformed)]
    [TestCase("7C0A8208 3006020101020102 01 9000", TestName = "A byte too many", ExpectedResult = ReaderKeyFault.Malformed)]
    [TestCase("7C0A8208 3006 020101 020102 9000", TestName = "Good DER of small numbers", ExpectedResult = ReaderKeyFault.None)]
    [TestCase("7C078205 3003020101 9000", TestName = "One number", ExpectedResult = ReaderKeyFault.Malformed)]
    [TestCase("7C2B8229 3027 0221 010000000000000000000000000000000000000000000000000000000000000000 020101 02 9000", TestName = "A number too long", ExpectedResult = ReaderKeyFault.Malformed)]
    [TestCase("7D0A8208 3006020101020102 9000", TestName = "Another template", ExpectedResult = ReaderKeyFault.Malformed)]
    public async Task<ReaderKeyFault> Answer_IsAnything_IsASignatureOrMalformed(string response)
    {
        using var sam = new SamReaderKey(new ScriptedSlot(ByteString.FromHex(response)));
        return (await sam.SignAsync(Challenge.Hash.Memory, default)).Fault;
    }

    [Test]
    public async Task SlowSam_IsAsked_IsSlow()
    {
        var time = new FakeTimeProvider();
        var slot = new ScriptedSlot(null);
        using var sam = new SamReaderKey(slot, TimeSpan.FromSeconds(5), time);
        var asking = sam.SignAsync(Challenge.Hash.Memory, default).AsTask();
        await slot.Asked;
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.That((await asking).Fault, Is.EqualTo(ReaderKeyFault.Slow));
    }

    /// <summary>A slot whose card takes SELECT and then answers as told; null never answers.</summary>
    private sealed class ScriptedSlot(ByteString? answer) : ICardReader, ICardConnection
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Asked => _asked.Task;

        public ByteString Atr => ByteString.FromHex("3B00");

        public TransmissionProtocol Protocol => TransmissionProtocol.T1;

        public ValueTask<ReaderIdentity> IdentifyAsync(CancellationToken cancellation) => throw new NotSupportedException();

        public ValueTask<ByteString> WaitForCardAsync(CancellationToken cancellation) => throw new NotSupportedException();

        public ValueTask WaitForRemovalAsync(CancellationToken cancellation) => throw new NotSupportedException();

        public ValueTask<ICardConnection> ConnectAsync(CancellationToken cancellation) => ValueTask.FromResult<ICardConnection>(this);

        public ValueTask<ByteString> ResetAsync(CancellationToken cancellation) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        public async ValueTask<int> TransmitAsync(ReadOnlyMemory<byte> command, Memory<byte> response, CancellationToken cancellation)
        {
            var isSelect = command.Span[1] == 0xA4;
            if (!isSelect) _asked.TrySetResult();
            if (!isSelect && answer is null) await Task.Delay(Timeout.Infinite, cancellation);
            var bytes = isSelect ? ByteString.FromHex("9000") : answer!.Value;
            bytes.Memory.CopyTo(response);
            return bytes.Length;
        }
    }
}
