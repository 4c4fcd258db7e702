using CardIssue.Core.Cards;

namespace CardIssue.TerminalHost;

/// <summary>What a look at the reader found.</summary>
/// <param name="Answers">Whether the reader is there.</param>
/// <param name="CardIn">Whether a card is in.</param>
/// <param name="Fault">Why it is not there, or null.</param>
internal sealed record ReaderProbe(bool Answers, bool CardIn, string? Fault)
{
    /// <summary>How long a card is looked for.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>The finding, for the operator.</summary>
    public string Text => Fault ?? (CardIn ? "answers, a card is in" : "answers, no card is in");

    /// <summary>Looks once; the reader is closed again after it.</summary>
    public static async Task<ReaderProbe> LookAsync(ReaderAddress address, CancellationToken cancellation)
    {
        var reader = address.Open();
        await using var _ = reader;
        try
        {
            if (await IsSoonAsync(reader.WaitForCardAsync, cancellation)) return new ReaderProbe(true, true, null);
            // No card, or no word at all: a reader that is there says at once that no card is in.
            return await IsSoonAsync(async stop => { await reader.WaitForRemovalAsync(stop); return true; }, cancellation)
                ? new ReaderProbe(true, false, null)
                : new ReaderProbe(false, false, $"no answer within {Patience.TotalSeconds:0} s; check the reader's address and that it is switched on");
        }
        catch (CardException e)
        {
            return new ReaderProbe(false, false, e.Message);
        }
    }

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
