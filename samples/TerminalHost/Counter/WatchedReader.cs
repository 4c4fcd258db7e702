using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;

namespace CardIssue.TerminalHost.Counter;

/// <summary>What is seen of a reader.</summary>
internal enum ReaderSight
{
    /// <summary>Nothing yet.</summary>
    None,
    /// <summary>It does not answer.</summary>
    Lost,
    /// <summary>It answers; no card is in.</summary>
    Empty,
    /// <summary>A card is in.</summary>
    CardIn,
}

/// <summary>A reader that tells what is seen of it while others use it.</summary>
/// <param name="reader">The reader; is disposed with this.</param>
/// <param name="saw">Is told each change, on any thread.</param>
internal sealed class WatchedReader(ICardReader reader, Action<ReaderSight> saw) : ICardReader
{
    private readonly Lock _gate = new();
    private ReaderSight _sight;

    private ReaderSight Sight
    {
        get
        {
            lock (_gate) return _sight;
        }
    }

    public ValueTask<ReaderIdentity> IdentifyAsync(CancellationToken cancellation) => WatchedAsync(reader.IdentifyAsync(cancellation));

    public async ValueTask<ByteString> WaitForCardAsync(CancellationToken cancellation)
    {
        try
        {
            var atr = await WatchedAsync(ArrivedAsync(cancellation));
            See(ReaderSight.CardIn);
            return atr;
        }
        catch (CardException e) when (e.Fault is CardFault.Mute)
        {
            See(ReaderSight.CardIn);
            throw;
        }
    }

    public async ValueTask WaitForRemovalAsync(CancellationToken cancellation)
    {
        await WatchedAsync(RemovedAsync());
        See(ReaderSight.Empty);

        async ValueTask<bool> RemovedAsync()
        {
            await reader.WaitForRemovalAsync(cancellation);
            return true;
        }
    }

    public ValueTask<ICardConnection> ConnectAsync(CancellationToken cancellation) => WatchedAsync(reader.ConnectAsync(cancellation));

    public ValueTask DisposeAsync() => reader.DisposeAsync();

    /// <summary>Shows whether the reader is there, where that is not known and no card comes meanwhile.</summary>
    private async ValueTask<ByteString> ArrivedAsync(CancellationToken cancellation)
    {
        while (Sight is ReaderSight.None or ReaderSight.Lost)
        {
            var (isIn, atr) = await ReaderProbe.SoonAsync(reader.WaitForCardAsync, cancellation);
            if (isIn) return atr;
            See(await ReaderProbe.SaysNoCardAsync(reader, cancellation) ? ReaderSight.Empty : ReaderSight.Lost);
        }
        return await reader.WaitForCardAsync(cancellation);
    }

    private async ValueTask<T> WatchedAsync<T>(ValueTask<T> asked)
    {
        try
        {
            return await asked;
        }
        catch (CardException e) when (e.Fault is CardFault.ReaderGone or CardFault.ServiceGone or CardFault.Busy)
        {
            See(ReaderSight.Lost);
            throw;
        }
    }

    private void See(ReaderSight sight)
    {
        lock (_gate)
        {
            if (_sight == sight) return;
            _sight = sight;
        }
        saw(sight);
    }
}
