using CardIssue.Core.Cards;
using CardIssue.Core.Keys;
using CardIssue.Core.Modules;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Relay;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;

namespace CardIssue.Test.Zeroing;

/// <summary>
/// What passes through a terminal is zeroed as soon as it has passed: commands, responses, and the buffers between module and card.
/// </summary>
[NonParallelizable]
public sealed class RelayZeroingTest
{
    private const int Slots = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Test]
    public void Command_Taken_LeavesNothing_AndTheOthersAsTheyWere()
    {
        var buffer = Full(out var held);
        var destination = new byte[100];
        Assert.That(buffer.TryTake(1, destination)?.Length, Is.EqualTo(100));
        Assert.That(destination, Is.All.EqualTo(2));
        Assert.That(held.Values, Is.EqualTo(new byte[] { 1, 3, 4 }));
        Assert.That(buffer.TryTake(1, destination), Is.Null);
    }

    [Test]
    public void Command_Dropped_LeavesNothing_AndTheOthersAsTheyWere()
    {
        var buffer = Full(out var held);
        buffer.Drop(2);
        buffer.Drop(77);
        Assert.That(held.Values, Is.EqualTo(new byte[] { 1, 2, 4 }));
    }

    [TestCase(0, new byte[] { 1, 2, 3, 4 })]
    [TestCase(1, new byte[] { 2, 3, 4 })]
    [TestCase(3, new byte[] { 4 })]
    [TestCase(4, new byte[0])]
    public void Commands_Discarded_OnlyLaterOnesAreLeft(int before, byte[] left)
    {
        var buffer = Full(out var held);
        buffer.Discard(before);
        Assert.That(held.Values, Is.EqualTo(left));
        Assert.That(buffer.IsEmpty, Is.EqualTo(left.Length == 0));
    }

    [Test]
    public void Buffer_ResetOrDisposed_HoldsNothing([Values] bool disposed)
    {
        var buffer = Full(out var held);
        if (disposed) buffer.Dispose();
        else buffer.Reset();
        Assert.That(held.Left, Is.Empty);
        Assert.That(buffer.IsEmpty, Is.True);
        Assert.That(buffer.Put(0, [9], default), Is.EqualTo(PutOutcome.Kept), "numbers begin anew");
    }

    [Test]
    public void Slots_UsedAgainAndAgain_HoldOnlyTheCommandThatIsInThem()
    {
        var buffer = Full(out var held);
        var destination = new byte[700];
        for (var i = 0; i < 5 * Slots; i++)
        {
            Assert.That(buffer.TryTake(i, destination), Is.Not.Null);
            // Long and short ones in turn: of a long one nothing stands behind the short one, and a slot that grows leaves none in
            // its old memory.
            Assert.That(buffer.Put(Slots + i, Filled((byte)(Slots + i + 1), i % 3 == 0 ? 700 : 7), default), Is.EqualTo(PutOutcome.Kept));
            var waiting = Enumerable.Range(i + 2, Slots).Select(b => (byte)b);
            Assert.That(HeldBytes.Of(buffer).Values, Is.EqualTo(waiting));
            Assert.That(held.Values, Is.SubsetOf(waiting), "the memory of the beginning");
        }
    }

    [Test]
    public void Command_NotKept_LeavesNothing()
    {
        var buffer = Full(out var held);
        Assert.That(buffer.Put(3, Filled(9, 100), default), Is.EqualTo(PutOutcome.Double));
        Assert.That(buffer.Put(4, Filled(9, 100), default), Is.EqualTo(PutOutcome.Full));
        Assert.That(held.Values, Does.Not.Contain(9));
    }

    [Test]
    public void Responses_Drained_AreLent_ThenZeroed_AlsoWhenTheirUserFails([Values] bool fails)
    {
        var responses = Answers(out var held);
        ValueList<ByteString> lent = default;
        int Use(ValueList<ByteString> all)
        {
            lent = all;
            Assert.That(all.Select(r => r[0]), Is.EqualTo(new byte[] { 1, 2, 3 }));
            return fails ? throw new InvalidOperationException("test") : all.Count;
        }

        if (fails) Assert.That(() => responses.Drain(Use), Throws.InvalidOperationException);
        else Assert.That(responses.Drain(Use), Is.EqualTo(3));
        Assert.That(held.Left, Is.Empty);
        Assert.That(lent.SelectMany(r => r.ToArray()), Is.All.Zero, "they were lent, not copied");
        Assert.That(responses.Drain(all => all.Count), Is.Zero);
    }

    [Test]
    public void Responses_ClearedOrDisposed_AreZeroed([Values] bool disposed)
    {
        var responses = Answers(out var held);
        if (disposed) responses.Dispose();
        else responses.Clear();
        Assert.That(held.Left, Is.Empty);
        Assert.That(responses.Drain(all => all.Count), Is.Zero);
    }

    [Test]
    public void Responses_MoreThanAScriptHasCommands_AreRefused_AndTheOthersKept()
    {
        var responses = new ResponseStore();
        for (var i = 0; i < ProtocolLimits.MaxScriptCommands; i++) Assert.That(responses.TryAdd([0x90, 0x00]), Is.True);
        Assert.That(responses.TryAdd([1, 2, 3]), Is.False);
        Assert.That(responses.Drain(all => all.Count), Is.EqualTo(ProtocolLimits.MaxScriptCommands));
    }

    public enum Ending
    {
        Answered,
        CardLostInTheMiddle,
        NoAnswer,
        ModuleRefuses,
        ModuleThrows,
    }

    /// <summary>The card lost in the middle has written a part of its response already.</summary>
    [TestCase(Ending.Answered, false)]
    [TestCase(Ending.CardLostInTheMiddle, false)]
    [TestCase(Ending.NoAnswer, false)]
    [TestCase(Ending.Answered, true)]
    [TestCase(Ending.CardLostInTheMiddle, true)]
    [TestCase(Ending.NoAnswer, true)]
    [TestCase(Ending.ModuleRefuses, true)]
    [TestCase(Ending.ModuleThrows, true)]
    public async Task Command_PassedOn_LeavesNothingInThePort(Ending ending, bool isSealed)
    {
        using var stop = new CancellationTokenSource();
        var posted = new TaskCompletionSource<TerminalEvent>();
        using var buffer = new CommandBuffer(2);
        using var responses = new ResponseStore();
        var reader = Substitute.For<ICardReader>();
        reader.ConnectAsync(default).ReturnsForAnyArgs(new ValueTask<ICardConnection>(new Connection(ending)));
        var port = new CardPort(reader, new PassingModule(ending), buffer, responses, PostAsync, FailedAsync, _ =>
            ValueTask.FromResult<ReaderJudgement>(new ReaderJudgement.Known(null!)),
            TimeSpan.FromMilliseconds(300), TimeProvider.System, NullLogger.Instance);
        var held = HeldBytes.Of(port);
        var running = port.RunAsync(stop.Token);
        await port.BeginScriptAsync(new Script(ScriptKind.Open, 1, 0, 1, 0, 1, false, false, default), stop.Token);
        await port.BeginScriptAsync(new Script(ScriptKind.Record, 1, 1, 1, 1, 1, true, isSealed, default), stop.Token);
        buffer.Put(1, Filled(0x5A, 40), default);
        await port.TransmitAsync(1, stop.Token);
        await Task.WhenAny(posted.Task, running).WaitAsync(Patience);
        responses.Clear();
        Assert.That(held.Left, Is.Empty);
        await stop.CancelAsync();
        await port.DisposeAsync();
        Assert.That(held.Left, Is.Empty);
        Assert.That(async () => await running.WaitAsync(Patience), Throws.InstanceOf<OperationCanceledException>());

        ValueTask PostAsync(CardAnswer answer)
        {
            posted.SetResult(answer.Event);
            return ValueTask.CompletedTask;
        }

        ValueTask FailedAsync(string part, Exception fault)
        {
            Assert.That(ending, Is.EqualTo(Ending.ModuleThrows), fault.ToString());
            posted.SetResult(new TerminalEvent.Faulted(1, ScriptStop.CardLost));
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>Command i is 100 times i + 1.</summary>
    private static CommandBuffer Full(out HeldBytes held)
    {
        var buffer = new CommandBuffer(Slots / 2);
        for (var i = 0; i < Slots; i++) Assert.That(buffer.Put(i, Filled((byte)(i + 1), 100), default), Is.EqualTo(PutOutcome.Kept));
        held = HeldBytes.Of(buffer);
        Assert.That(held.Values, Is.EqualTo(new byte[] { 1, 2, 3, 4 }), "this is the memory");
        return buffer;
    }

    private static ResponseStore Answers(out HeldBytes held)
    {
        var responses = new ResponseStore();
        for (byte i = 1; i <= 3; i++) Assert.That(responses.TryAdd(Filled(i, 20)), Is.True);
        held = HeldBytes.Of(responses);
        Assert.That(held.Values, Is.EqualTo(new byte[] { 1, 2, 3 }), "this is the memory");
        return responses;
    }

    private static byte[] Filled(byte value, int length) => [.. Enumerable.Repeat(value, length)];

    private sealed class Connection(Ending ending) : ICardConnection
    {
        public ByteString Atr => default;

        public TransmissionProtocol Protocol => TransmissionProtocol.T1;

        public async ValueTask<int> TransmitAsync(ReadOnlyMemory<byte> command, Memory<byte> response, CancellationToken cancellation)
        {
            Assert.That(command.Span.ToArray(), Is.All.EqualTo(0x5A), "this is what is to be zeroed");
            Filled(0x5A, 30).CopyTo(response);
            if (ending is Ending.CardLostInTheMiddle) throw new CardException(CardFault.Removed, "test");
            if (ending is Ending.NoAnswer) await Task.Delay(Timeout.Infinite, cancellation);
            response.Span[28] = 0x90;
            return 30;
        }

        public ValueTask<ByteString> ResetAsync(CancellationToken cancellation) => new(Atr);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    /// <summary>"Wraps" a command by passing it on; one that refuses or throws has written some of it.</summary>
    private sealed class PassingModule(Ending ending) : ISecureModule
    {
        public ByteString Note => ByteString.Empty;

        public NoteKeeping KeepNote(ByteString note) => NoteKeeping.Refused;

        public TerminalIdentity Identity => throw new NotSupportedException();

        public CenterIdentity Center => throw new NotSupportedException();

        public ByteString BeginAdmission(LineHalf half) => throw new NotSupportedException();

        public ModuleRefusal ProveAdmission(AdmissionTranscript transcript, out Proof? proof) => throw new NotSupportedException();

        public bool IsCenter(AdmissionTranscript transcript, Admitted admitted) => throw new NotSupportedException();

        public ModuleRefusal OpenLineKeys(AdmissionTranscript transcript, out LineKeys? keys) => throw new NotSupportedException();

        public ModuleRefusal SealIssueCode(int request, string reference, ReadOnlySpan<byte> code, out ByteString sealedCode) =>
            throw new NotSupportedException();

        public ModuleRefusal OpenTicket(Script script) => ModuleRefusal.None;

        public ModuleRefusal Unseal(Script script, int sequence, ReadOnlySpan<byte> payload, Span<byte> wrapped, out int length)
        {
            payload.CopyTo(wrapped);
            length = payload.Length;
            return ending switch
            {
                Ending.ModuleRefuses => ModuleRefusal.BadSeal,
                Ending.ModuleThrows => throw new InvalidOperationException("test"),
                _ => ModuleRefusal.None,
            };
        }

        public void EndOpening()
        {
        }

        public void Dispose()
        {
        }
    }
}
