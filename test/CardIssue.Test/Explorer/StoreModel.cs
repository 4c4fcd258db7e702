using CardIssue.Core;
using CardIssue.Core.Protocol;

namespace CardIssue.Test.Explorer;

/// <summary>Where an order stands in the store.</summary>
internal enum OrderState
{
    Ready,
    Claimed,
    Bound,
    Writing,
    Closing,
    Issued,
    Waiting,
    Quarantined,
}

/// <summary>The store, with the one order of the world. Strict: a change that does not follow from what it has is a violation.</summary>
/// <param name="Fence">The highest fencing number given.</param>
/// <param name="Held">Whether that claim was not let go.</param>
/// <param name="TriesA">Authentication tries counted for card A.</param>
/// <param name="TriesB">The same for card B.</param>
/// <param name="Backup">An older copy, in worlds where the store may be restored.</param>
internal sealed record Store(
    OrderState State, long Fence, bool Held, Card? Bound, Progress Progress, int TriesA, int TriesB, Store? Backup)
{
    public static Store Fresh => new(OrderState.Ready, 0, false, null, Progress.None, 0, 0, null);

    public bool Over => State is OrderState.Issued or OrderState.Waiting or OrderState.Quarantined;

    public int Tries(Card card) => card switch { Card.A => TriesA, Card.B => TriesB, Card.X => 0 };

    /// <summary>Applies a change; a violation says what does not follow.</summary>
    public (Store Store, string? Violation) Apply(OrderChange change, WorldOptions world)
    {
        var closing = world.Plan.Records.Count + 1;
        var p = Progress;
        return change switch
        {
            OrderChange.Released => (this with { Held = false, State = State is OrderState.Claimed ? OrderState.Ready : State }, null),
            _ when Over => Wrong($"{change} of an order that is {State}"),
            OrderChange.Authenticating(var id) => Try(CardOf(id), world),
            OrderChange.Bound when Bound is not null => Wrong("bound twice"),
            OrderChange.Bound(var id) => (Cleared(CardOf(id)) with { Bound = CardOf(id), State = OrderState.Bound }, null),
            OrderChange.Opened(var id) when CardOf(id) != Bound => Wrong("another card opened as the bound one"),
            OrderChange.Opened(var id) => (Cleared(CardOf(id)), null),
            _ when Bound is null => Wrong($"{change} before a card is bound"),
            OrderChange.Leaving(var r, var a) when r != p.Confirmed + 1 || r >= closing => Wrong($"record {r} leaves when {p.Confirmed} are confirmed (attempt {a})"),
            OrderChange.Leaving(var r, var a) when a > world.CenterPolicy.MaxAttempts || (r <= p.Furthest && a < p.Attempt) => Wrong($"record {r} leaves at attempt {a}"),
            OrderChange.Leaving(var r, var a) => (this with { State = OrderState.Writing, Progress = new(p.Confirmed, r, a, Math.Max(p.Furthest, r)) }, null),
            OrderChange.Confirmed(var r) when p.InDoubt != r || r != p.Confirmed + 1 => Wrong($"record {r} confirmed out of turn"),
            OrderChange.Confirmed(var r) => (this with { Progress = p with { Confirmed = r, InDoubt = 0 } }, null),
            OrderChange.NotDone(var r, _) when p.InDoubt != r => Wrong($"record {r} not done, and not in doubt"),
            OrderChange.NotDone(_, var a) => (this with { Progress = p with { InDoubt = 0, Attempt = a } }, null),
            OrderChange.Rewound(var j, _) when j > p.Confirmed || p.InDoubt == 0 => Wrong($"rewound to {j}"),
            OrderChange.Rewound(var j, var a) => (this with { Progress = p with { Confirmed = j, InDoubt = 0, Attempt = a } }, null),
            OrderChange.Closing(var a) when p.Confirmed != closing - 1 || a > world.CenterPolicy.MaxAttempts => Wrong($"closing at attempt {a} when {p.Confirmed} are confirmed"),
            OrderChange.Closing(var a) => (this with { State = OrderState.Closing, Progress = new(p.Confirmed, closing, a, closing) }, null),
            OrderChange.Issued(var id) when CardOf(id) != Bound || p.InDoubt != closing => Wrong("issued out of turn"),
            OrderChange.Issued => (this with { State = OrderState.Issued }, null),
            OrderChange.Waiting => (this with { State = OrderState.Waiting }, null),
            _ => Wrong($"unknown change {change}"),
        };
    }

    /// <summary>Claims the order: the number rises, and every earlier claim is over.</summary>
    public Store Claim(bool keepBackup) => this with
    {
        Fence = Fence + 1,
        Held = true,
        State = State is OrderState.Ready ? OrderState.Claimed : State,
        Backup = keepBackup ? this with { Backup = null } : null,
    };

    /// <summary>An older copy came back: the order is quarantined, and fencing numbers go on above all that were ever given.</summary>
    public Store Restore() => Backup! with { State = OrderState.Quarantined, Fence = Fence + 1, Held = false };

    public static Card CardOf(CardId id) => (Card)id.Value[0];

    public static CardId IdOf(Card card) => new(ByteString.Own([(byte)card]));

    private (Store, string?) Try(Card card, WorldOptions world)
    {
        if (Bound is { } bound && bound != card) return Wrong("an authentication of another card than the bound one");
        if (Tries(card) >= world.MaxTries) return Wrong("an authentication of a barred card");
        return (card is Card.A ? this with { TriesA = TriesA + 1 } : this with { TriesB = TriesB + 1 }, null);
    }

    private Store Cleared(Card card) => card is Card.A ? this with { TriesA = 0 } : this with { TriesB = 0 };

    private (Store, string?) Wrong(string what) => (this, $"3/4 store: {what}");
}
