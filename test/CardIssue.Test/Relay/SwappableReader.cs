using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards.Reading;

namespace CardIssue.Test.Relay;

/// <summary>A reader that may turn into another one, go and come back, and counts what reaches a card.</summary>
internal sealed class SwappableReader(VirtualCardReader inner, ReaderIdentity identity) : ICardReader
{
    private int _connects, _transmits;
    private volatile bool _gone;
    private readonly CancellationTokenSource _pulled = new();

    /// <summary>What it says it is from now on; nobody is told of a change.</summary>
    public ReaderIdentity Identity { get; set; } = identity;

    public int Connects => _connects;

    public int Transmits => _transmits;

    /// <summary>Pulls the plug, once: every call fails until <see cref="Return"/>.</summary>
    public void Lose()
    {
        _gone = true;
        _pulled.Cancel();
    }

    /// <summary>Puts the plug in again.</summary>
    public void Return() => _gone = false;

    public ValueTask<ReaderIdentity> IdentifyAsync(CancellationToken cancellation)
    {
        ThrowIfGone();
        return ValueTask.FromResult(Identity);
    }

    public ValueTask<ByteString> WaitForCardAsync(CancellationToken cancellation) => WhilePresentAsync(inner.WaitForCardAsync, cancellation);

    public async ValueTask WaitForRemovalAsync(CancellationToken cancellation) =>
        await WhilePresentAsync(async stop => { await inner.WaitForRemovalAsync(stop); return true; }, cancellation);

    public async ValueTask<ICardConnection> ConnectAsync(CancellationToken cancellation)
    {
        ThrowIfGone();
        Interlocked.Increment(ref _connects);
        return new Counting(this, await inner.ConnectAsync(cancellation));
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private async ValueTask<T> WhilePresentAsync<T>(Func<CancellationToken, ValueTask<T>> wait, CancellationToken cancellation)
    {
        ThrowIfGone();
        if (_pulled.IsCancellationRequested) return await wait(cancellation);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _pulled.Token);
        try
        {
            return await wait(either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw Gone();
        }
    }

    private void ThrowIfGone()
    {
        if (_gone) throw Gone();
    }

    private static CardException Gone() => new(CardFault.ReaderGone, "The plug was pulled.");

    private sealed class Counting(SwappableReader reader, ICardConnection connection) : ICardConnection
    {
        public ByteString Atr => connection.Atr;

        public TransmissionProtocol Protocol => connection.Protocol;

        public ValueTask<int> TransmitAsync(ReadOnlyMemory<byte> command, Memory<byte> response, CancellationToken cancellation)
        {
            Interlocked.Increment(ref reader._transmits);
            return connection.TransmitAsync(command, response, cancellation);
        }

        public ValueTask<ByteString> ResetAsync(CancellationToken cancellation) => connection.ResetAsync(cancellation);

        public ValueTask DisposeAsync() => connection.DisposeAsync();
    }
}
