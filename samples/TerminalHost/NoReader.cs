using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;

namespace CardIssue.TerminalHost;

/// <summary>Stands where a command was given no reader: there is nothing to report to the center, and no card is asked for.</summary>
internal sealed class NoReader : ICardReader
{
    public ValueTask<ReaderIdentity> IdentifyAsync(CancellationToken cancellation) => throw None();

    public ValueTask<ByteString> WaitForCardAsync(CancellationToken cancellation) => throw None();

    public ValueTask WaitForRemovalAsync(CancellationToken cancellation) => throw None();

    public ValueTask<ICardConnection> ConnectAsync(CancellationToken cancellation) => throw None();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static CardException None() => new(CardFault.ReaderGone, "No reader was named.");
}
