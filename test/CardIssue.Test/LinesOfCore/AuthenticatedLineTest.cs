using System.Buffers.Binary;
using System.Security.Cryptography;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Test.Zeroing;
using CardIssue.Testing.Lines;

namespace CardIssue.Test.LinesOfCore;

/// <summary>Both ends of a line without TLS, and somebody between them who may do anything.</summary>
[TestFixture]
public sealed class AuthenticatedLineTest
{
    private static readonly LinePeer Anyone = new(new LineNumber(1), null, default, default);
    private static readonly ByteString Signature = ByteString.Own(new byte[FieldLimits.SignatureLength]);
    private static readonly ByteString Confirmation = ByteString.Own(new byte[FieldLimits.ConfirmationLength]);
    private static readonly byte[] Proof = MessageCodec.Encode(new Proof(Signature, Confirmation)), Admitted = MessageCodec.Encode(new Admitted(Signature, Confirmation, default));
    private static readonly byte[] First = MessageCodec.Encode(new StatusRequest()), Second = MessageCodec.Encode(new CardRemoved());

    private AuthenticatedLine _center = null!, _terminal = null!;
    private ILine _toTerminal = null!, _toCenter = null!;
    private HeldBytes _centerKeys = null!, _terminalKeys = null!;

    /// <summary>What the terminal sends comes out at <see cref="_toTerminal"/>, what is put in at <see cref="_toCenter"/> reaches the center; and the other way round.</summary>
    [SetUp]
    public void Connect()
    {
        var (terminal, betweenTerminal) = LoopbackLine.CreatePair(Anyone, Anyone);
        var (center, betweenCenter) = LoopbackLine.CreatePair(Anyone, Anyone);
        (_terminal, _center) = (AuthenticatedLine.AtTerminal(terminal), AuthenticatedLine.AtCenter(center));
        (_toTerminal, _toCenter) = (betweenTerminal, betweenCenter);
    }

    [TearDown]
    public async Task Close()
    {
        foreach (var line in new[] { _center, _terminal, _toTerminal, _toCenter }) await line.DisposeAsync();
    }

    public static IEnumerable<TestCaseData> Attacks()
    {
        yield return Attack("changed in its message", f => [.. f[..9], (byte)(f[9] ^ 1), .. f[10..]]);
        yield return Attack("changed in its counter", f => [f[0], f[1], f[2], f[3], f[4], f[5], f[6], (byte)(f[7] + 1), .. f[8..]]);
        yield return Attack("changed in its MAC", f => [.. f[..^1], (byte)(f[^1] ^ 0x80)]);
        yield return Attack("truncated by a byte", f => f[..^1]);
        yield return Attack("truncated to counter and MAC", f => [.. f[..8], .. f[^16..]]);
        yield return Attack("truncated to a byte", f => f[..1]);
        yield return Attack("lengthened", f => [.. f, 0]);
        yield return Attack("stripped to its message", f => f[8..^16]);
    }

    private static TestCaseData Attack(string name, Func<byte[], byte[]> change) => new TestCaseData(change).SetArgDisplayNames(name);

    [TestCaseSource(nameof(Attacks))]
    public async Task Frame_ChangedOnTheWay_EndsTheLine_NothingIsDelivered(Func<byte[], byte[]> change)
    {
        await AdmitAsync();
        await _terminal.SendAsync(First, default);
        await _toCenter.SendAsync(change(await TakeAsync(_toTerminal)), default);
        await EndsTamperedAsync(_center);
        Assert.That(async () => await _center.SendAsync(Second, default), Throws.InstanceOf<LineException>(), "the line is over both ways");
    }

    [TestCaseSource(nameof(Attacks))]
    public async Task FrameToTheTerminal_ChangedOnTheWay_EndsTheLine_NothingIsDelivered(Func<byte[], byte[]> change)
    {
        await AdmitAsync();
        await _center.SendAsync(First, default);
        await _toTerminal.SendAsync(change(await TakeAsync(_toCenter)), default);
        await EndsTamperedAsync(_terminal);
        Assert.That(async () => await _terminal.SendAsync(Second, default), Throws.InstanceOf<LineException>(), "the line is over both ways");
    }

    [Test]
    public async Task Frames_PassedOnAsTheyAre_AreDelivered_InBothDirectionsInOrder()
    {
        await AdmitAsync();
        foreach (var (from, inner, onward, to) in new[] { (_terminal, _toTerminal, _toCenter, _center), (_center, _toCenter, _toTerminal, _terminal) })
        {
            foreach (var message in new[] { First, Second, First })
            {
                await from.SendAsync(message, default);
                await onward.SendAsync(await TakeAsync(inner), default);
                Assert.That(await TakeAsync(to), Is.EqualTo(message));
            }
        }
    }

    [Test]
    public async Task FramesSentTogether_AreCountedEach_WhatIsSentByItselfFollows()
    {
        await AdmitAsync();
        await ((ILine)_center).SendAllAsync([First, Second, First], default);
        await _center.SendAsync(Second, default);
        foreach (var message in new[] { First, Second, First, Second })
        {
            await _toTerminal.SendAsync(await TakeAsync(_toCenter), default);
            Assert.That(await TakeAsync(_terminal), Is.EqualTo(message));
        }
    }

    [Test]
    public async Task FramesSentTogether_BehindTheLastInTheClear_AreCounted()
    {
        _center.Protect(Keys(out _centerKeys));
        await ((ILine)_center).SendAllAsync([Admitted, First], default);
        Assert.That(await TakeAsync(_toCenter), Is.EqualTo(Admitted), "in the clear");
        Assert.That(await TakeAsync(_toCenter), Has.Length.EqualTo(First.Length + AuthenticatedLine.Overhead));
    }

    [Test]
    public async Task Frame_Dropped_TheNextEndsTheLine()
    {
        await AdmitAsync();
        await _terminal.SendAsync(First, default);
        await _terminal.SendAsync(Second, default);
        await TakeAsync(_toTerminal);
        await _toCenter.SendAsync(await TakeAsync(_toTerminal), default);
        await EndsTamperedAsync(_center);
    }

    [Test]
    public async Task Frame_Replayed_EndsTheLine()
    {
        await AdmitAsync();
        await _terminal.SendAsync(First, default);
        var frame = await TakeAsync(_toTerminal);
        await _toCenter.SendAsync(frame, default);
        await _toCenter.SendAsync(frame, default);
        Assert.That(await TakeAsync(_center), Is.EqualTo(First));
        await EndsTamperedAsync(_center);
    }

    [Test]
    public async Task Frames_Swapped_EndTheLine()
    {
        await AdmitAsync();
        await _terminal.SendAsync(First, default);
        await _terminal.SendAsync(Second, default);
        var first = await TakeAsync(_toTerminal);
        await _toCenter.SendAsync(await TakeAsync(_toTerminal), default);
        await _toCenter.SendAsync(first, default);
        await EndsTamperedAsync(_center);
    }

    [Test]
    public async Task Frame_ReflectedToItsSender_EndsTheLine()
    {
        await AdmitAsync();
        await _terminal.SendAsync(First, default);
        await _toTerminal.SendAsync(await TakeAsync(_toTerminal), default);
        await EndsTamperedAsync(_terminal);
    }

    [Test]
    public async Task Frame_OfAnotherSession_EndsTheLine()
    {
        await AdmitAsync();
        await _terminal.SendAsync(First, default);
        var old = await TakeAsync(_toTerminal);
        await Close();
        Connect();
        await AdmitAsync();
        await _toCenter.SendAsync(old, default);
        await EndsTamperedAsync(_center);
    }

    [Test]
    public async Task Frame_WithoutMac_AfterTheSwitch_EndsTheLine()
    {
        await AdmitAsync();
        await _toCenter.SendAsync(First, default);
        await EndsTamperedAsync(_center);
        await _toTerminal.SendAsync(First, default);
        await EndsTamperedAsync(_terminal);
    }

    [Test]
    public async Task FrameSlippedInBehindTheProof_IsNotTakenBeforeThereAreKeys_AndThenEndsTheLine()
    {
        await _toCenter.SendAsync(Proof, default);
        await _toCenter.SendAsync(First, default);
        Assert.That(await TakeAsync(_center), Is.EqualTo(Proof));
        var taking = _center.ReceiveAsync(default).AsTask();
        await Task.Delay(50);
        Assert.That(taking.IsCompleted, Is.False);
        _center.Protect(Keys());
        Assert.That((await Transport.Lines.FaultOf(async () => await taking)).Fault, Is.EqualTo(LineFault.Tampered));
    }

    [Test]
    public async Task WaitForKeys_LineIsClosed_Ends()
    {
        await _toCenter.SendAsync(Proof, default);
        await TakeAsync(_center);
        var taking = _center.ReceiveAsync(default).AsTask();
        await _center.DisposeAsync();
        Assert.That((await Transport.Lines.FaultOf(async () => await taking)).Fault, Is.EqualTo(LineFault.Closed));
    }

    [Test]
    public async Task Refusal_InsteadOfAccess_IsReadInTheClear()
    {
        var refused = MessageCodec.Encode(new Refused(RefusalCode.NotKnown));
        _terminal.Protect(Keys());
        await _terminal.SendAsync(Proof, default);
        await _toTerminal.SendAsync(refused, default);
        Assert.That(await TakeAsync(_terminal), Is.EqualTo(refused));
    }

    [Test]
    public void LastMessageInTheClear_WithoutKeys_DoesNotLeave()
    {
        Assert.That(async () => await _terminal.SendAsync(Proof, default), Throws.InvalidOperationException);
        Assert.That(async () => await _center.SendAsync(Admitted, default), Throws.InvalidOperationException);
    }

    [Test]
    public async Task Frame_IsCounterMessageAndTruncatedHmac()
    {
        using var keys = Keys();
        await AdmitAsync();
        await _terminal.SendAsync(First, default);
        await _terminal.SendAsync(Second, default);
        await TakeAsync(_toTerminal);
        var frame = await TakeAsync(_toTerminal);
        Assert.That(BinaryPrimitives.ReadUInt64BigEndian(frame), Is.EqualTo(2));
        Assert.That(frame[8..^16], Is.EqualTo(Second));
        Assert.That(frame[^16..], Is.EqualTo(HMACSHA256.HashData(keys.ToCenter.Span, frame[..^16])[..16]));
    }

    [Test]
    public async Task LongestMessage_Passes_OneByteMoreDoesNot()
    {
        await AdmitAsync();
        var longest = new byte[MessageCodec.MaxMessage];
        await _terminal.SendAsync(longest, default);
        var frame = await TakeAsync(_toTerminal);
        Assert.That(frame, Has.Length.EqualTo(ILine.MaxFrame));
        await _toCenter.SendAsync(frame, default);
        Assert.That(await TakeAsync(_center), Is.EqualTo(longest));
        Assert.That((await Transport.Lines.FaultOf(async () => await _terminal.SendAsync(new byte[MessageCodec.MaxMessage + 1], default))).Fault, Is.EqualTo(LineFault.Oversized));
    }

    [Test]
    public async Task Sends_FromManyThreads_ArriveInTheOrderOfTheirCounters()
    {
        const int count = 100;
        await AdmitAsync();
        await Task.WhenAll(Enumerable.Range(0, count).Select(_ => Task.Run(async () => await _terminal.SendAsync(First, default))));
        for (var i = 0; i < count; i++)
        {
            await _toCenter.SendAsync(await TakeAsync(_toTerminal), default);
            Assert.That(await TakeAsync(_center), Is.EqualTo(First));
        }
    }

    [Test]
    public async Task EmptyMessage_WithTheRightCounterAndMac_EndsTheLine()
    {
        await AdmitAsync();
        _session--;
        using var keys = Keys();
        _session++;
        byte[] counter = [0, 0, 0, 0, 0, 0, 0, 1];
        await _toCenter.SendAsync((byte[])[.. counter, .. HMACSHA256.HashData(keys.ToCenter.Span, counter)[..16]], default);
        await EndsTamperedAsync(_center);
    }

    [Test]
    public async Task SecondKeys_AreACallersFault_AndTheFirstStayInForce()
    {
        await AdmitAsync();
        foreach (var line in new[] { _terminal, _center })
        {
            using var second = Keys(out var held);
            Assert.That(() => line.Protect(second), Throws.InvalidOperationException);
            Assert.That(held.Left.Count(), Is.EqualTo(2), "they stay the caller's");
        }
        await _terminal.SendAsync(First, default);
        await _toCenter.SendAsync(await TakeAsync(_toTerminal), default);
        Assert.That(await TakeAsync(_center), Is.EqualTo(First));
    }

    [Test]
    public async Task Keys_WhenTheLineIsOver_AreZeroedAtOnce()
    {
        await _terminal.DisposeAsync();
        _terminal.Protect(Keys(out var held));
        Assert.That(held.Left, Is.Empty);
        Assert.That((await Transport.Lines.FaultOf(async () => await _terminal.SendAsync(First, default))).Fault, Is.EqualTo(LineFault.Closed));
    }

    [Test]
    public async Task Line_Disposed_ZeroesItsKeysAndClosesTheLineBelow([Values] bool atCenter)
    {
        await AdmitAsync();
        var line = atCenter ? _center : _terminal;
        await line.DisposeAsync();
        await line.DisposeAsync();
        await IsClosedBelowAsync(line);
    }

    /// <summary>The number of the message is used up, so the peer could take none after it.</summary>
    [Test]
    public async Task Message_GivenUpWhileItIsSent_EndsTheLine([Values] bool atCenter)
    {
        await AdmitAsync();
        var line = atCenter ? _center : _terminal;
        for (var i = 0; i < LoopbackLine.DefaultCapacity; i++) await line.SendAsync(First, default);
        using var cancel = new CancellationTokenSource();
        var sending = line.SendAsync(Second, cancel.Token).AsTask();
        Assert.That(sending.IsCompleted, Is.False, "the line below is full");
        await cancel.CancelAsync();
        Assert.That(async () => await sending, Throws.InstanceOf<OperationCanceledException>());
        Assert.That((await Transport.Lines.FaultOf(async () => await line.SendAsync(First, default))).Fault, Is.EqualTo(LineFault.Closed));
        Assert.That((await Transport.Lines.FaultOf(async () => await line.ReceiveAsync(default))).Fault, Is.EqualTo(LineFault.Closed));
        for (var i = 0; i < LoopbackLine.DefaultCapacity; i++) Assert.That((await TakeAsync(atCenter ? _toCenter : _toTerminal))[8..^16], Is.EqualTo(First));
        await IsClosedBelowAsync(line);
    }

    [Test]
    public async Task Message_GivenUpBeforeItsTurn_UsesUpNoNumber()
    {
        await AdmitAsync();
        Assert.That(async () => await _terminal.SendAsync(First, new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());
        await _terminal.SendAsync(Second, default);
        await _toCenter.SendAsync(await TakeAsync(_toTerminal), default);
        Assert.That(await TakeAsync(_center), Is.EqualTo(Second));
    }

    private static readonly byte[] Seed = [(byte)RandomNumberGenerator.GetInt32(1, 100)];
    private byte _session;

    private LineKeys Keys() => new(
        SecretBytes.Copy([.. Enumerable.Repeat((byte)(Seed[0] + _session), 32)]), SecretBytes.Copy([.. Enumerable.Repeat((byte)(Seed[0] + _session + 100), 32)]));

    private LineKeys Keys(out HeldBytes held)
    {
        var keys = Keys();
        held = HeldBytes.Of(keys);
        Assert.That(held.Left.Count(), Is.EqualTo(2), "this is the memory");
        return keys;
    }

    /// <summary>The last messages in the clear each way; each admission has other keys.</summary>
    private async Task AdmitAsync()
    {
        _terminal.Protect(Keys(out _terminalKeys));
        await _terminal.SendAsync(Proof, default);
        await _toCenter.SendAsync(await TakeAsync(_toTerminal), default);
        Assert.That(await TakeAsync(_center), Is.EqualTo(Proof));
        _center.Protect(Keys(out _centerKeys));
        await _center.SendAsync(Admitted, default);
        await _toTerminal.SendAsync(await TakeAsync(_toCenter), default);
        Assert.That(await TakeAsync(_terminal), Is.EqualTo(Admitted));
        _session++;
    }

    private static async Task<byte[]> TakeAsync(ILine line)
    {
        using var frame = await line.ReceiveAsync(Transport.Lines.Soon());
        return frame!.Span.ToArray();
    }

    /// <summary>The line is over for whoever has it, its keys are zeroed, and the line below is closed: the other end learns of it.</summary>
    private async Task EndsTamperedAsync(AuthenticatedLine line)
    {
        Assert.That((await Transport.Lines.FaultOf(async () => await line.ReceiveAsync(Transport.Lines.Soon()))).Fault, Is.EqualTo(LineFault.Tampered));
        Assert.That((await Transport.Lines.FaultOf(async () => await line.ReceiveAsync(Transport.Lines.Soon()))).Fault, Is.EqualTo(LineFault.Tampered), "it stays over");
        await IsClosedBelowAsync(line);
    }

    private async Task IsClosedBelowAsync(AuthenticatedLine line)
    {
        var (below, keys) = line == _center ? (_toCenter, _centerKeys) : (_toTerminal, _terminalKeys);
        Assert.That(await below.ReceiveAsync(Transport.Lines.Soon()), Is.Null, "the line below is closed");
        Assert.That(keys.Left, Is.Empty, "the keys are zeroed");
    }
}
