using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;

namespace CardIssue.TerminalHost;

/// <summary>What a look at the reader found.</summary>
/// <param name="Identity">What it tells of itself; null when it is not there.</param>
/// <param name="CardIn">Whether a card is in.</param>
/// <param name="Fault">Why it is not there, or null.</param>
internal sealed record ReaderProbe(ReaderIdentity? Identity, bool CardIn, string? Fault)
{
    /// <summary>How long a card is looked for.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Whether the reader is there.</summary>
    public bool Answers => Fault is null;

    /// <summary>The finding, for the operator.</summary>
    public string Text => Fault ?? (CardIn ? "answers, a card is in" : "answers, no card is in");

    /// <summary>Looks once; the reader is closed again after it.</summary>
    public static async Task<ReaderProbe> LookAsync(ReaderAddress address, CancellationToken cancellation)
    {
        ReaderIdentity? identity = null;
        try
        {
            await using var reader = address.Open();
            if (!await IsSoonAsync(async stop => identity = await reader.IdentifyAsync(stop), cancellation)) return Silent(null);
            if (await IsSoonAsync(reader.WaitForCardAsync, cancellation)) return new ReaderProbe(identity, true, null);
            // No card, or no word at all: a reader that is there says at once that no card is in.
            return await IsSoonAsync(async stop => { await reader.WaitForRemovalAsync(stop); return true; }, cancellation) ? new ReaderProbe(identity, false, null) : Silent(identity);
        }
        catch (CardException e)
        {
            return new ReaderProbe(identity, false, e.Message);
        }
    }

    private static ReaderProbe Silent(ReaderIdentity? identity) =>
        new(identity, false, $"no answer within {Patience.TotalSeconds:0} s; check the reader's address and that it is switched on");

    private static async Task<bool> IsSoonAsync<T>(Func<CancellationToken, ValueTask<T>> wait, CancellationToken cancellation)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        enough.CancelAfter(Patience);
        try
        {
            await wait(enough.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }
}
