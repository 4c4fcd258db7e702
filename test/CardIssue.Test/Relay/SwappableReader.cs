using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards.Reading;

namespace CardIssue.Test.Relay;

/// <summary>What is asked of a reader, or of a card in it.</summary>
public enum ReaderCall
{
    Identify,
    Connect,
    Reset,
    Transmit,
}

/// <summary>
/// A reader that may turn into another one, go and come back, and counts what reaches a card. The card stays in it; a connection ends with the plug.
/// </summary>
internal sealed class SwappableReader(VirtualCardReader inner, ReaderIdentity identity) : ICardReader
{
    private int _connects, _transmits, _waits;
    private volatile bool _gone;
    private volatile TaskCompletionSource _pulled = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What it says it is from now on; nobody is told of a change.</summary>
    public ReaderIdentity Identity { get; set; } = identity;

    public int Connects => _connects;

    public int Transmits => _transmits;

    /// <summary>Called before each call is carried out, on any thread; may pull the plug.</summary>
    public Action<ReaderCall>? Before { get; set; }

    /// <summary>Called when a card has answered, before anybody hears of it; may pull the plug.</summary>
    public Action? Answered { get; set; }

    /// <summary>Whether it says what it is also while it is gone, as a simulated one does, which has its name from its address.</summary>
    public bool AlwaysSays { get; set; }

    /// <summary>How often it was waited on for a card.</summary>
    public int Waits => _waits;

    /// <summary>What it waits for before it says what it is.</summary>
    public Task Saying { get; set; } = Task.CompletedTask;

    /// <summary>Pulls the plug: every call fails until <see cref="Return"/>.</summary>
    public void Lose()
    {
        _gone = true;
        _pulled.TrySetResult();
    }

    /// <summary>Puts the plug in again.</summary>
    public void Return()
    {
        _pulled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _gone = false;
    }

    public async ValueTask<ReaderIdentity> IdentifyAsync(CancellationToken cancellation)
    {
        Before?.Invoke(ReaderCall.Identify);
        await Saying;
        if (!AlwaysSays) ThrowIfGone();
        return Identity;
    }

    public ValueTask<ByteString> WaitForCardAsync(CancellationToken cancellation)
    {
        Interlocked.Increment(ref _waits);
        return WhilePresentAsync(inner.WaitForCardAsync, cancellation);
    }

    public async ValueTask WaitForRemovalAsync(CancellationToken cancellation) =>
        await WhilePresentAsync(async stop => { await inner.WaitForRemovalAsync(stop); return true; }, cancellation);

    public async ValueTask<ICardConnection> ConnectAsync(CancellationToken cancellation)
    {
        Before?.Invoke(ReaderCall.Connect);
        ThrowIfGone();
        Interlocked.Increment(ref _connects);
        return new Counting(this, _pulled.Task, await inner.ConnectAsync(cancellation));
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private async ValueTask<T> WhilePresentAsync<T>(Func<CancellationToken, ValueTask<T>> wait, CancellationToken cancellation)
    {
        var pulled = _pulled.Task;
        ThrowIfGone();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var waiting = wait(either.Token).AsTask();
        if (await Task.WhenAny(waiting, pulled) == waiting) return await waiting;
        await either.CancelAsync();
        await ((Task)waiting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        throw Gone();
    }

    private void ThrowIfGone()
    {
        if (_gone) throw Gone();
    }

    private static CardException Gone() => new(CardFault.ReaderGone, "The plug was pulled.");

    private sealed class Counting(SwappableReader reader, Task pulled, ICardConnection connection) : ICardConnection
    {
        public ByteString Atr => connection.Atr;

        public TransmissionProtocol Protocol => connection.Protocol;

        public async ValueTask<int> TransmitAsync(ReadOnlyMemory<byte> command, Memory<byte> response, CancellationToken cancellation)
        {
            Pass(ReaderCall.Transmit);
            Interlocked.Increment(ref reader._transmits);
            var length = await connection.TransmitAsync(command, response, cancellation);
            reader.Answered?.Invoke();
            ThrowIfPulled();
            return length;
        }

        public ValueTask<ByteString> ResetAsync(CancellationToken cancellation)
        {
            Pass(ReaderCall.Reset);
            return connection.ResetAsync(cancellation);
        }

        public ValueTask DisposeAsync() => connection.DisposeAsync();

        private void Pass(ReaderCall call)
        {
            reader.Before?.Invoke(call);
            ThrowIfPulled();
        }

        private void ThrowIfPulled()
        {
            if (pulled.IsCompleted) throw Gone();
        }
    }
}
