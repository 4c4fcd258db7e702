using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;

namespace CardIssue.TerminalHost;

/// <summary>What a look at the reader found.</summary>
/// <param name="Identity">What it tells of itself; null when it is not there.</param>
/// <param name="CardIn">Whether a card is in.</param>
/// <param name="Fault">Why it is not there, or null.</param>
internal sealed record ReaderProbe(ReaderIdentity? Identity, bool CardIn, string? Fault)
{
    /// <summary>How long a card is looked for, and a reader may take to say something.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>What is wrong with the card that is in, or null.</summary>
    public string? CardFault { get; init; }

    /// <summary>Whether the reader is there.</summary>
    public bool Answers => Fault is null;

    /// <summary>The finding, for the operator.</summary>
    public string Text => Fault ?? (CardFault is not null ? $"answers. {CardFault}" : CardIn ? "answers, a card is in" : "answers, no card is in");

    /// <summary>Looks once; the reader is closed again after it.</summary>
    public static async Task<ReaderProbe> LookAsync(ReaderAddress address, CancellationToken cancellation)
    {
        ReaderIdentity? identity = null;
        try
        {
            await using var reader = address.Open();
            (var answers, identity) = await SoonAsync(reader.IdentifyAsync, cancellation);
            if (!answers) return Silent(null);
            if ((await SoonAsync(reader.WaitForCardAsync, cancellation)).Came) return new ReaderProbe(identity, true, null);
            return await SaysNoCardAsync(reader, cancellation) ? new ReaderProbe(identity, false, null) : Silent(identity);
        }
        catch (CardException e) when (identity is not null && e.Fault is Core.Cards.CardFault.Mute)
        {
            return new ReaderProbe(identity, true, null) { CardFault = e.Message };
        }
        catch (CardException e)
        {
            return new ReaderProbe(identity, false, e.Message);
        }
    }

    /// <summary>
    /// Whether a reader says within <see cref="Patience"/> that no card is in. One that is there does; that a wait for a card goes on shows nothing, and
    /// neither does the name of a simulated one, which it has from its address.
    /// </summary>
    /// <exception cref="CardException">The reader is gone.</exception>
    public static async Task<bool> SaysNoCardAsync(ICardReader reader, CancellationToken cancellation)
    {
        return (await SoonAsync(RemovedAsync, cancellation)).Came;

        async ValueTask<bool> RemovedAsync(CancellationToken stop)
        {
            await reader.WaitForRemovalAsync(stop);
            return true;
        }
    }

    /// <summary>What a reader is waited for, if it comes within <see cref="Patience"/>; then the wait is given up.</summary>
    /// <exception cref="CardException">The reader is gone.</exception>
    public static async Task<(bool Came, T? What)> SoonAsync<T>(Func<CancellationToken, ValueTask<T>> wait, CancellationToken cancellation)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        enough.CancelAfter(Patience);
        try
        {
            return (true, await wait(enough.Token));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (false, default);
        }
    }

    private static ReaderProbe Silent(ReaderIdentity? identity) =>
        new(identity, false, $"no answer within {Patience.TotalSeconds:0} s; check the reader's address and that it is switched on");
}
