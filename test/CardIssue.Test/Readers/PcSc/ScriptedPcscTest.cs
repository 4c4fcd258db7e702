using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;
using CardIssue.Reader;
using CardIssue.Reader.PcSc;
using CardIssue.Reader.PcSc.Binding;

namespace CardIssue.Test.Readers.PcSc;

/// <summary>Faults that no virtual reader can show, over a scripted service.</summary>
public sealed class ScriptedPcscTest
{
    private static readonly byte[] Command = [0x00, 0xCA, 0x00, 0x66, 0x00];
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300), Long = TimeSpan.FromSeconds(30);

    [Test, CancelAfter(20_000)]
    public async Task Reader_UnpluggedDuringAWait_IsGoneAndItsReturnIsSeen(CancellationToken cancellation)
    {
        var pcsc = new ScriptedPcsc();
        pcsc.Set(PcscState.Empty);
        await using var reader = Open(pcsc);
        Assert.That(async () => await reader.WaitForRemovalAsync(cancellation), Throws.Nothing, "no card is in");
        var wait = reader.WaitForCardAsync(cancellation).AsTask();
        pcsc.Set(PcscState.Unavailable);
        Assert.That(await FaultOf(wait), Is.EqualTo(CardFault.ReaderGone));
        var next = reader.WaitForCardAsync(cancellation);
        pcsc.Set(PcscState.Present);
        Assert.That((await next).IsEmpty, Is.False);
        Assert.That(pcsc.ReaderWaits, Is.LessThanOrEqualTo(2), "an event, no polling");
    }

    [Test, CancelAfter(20_000)]
    public async Task Reader_PluggedInOnMacOs_IsSeenWithoutAnEvent(CancellationToken cancellation)
    {
        var pcsc = new ScriptedPcsc(signalsReaders: false);
        await using var reader = Open(pcsc);
        Assert.That(await FaultOf(reader.WaitForRemovalAsync(cancellation).AsTask()), Is.EqualTo(CardFault.ReaderGone));
        var wait = reader.WaitForCardAsync(cancellation);
        pcsc.Set(PcscState.Present);
        Assert.That((await wait).IsEmpty, Is.False);
        Assert.That(pcsc.ReaderWaits, Is.Zero);
    }

    [Test, CancelAfter(20_000)]
    public async Task Card_Mute_IsToldByWaitAndConnect(CancellationToken cancellation)
    {
        var pcsc = new ScriptedPcsc { ConnectCode = PcscCode.UnresponsiveCard };
        pcsc.Set(PcscState.Present | PcscState.Mute);
        await using var reader = Open(pcsc);
        Assert.That(await FaultOf(reader.WaitForCardAsync(cancellation).AsTask()), Is.EqualTo(CardFault.Mute));
        Assert.That(await FaultOf(reader.ConnectAsync(cancellation).AsTask()), Is.EqualTo(CardFault.Mute));
        pcsc.ConnectCode = PcscCode.Success;
        pcsc.Set(PcscState.Present);
        await using var connection = await reader.ConnectAsync(cancellation);
    }

    [Test, CancelAfter(20_000)]
    public async Task Card_ConnectedToAndReset_TellsWhatItSpeaks(CancellationToken cancellation)
    {
        var pcsc = new ScriptedPcsc { Active = PcscProtocols.T0 };
        pcsc.Set(PcscState.Present);
        await using var reader = Open(pcsc);
        await using var connection = await reader.ConnectAsync(cancellation);
        Assert.That(connection.Protocol, Is.EqualTo(TransmissionProtocol.T0));
        pcsc.Active = PcscProtocols.T1;
        await connection.ResetAsync(cancellation);
        Assert.That(connection.Protocol, Is.EqualTo(TransmissionProtocol.T1));
    }

    [Test, CancelAfter(20_000)]
    public async Task Card_SwappedQuickly_WasTakenOut(CancellationToken cancellation)
    {
        var pcsc = new ScriptedPcsc();
        pcsc.Set(PcscState.Present);
        await using var reader = Open(pcsc);
        await reader.WaitForCardAsync(cancellation);
        var removal = reader.WaitForRemovalAsync(cancellation);
        pcsc.Set(PcscState.Present);
        await removal;
    }

    [TestCase((uint)PcscCode.ResetCard, CardFault.Reset)]
    [TestCase((uint)PcscCode.RemovedCard, CardFault.Removed)]
    [TestCase((uint)PcscCode.ReaderUnavailable, CardFault.ReaderGone)]
    [TestCase((uint)PcscCode.ServiceStopped, CardFault.ServiceGone)]
    [TestCase(0x1Fu, CardFault.Mute)]
    [CancelAfter(20_000)]
    public async Task Command_Failed_IsNamedAndWorksAfterAReset(uint code, CardFault fault, CancellationToken cancellation)
    {
        var pcsc = new ScriptedPcsc();
        pcsc.Set(PcscState.Present);
        await using var reader = Open(pcsc);
        await using var connection = await reader.ConnectAsync(cancellation);
        pcsc.TransmitCode = (PcscCode)code;
        var response = new byte[258];
        Assert.That(await FaultOf(connection.TransmitAsync(Command, response, cancellation).AsTask()), Is.EqualTo(fault));
        await connection.ResetAsync(cancellation);
        Assert.That(await connection.TransmitAsync(Command, response, cancellation), Is.EqualTo(2));
    }

    [Test, CancelAfter(20_000)]
    public async Task Driver_NeverReturns_IsADeadReaderUntilItDoes(CancellationToken cancellation)
    {
        var pcsc = new ScriptedPcsc();
        pcsc.Set(PcscState.Present);
        pcsc.Connects.Reset();
        await using var reader = Open(pcsc, Short);
        for (var tries = 0; tries < 5; tries++) Assert.That(await FaultOf(reader.ConnectAsync(cancellation).AsTask()), Is.EqualTo(CardFault.ReaderGone));
        pcsc.Connects.Set();
        await Parts.Part.UntilAsync(() => FaultOf(reader.IdentifyAsync(cancellation).AsTask()).GetAwaiter().GetResult() is null, "the reader");
        await using var connection = await reader.ConnectAsync(cancellation);
    }

    [Test, CancelAfter(20_000)]
    public async Task Caller_BlocksOnTheNextCommand_IsServedByAnotherThread(CancellationToken cancellation)
    {
        var pcsc = new ScriptedPcsc();
        pcsc.Set(PcscState.Present);
        await using var reader = Open(pcsc);
        await using var connection = await reader.ConnectAsync(cancellation).ConfigureAwait(false);
        var response = new byte[258];
        for (var turn = 0; turn < 5; turn++)
        {
            await connection.TransmitAsync(Command, response, cancellation).ConfigureAwait(false);
            // Blocks the thread that it came back on.
            Assert.That(connection.TransmitAsync(Command, response, cancellation).AsTask().GetAwaiter().GetResult(), Is.EqualTo(2));
        }
    }

    [Test]
    public async Task Identity_DriverTells_IsTakenAndEmptyTextIsNot()
    {
        await using var reader = Open(new ScriptedPcsc());
        Assert.That(await reader.IdentifyAsync(CancellationToken.None),
            Is.EqualTo(new ReaderIdentity("pcsc", ScriptedPcsc.Reader, "Maker", "Model X", Serial: null, Firmware: "2.10", Port: "usb:0103")));
    }

    /// <summary>A reader that was unplugged under its connection, or whose service was restarted, is away, and itself when it is back: never one without a name.</summary>
    [Test, CancelAfter(20_000)]
    public async Task Identity_ConnectionIsDead_IsTheReadersOwn([Values] bool withService, CancellationToken cancellation)
    {
        var pcsc = new ScriptedPcsc();
        pcsc.Set(PcscState.Present);
        await using var reader = Open(pcsc);
        var before = await reader.IdentifyAsync(cancellation);
        await using (var connection = await reader.ConnectAsync(cancellation))
        {
            pcsc.Drop(withService);
            pcsc.ConnectCode = PcscCode.UnknownReader;
            Assert.That(await FaultOf(reader.IdentifyAsync(cancellation).AsTask()), Is.EqualTo(CardFault.ReaderGone));
            pcsc.ConnectCode = PcscCode.Success;
            Assert.That(await reader.IdentifyAsync(cancellation), Is.EqualTo(before));
            Assert.That(await FaultOf(connection.TransmitAsync(Command, new byte[258], cancellation).AsTask()), Is.Not.Null);
            Assert.That(await FaultOf(connection.ResetAsync(cancellation).AsTask()), Is.Not.Null);
        }
        await using var again = await reader.ConnectAsync(cancellation);
        Assert.That(await again.TransmitAsync(Command, new byte[258], cancellation), Is.EqualTo(2));
    }

    [Test, CancelAfter(20_000)]
    public async Task Identity_ReaderGoesInTheMiddleOfIt_IsGone([Values] bool isConnected, CancellationToken cancellation)
    {
        var pcsc = new ScriptedPcsc();
        pcsc.Set(PcscState.Present);
        await using var reader = Open(pcsc);
        await using var connection = isConnected ? await reader.ConnectAsync(cancellation) : null;
        pcsc.Attributes = 2;
        Assert.That(await FaultOf(reader.IdentifyAsync(cancellation).AsTask()), Is.EqualTo(CardFault.ReaderGone));
    }

    /// <summary>Whoever is at the card goes on: its command ends well, and the card keeps its power.</summary>
    [Test, CancelAfter(20_000)]
    public async Task Identity_GivenUpBehindACommand_LeavesTheCardItsPower([Values] bool isCancelled, CancellationToken cancellation)
    {
        var pcsc = new ScriptedPcsc();
        pcsc.Set(PcscState.Present);
        await using var reader = Open(pcsc, Short);
        await using (var connection = await reader.ConnectAsync(cancellation))
        {
            pcsc.Transmits.Reset();
            var response = new byte[258];
            var command = connection.TransmitAsync(Command, response, cancellation);
            using var impatient = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var identity = reader.IdentifyAsync(impatient.Token).AsTask();
            if (isCancelled) await impatient.CancelAsync();
            if (isCancelled) Assert.That(async () => await identity, Throws.InstanceOf<OperationCanceledException>());
            else Assert.That(await FaultOf(identity), Is.EqualTo(CardFault.Busy));
            pcsc.Transmits.Set();
            Assert.That(await command, Is.EqualTo(2));
            Assert.That((await reader.IdentifyAsync(cancellation)).Vendor, Is.EqualTo("Maker"));
            Assert.That(await connection.TransmitAsync(Command, response, cancellation), Is.EqualTo(2));
            Assert.That(pcsc.PowerOffs, Is.Zero);
        }
        Assert.That(pcsc.PowerOffs, Is.EqualTo(1));
    }

    /// <summary>A driver that hangs is another matter: nobody ends that call.</summary>
    [Test, CancelAfter(20_000)]
    public async Task Identity_CancelledInADriverThatHangs_NextUseHasAnotherChannel(CancellationToken cancellation)
    {
        var pcsc = new ScriptedPcsc();
        pcsc.Set(PcscState.Present);
        await using var reader = Open(pcsc, Short);
        pcsc.Connects.Reset();
        using (var impatient = CancellationTokenSource.CreateLinkedTokenSource(cancellation))
        {
            var identity = reader.IdentifyAsync(impatient.Token).AsTask();
            await impatient.CancelAsync();
            Assert.That(async () => await identity, Throws.InstanceOf<OperationCanceledException>());
        }
        Assert.That(await FaultOf(reader.IdentifyAsync(cancellation).AsTask()), Is.EqualTo(CardFault.ReaderGone), "the call before has not returned");
        var next = reader.IdentifyAsync(cancellation);
        pcsc.Connects.Set();
        Assert.That((await next).Vendor, Is.EqualTo("Maker"));
    }

    [Test, CancelAfter(20_000)]
    public async Task Card_Mute_IsWaitedForUntilItIsTakenOut(CancellationToken cancellation)
    {
        var pcsc = new ScriptedPcsc();
        pcsc.Set(PcscState.Present);
        await using var reader = Open(pcsc);
        await reader.WaitForCardAsync(cancellation);
        pcsc.Set(PcscState.Empty);
        await reader.WaitForRemovalAsync(cancellation);
        pcsc.Set(PcscState.Present | PcscState.Mute);
        Assert.That(await FaultOf(reader.WaitForCardAsync(cancellation).AsTask()), Is.EqualTo(CardFault.Mute));
        var removal = reader.WaitForRemovalAsync(cancellation).AsTask();
        Assert.That(removal.IsCompleted, Is.False);
        pcsc.Set(PcscState.Present);
        await removal;
        Assert.That((await reader.WaitForCardAsync(cancellation)).IsEmpty, Is.False);
    }

    [Test]
    public void Options_OutOfRange_AreNamed()
    {
        Assert.That(() => new PcscCardReader("R", new PcscReaderOptions { BusyLimit = TimeSpan.Zero }), Throws.ArgumentException.With.Message.Contains("BusyLimit"));
    }

    private static PcscCardReader Open(ScriptedPcsc pcsc, TimeSpan? dead = null) =>
        new(pcsc, ScriptedPcsc.Reader, new PcscReaderOptions { DeadReader = dead ?? Long });

    private static async Task<CardFault?> FaultOf(Task task)
    {
        try
        {
            await task;
            return null;
        }
        catch (CardException e)
        {
            return e.Fault;
        }
    }
}
