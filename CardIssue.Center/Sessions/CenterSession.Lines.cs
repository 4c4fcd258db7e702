using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;
using Microsoft.Extensions.Logging;

namespace CardIssue.Center.Sessions;

/// <summary>What comes in on the line, and the two halves of a split one: once joined, what comes on the results half goes to the data half's session, and the loss of either ends both.</summary>
internal sealed partial class CenterSession
{
    private readonly Lock _halves = new();
    private CenterSession? _dataHalf, _resultsHalf;
    private bool _over;

    private async Task ReceiveAsync(CancellationToken cancellation)
    {
        LineException? fault = null;
        try
        {
            while (await NextFrameAsync(cancellation).ConfigureAwait(false) is { } frame)
            {
                using (frame)
                {
                    var decoded = MessageCodec.Decode(frame.Memory);
                    CenterEvent happened = decoded.IsMessage ? new CenterEvent.Received(decoded.Message) : new CenterEvent.Garbage(decoded.Error);
                    var session = Volatile.Read(ref _dataHalf) ?? this;
                    await session._queue.PostAsync(new Item(happened, ByteString.Copy(frame.Span), From: this), cancellation).ConfigureAwait(false);
                    // Dropped where the data half's session is over: then nobody says that it was handled.
                    if (session._queue.IsComplete) FrameHandled();
                }
            }
        }
        catch (LineException e)
        {
            OperationLog.LineDown(_logger, Level(LogLevel.Warning), Name, e.Fault, e.Message);
            fault = e;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            OperationLog.Fault(_logger, e, Name, nameof(ReceiveAsync));
        }
        var down = new Item(new CenterEvent.LineDown(), ByteString.Empty, this, fault);
        if (Volatile.Read(ref _dataHalf) is { } data) await data._queue.PostAsync(down, cancellation).ConfigureAwait(false);
        await _queue.PostAsync(down with { Fault = _dataHalf is null ? fault : null }, cancellation).ConfigureAwait(false);
    }

    /// <summary>Whether a message came on this session's own line after the results half was joined to it.</summary>
    private bool IsMisplaced(Item item)
    {
        if (item is not { Event: CenterEvent.Received, From: { } from }) return false;
        lock (_halves) return _resultsHalf is { } results && from != results;
    }

    private async ValueTask JudgeJoinAsync(Join join, CancellationToken cancellation)
    {
        var outcome = _joins.TryJoin(_terminal!.Identity.Id, _line.Peer.Line!.Value, join);
        var fits = outcome.Fits && outcome.Data!.TryAttach(this);
        _log.Decided(fits ? 220 : 310, fits ? "Joining" : "Refusing", outcome.Detail);
        // The data half acts on it next: it is in the log before.
        await MakeDurableAsync(cancellation).ConfigureAwait(false);
        Show(fits ? 220 : 310, outcome.Detail);
        if (outcome.Data is { } data) await data._queue.PostAsync(new Item(new CenterEvent.ResultsJudged(fits), ByteString.Empty), cancellation).ConfigureAwait(false);
        _followUps.Enqueue(new CenterEvent.JoinJudged(fits));
    }

    /// <summary>From now on what comes on the results half is this session's. False when this session is over.</summary>
    private bool TryAttach(CenterSession results)
    {
        lock (_halves)
        {
            if (_over) return false;
            _resultsHalf = results;
        }
        Volatile.Write(ref results._dataHalf, this);
        return true;
    }

    /// <summary>No results half is attached any more after this, and one that was is closed.</summary>
    private async ValueTask CloseResultsAsync()
    {
        CenterSession? results;
        lock (_halves) (_over, results) = (true, _resultsHalf);
        if (results is null) return;
        try
        {
            await results._line.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            // It may wait for room that nobody makes any more, and so never see that its line is gone.
            await results._queue.PostAsync(new Item(new CenterEvent.LineDown(), ByteString.Empty)).ConfigureAwait(false);
        }
    }
}
