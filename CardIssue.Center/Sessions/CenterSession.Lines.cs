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
    private CenterSession? _dataHalf;
    private IHalf? _resultsHalf;
    private bool _over;

    async ValueTask IHalf.CloseAsync()
    {
        try
        {
            await _line.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            // It may wait for room that nobody makes any more, and so never see that its line is gone.
            await _queue.PostAsync(new Item(new CenterEvent.LineDown(), ByteString.Empty)).ConfigureAwait(false);
        }
    }

    /// <summary>A frame of its own line or of its results half; waits while too many do.</summary>
    public async ValueTask TakeFrameAsync(LineFrame frame, IHalf from, CancellationToken cancellation)
    {
        var decoded = MessageCodec.Decode(frame.Memory);
        CenterEvent happened = decoded.IsMessage ? new CenterEvent.Received(decoded.Message) : new CenterEvent.Garbage(decoded.Error);
        await _queue.PostAsync(new Item(happened, ByteString.Copy(frame.Span), from), cancellation).ConfigureAwait(false);
        // Dropped where the session is over: then nobody says that it was handled.
        if (_queue.IsComplete) from.FrameHandled();
    }

    /// <summary>Its results half is gone.</summary>
    public ValueTask LoseAsync(IHalf results, LineException? fault) =>
        _queue.PostAsync(new Item(new CenterEvent.LineDown(), ByteString.Empty, results, fault));

    /// <summary>What came of the token that its results half brought to it.</summary>
    /// <param name="fits">Whether that half is joined.</param>
    /// <param name="detail">For the log; null where the half's own session has it.</param>
    public ValueTask JudgedAsync(bool fits, string? detail = null) =>
        _queue.PostAsync(new Item(new CenterEvent.ResultsJudged(fits), ByteString.Empty, Judged: detail));

    private async Task ReceiveAsync(CancellationToken cancellation)
    {
        LineException? fault = null;
        try
        {
            while (await NextFrameAsync(cancellation).ConfigureAwait(false) is { } frame)
                using (frame) await HandOnAsync(frame, cancellation).ConfigureAwait(false);
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
        if (Volatile.Read(ref _dataHalf) is { } data) await data.LoseAsync(this, fault).ConfigureAwait(false);
        var down = new Item(new CenterEvent.LineDown(), ByteString.Empty, this, _dataHalf is null ? fault : null);
        await _queue.PostAsync(down, cancellation).ConfigureAwait(false);
    }

    /// <summary>To the session that it is for: this one, or the data half's, here or at another host.</summary>
    private async ValueTask HandOnAsync(LineFrame frame, CancellationToken cancellation)
    {
        if (Volatile.Read(ref _elsewhere) is { } host) await HandOnAsync(frame, host, cancellation).ConfigureAwait(false);
        else await (Volatile.Read(ref _dataHalf) ?? this).TakeFrameAsync(frame, this, cancellation).ConfigureAwait(false);
    }

    /// <summary>Whether a message came on this session's own line after the results half was joined to it.</summary>
    private bool IsMisplaced(Item item)
    {
        if (item is not { Event: CenterEvent.Received, From: { } from }) return false;
        lock (_halves) return _resultsHalf is { } results && from != results;
    }

    private async ValueTask JudgeJoinAsync(Join join, CancellationToken cancellation)
    {
        if (await DataHalfElsewhereAsync(cancellation).ConfigureAwait(false) is { } host)
        {
            await JoinAtAsync(host, join, cancellation).ConfigureAwait(false);
            return;
        }
        var outcome = _joins.TryJoin(_terminal!.Identity.Id, _line.Peer.Line!.Value, join);
        var fits = outcome.Fits && outcome.Data!.TryAttach(this);
        if (fits) Volatile.Write(ref _dataHalf, outcome.Data);
        await DecideAsync(fits, outcome.Detail, cancellation).ConfigureAwait(false);
        if (outcome.Data is { } data) await data.JudgedAsync(fits).ConfigureAwait(false);
        _followUps.Enqueue(new CenterEvent.JoinJudged(fits));
    }

    /// <summary>The data half acts on it next: it is in the log before.</summary>
    private async ValueTask DecideAsync(bool fits, string detail, CancellationToken cancellation)
    {
        _log.Decided(fits ? 220 : 310, fits ? "Joining" : "Refusing", detail);
        await MakeDurableAsync(cancellation).ConfigureAwait(false);
        Show(fits ? 220 : 310, detail);
    }

    /// <summary>From now on what comes on the results half is this session's. False when this session is over.</summary>
    public bool TryAttach(IHalf results)
    {
        lock (_halves)
        {
            if (_over) return false;
            _resultsHalf = results;
        }
        return true;
    }

    /// <summary>No results half is attached any more after this, and one that was is closed.</summary>
    private ValueTask CloseResultsAsync()
    {
        IHalf? results;
        lock (_halves) (_over, results) = (true, _resultsHalf);
        return results?.CloseAsync() ?? ValueTask.CompletedTask;
    }
}
