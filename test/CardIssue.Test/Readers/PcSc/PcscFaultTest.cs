using CardIssue.Core.Cards;
using CardIssue.Reader;
using CardIssue.Reader.PcSc;
using CardIssue.Reader.PcSc.Binding;
using CardIssue.Test.Parts;

namespace CardIssue.Test.Readers.PcSc;

/// <summary>What goes wrong, through Debian's pcscd and the vpcd driver: each fault has its name, none hangs, and the next card works.</summary>
[NonParallelizable]
public sealed class PcscFaultTest
{
    private static readonly byte[] Command = [0x00, 0xCA, 0x00, 0x66, 0x00];
    private readonly byte[] _response = new byte[ResponseApdu.MaxLength];
    private PcscDaemon _daemon = null!;
    private PcscCardReader _reader = null!;

    [SetUp]
    public async Task OpenAsync()
    {
        _daemon = await SharedPcscd.StartAsync();
        _reader = new PcscCardReader(SharedPcscd.FirstReader, new PcscReaderOptions
        {
            SlowCard = TimeSpan.FromSeconds(3), DeadReader = TimeSpan.FromSeconds(3), BusyLimit = TimeSpan.FromSeconds(2),
            ReaderLimit = TimeSpan.FromSeconds(3), ServiceLimit = TimeSpan.FromSeconds(3),
        });
    }

    [TearDown]
    public async Task CloseAsync()
    {
        if (_reader is null) return;
        await _reader.DisposeAsync();
        await SharedPcscd.AwaitEmptyAsync();
    }

    [Test, CancelAfter(30_000)]
    public async Task NoCard_Connect_SaysSo(CancellationToken cancellation)
    {
        Assert.That((await Thrown(_reader.ConnectAsync(cancellation))).Fault, Is.EqualTo(CardFault.NoCard));
        await NextCardWorksAsync(cancellation);
    }

    [Test, CancelAfter(30_000)]
    public async Task CardPulled_InMidCommand_IsRemoved(CancellationToken cancellation)
    {
        var card = await VpcdCard.InsertAsync(SharedPcscd.FirstPort, _ => null);
        await _reader.WaitForCardAsync(cancellation);
        await using (var connection = await _reader.ConnectAsync(cancellation))
        {
            var command = connection.TransmitAsync(Command, _response, cancellation);
            await card.CommandCame;
            await card.DisposeAsync();
            Assert.That((await Thrown(command)).Fault, Is.EqualTo(CardFault.Removed));
            Assert.That((await Thrown(connection.ResetAsync(cancellation))).Fault, Is.EqualTo(CardFault.Removed));
        }
        await _reader.WaitForRemovalAsync(cancellation);
        await NextCardWorksAsync(cancellation);
    }

    [Test, CancelAfter(30_000)]
    public async Task CardPulled_BetweenCommands_IsRemoved(CancellationToken cancellation)
    {
        var card = await VpcdCard.InsertAsync(SharedPcscd.FirstPort);
        await _reader.WaitForCardAsync(cancellation);
        await using (var connection = await _reader.ConnectAsync(cancellation))
        {
            await connection.TransmitAsync(Command, _response, cancellation);
            await card.DisposeAsync();
            await _reader.WaitForRemovalAsync(cancellation);
            Assert.That((await Thrown(connection.TransmitAsync(Command, _response, cancellation))).Fault, Is.EqualTo(CardFault.Removed));
        }
        await NextCardWorksAsync(cancellation);
    }

    [Test, CancelAfter(60_000)]
    public async Task Command_NeverAnswered_IsASlowCardAndTheNextOneWorks(CancellationToken cancellation)
    {
        await using (var card = await VpcdCard.InsertAsync(SharedPcscd.FirstPort, _ => null))
        {
            await _reader.WaitForCardAsync(cancellation);
            await using var connection = await _reader.ConnectAsync(cancellation);
            Assert.That((await Thrown(connection.TransmitAsync(Command, _response, cancellation))).Fault, Is.EqualTo(CardFault.SlowCard));
            Assert.That((await Thrown(connection.TransmitAsync(Command, _response, cancellation))).Fault, Is.EqualTo(CardFault.SlowCard), "only a reset helps");
            Assert.That((await Thrown(connection.ResetAsync(cancellation))).Fault, Is.EqualTo(CardFault.ReaderGone), "the driver still waits for the card");
        }
        await _reader.WaitForRemovalAsync(cancellation);
        await NextCardWorksAsync(cancellation);
    }

    [Test, CancelAfter(60_000)]
    public async Task Command_AnsweredTooLate_CardWorksAgainAfterAReset(CancellationToken cancellation)
    {
        using var answer = new ManualResetEventSlim();
        await using var card = await VpcdCard.InsertAsync(SharedPcscd.FirstPort, c =>
        {
            if (c[3] == 0xFF) answer.Wait(cancellation);
            return [0x90, 0x00];
        });
        await _reader.WaitForCardAsync(cancellation);
        await using var connection = await _reader.ConnectAsync(cancellation);
        using var impatient = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var slow = connection.TransmitAsync(new byte[] { 0x00, 0xCA, 0x00, 0xFF, 0x00 }, _response, impatient.Token);
        await card.CommandCame;
        await impatient.CancelAsync();
        Assert.That(async () => await slow, Throws.InstanceOf<OperationCanceledException>());
        var reset = connection.ResetAsync(cancellation);
        answer.Set();
        await reset;
        Assert.That(await connection.TransmitAsync(Command, _response, cancellation), Is.EqualTo(2));
    }

    [Test, CancelAfter(30_000)]
    public async Task AnotherProgram_HoldsTheCard_IsWaitedForWithALimit(CancellationToken cancellation)
    {
        await using var card = await VpcdCard.InsertAsync(SharedPcscd.FirstPort);
        await _reader.WaitForCardAsync(cancellation);
        var api = PcscApi.System;
        Assert.That(api.EstablishContext(out var context), Is.EqualTo(PcscCode.Success));
        Assert.That(api.Connect(context, SharedPcscd.FirstReader, PcscShare.Exclusive, PcscProtocols.T0 | PcscProtocols.T1, out var held, out _), Is.EqualTo(PcscCode.Success));
        Assert.That((await Thrown(_reader.ConnectAsync(cancellation))).Fault, Is.EqualTo(CardFault.Busy));
        Assert.That((await Thrown(_reader.IdentifyAsync(cancellation))).Fault, Is.EqualTo(CardFault.Busy));
        var waiting = _reader.ConnectAsync(cancellation).AsTask();
        Assert.That(waiting.IsCompleted, Is.False);
        Assert.That(api.Disconnect(held, PcscDisposition.Leave), Is.EqualTo(PcscCode.Success));
        await using (await waiting) { }
        Assert.That(api.ReleaseContext(context), Is.EqualTo(PcscCode.Success));
    }

    [Test, CancelAfter(60_000)]
    public async Task Service_KilledAndRestarted_IsToldToAllAndTheNextCardWorks(CancellationToken cancellation)
    {
        await using (var card = await VpcdCard.InsertAsync(SharedPcscd.FirstPort, _ => null))
        {
            await _reader.WaitForCardAsync(cancellation);
            await using var connection = await _reader.ConnectAsync(cancellation);
            var removal = _reader.WaitForRemovalAsync(cancellation);
            var command = connection.TransmitAsync(Command, _response, cancellation);
            await card.CommandCame;
            _daemon.Stop();
            Assert.That((await Thrown(command)).Fault, Is.EqualTo(CardFault.ServiceGone));
            Assert.That((await Thrown(removal)).Fault, Is.EqualTo(CardFault.ServiceGone));
            Assert.That((await Thrown(connection.ResetAsync(cancellation))).Fault, Is.EqualTo(CardFault.ServiceGone));
        }
        try
        {
            Assert.That((await Thrown(_reader.ConnectAsync(cancellation))).Fault, Is.EqualTo(CardFault.ServiceGone));
            Assert.That((await Thrown(_reader.IdentifyAsync(cancellation))).Fault, Is.EqualTo(CardFault.ServiceGone));
            Assert.That((await Thrown(_reader.WaitForRemovalAsync(cancellation))).Fault, Is.EqualTo(CardFault.ServiceGone));
            Assert.That((await Thrown(_reader.WaitForCardAsync(cancellation))).Fault, Is.EqualTo(CardFault.ServiceGone), "after its limit");
            Assert.That(() => PcscReaders.List(), Throws.InstanceOf<CardException>().With.Property("Fault").EqualTo(CardFault.ServiceGone));
        }
        finally
        {
            await _daemon.StartAsync();
        }
        await NextCardWorksAsync(cancellation);
    }

    /// <summary>What a connection that died with the service is asked is not what the reader is.</summary>
    [Test, CancelAfter(60_000)]
    public async Task Service_KilledUnderAConnection_ReaderIsAwayUntilItIsBack(CancellationToken cancellation)
    {
        await using (await VpcdCard.InsertAsync(SharedPcscd.FirstPort))
        {
            await _reader.WaitForCardAsync(cancellation);
            await using var connection = await _reader.ConnectAsync(cancellation);
            Assert.That((await _reader.IdentifyAsync(cancellation)).Name, Is.EqualTo(SharedPcscd.FirstReader));
            _daemon.Stop();
            try
            {
                Assert.That((await Thrown(_reader.IdentifyAsync(cancellation))).Fault, Is.EqualTo(CardFault.ServiceGone));
            }
            finally
            {
                await _daemon.StartAsync();
            }
            await Part.UntilAsync(async () =>
            {
                try
                {
                    return (await _reader.IdentifyAsync(cancellation)).Name == SharedPcscd.FirstReader;
                }
                catch (CardException e) when (e.Fault is CardFault.ServiceGone or CardFault.ReaderGone)
                {
                    return false;
                }
            }, "the reader says what it is");
        }
        await NextCardWorksAsync(cancellation);
    }

    [Test, CancelAfter(60_000)]
    public async Task NoService_StartedDuringAWait_IsWaitedFor(CancellationToken cancellation)
    {
        _daemon.Stop();
        ValueTask<Core.Primitives.ByteString> waiting;
        try
        {
            waiting = _reader.WaitForCardAsync(cancellation);
        }
        finally
        {
            await _daemon.StartAsync();
        }
        await using var card = await VpcdCard.InsertAsync(SharedPcscd.FirstPort);
        Assert.That((await waiting).IsEmpty, Is.False);
    }

    [Test, CancelAfter(30_000)]
    public async Task Service_RestartedWhileNothingWasAsked_IsNoFault(CancellationToken cancellation)
    {
        await NextCardWorksAsync(cancellation);
        _daemon.Stop();
        await _daemon.StartAsync();
        await using var card = await VpcdCard.InsertAsync(SharedPcscd.FirstPort);
        await CardArrivedAsync(cancellation);
        await using var connection = await _reader.ConnectAsync(cancellation);
        Assert.That(await connection.TransmitAsync(Command, _response, cancellation), Is.EqualTo(2));
    }

    [Test, CancelAfter(30_000)]
    public async Task Reader_NotThere_IsNamedAfterItsLimit(CancellationToken cancellation)
    {
        await using var absent = new PcscCardReader("None 00 00", new PcscReaderOptions { ReaderLimit = TimeSpan.FromSeconds(1) });
        Assert.That((await Thrown(absent.WaitForCardAsync(cancellation))).Fault, Is.EqualTo(CardFault.ReaderGone));
        Assert.That((await Thrown(absent.WaitForRemovalAsync(cancellation))).Fault, Is.EqualTo(CardFault.ReaderGone));
        Assert.That((await Thrown(absent.ConnectAsync(cancellation))).Fault, Is.EqualTo(CardFault.ReaderGone));
        Assert.That((await Thrown(absent.IdentifyAsync(cancellation))).Fault, Is.EqualTo(CardFault.ReaderGone));
    }

    [Test, CancelAfter(30_000)]
    public async Task Waits_Cancelled_EndAtOnce(CancellationToken cancellation)
    {
        using (var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation))
        {
            var arrival = _reader.WaitForCardAsync(stop.Token);
            await stop.CancelAsync();
            Assert.That(async () => await arrival, Throws.InstanceOf<OperationCanceledException>());
        }
        await using var card = await VpcdCard.InsertAsync(SharedPcscd.FirstPort, _ => null);
        await _reader.WaitForCardAsync(cancellation);
        using (var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation))
        {
            var removal = _reader.WaitForRemovalAsync(stop.Token);
            await stop.CancelAsync();
            Assert.That(async () => await removal, Throws.InstanceOf<OperationCanceledException>());
        }
        await using (var other = new PcscCardReader(SharedPcscd.FirstReader))
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            await using var held = await other.ConnectAsync(cancellation);
            var connecting = _reader.ConnectAsync(stop.Token);
            await stop.CancelAsync();
            Assert.That(async () => await connecting, Throws.InstanceOf<OperationCanceledException>());
        }
        await using var connection = await _reader.ConnectAsync(cancellation);
        using (var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation))
        {
            var command = connection.TransmitAsync(Command, _response, stop.Token);
            await card.CommandCame;
            await stop.CancelAsync();
            Assert.That(async () => await command, Throws.InstanceOf<OperationCanceledException>());
        }
    }

    [Test, CancelAfter(30_000)]
    public async Task Reader_Disposed_EndsItsWaits(CancellationToken cancellation)
    {
        var arrival = _reader.WaitForCardAsync(cancellation);
        await _reader.DisposeAsync();
        Assert.That((await Thrown(arrival)).Fault, Is.EqualTo(CardFault.ReaderGone));
        Assert.That((await Thrown(_reader.ConnectAsync(cancellation))).Fault, Is.EqualTo(CardFault.ReaderGone));
    }

    private async Task NextCardWorksAsync(CancellationToken cancellation)
    {
        await using (await VpcdCard.InsertAsync(SharedPcscd.FirstPort))
        {
            await CardArrivedAsync(cancellation);
            await using var connection = await _reader.ConnectAsync(cancellation);
            Assert.That(await connection.TransmitAsync(Command, _response, cancellation), Is.EqualTo(2));
        }
        await _reader.WaitForRemovalAsync(cancellation);
    }

    private async Task CardArrivedAsync(CancellationToken cancellation)
    {
        for (var tries = 0; tries < 3; tries++)
        {
            try
            {
                await _reader.WaitForCardAsync(cancellation);
                return;
            }
            catch (CardException e) when (e.Fault == CardFault.ServiceGone && tries < 2)
            {
                // A wait that began before the restart was seen is told of it once; a caller asks again.
            }
        }
    }

    private static async Task<CardException> Thrown<T>(ValueTask<T> task)
    {
        try
        {
            await task;
        }
        catch (CardException e)
        {
            return e;
        }
        throw new AssertionException("No CardException came.");
    }

    private static Task<CardException> Thrown(ValueTask task) => Thrown(WithValue(task));

    private static async ValueTask<bool> WithValue(ValueTask task)
    {
        await task;
        return true;
    }
}
