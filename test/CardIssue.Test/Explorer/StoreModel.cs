using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;

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
    /// <summary>Not imported.</summary>
    Absent,
}

/// <summary>The store, with the one order of the world. Strict: a change that does not follow from what it has is a violation.</summary>
/// <param name="Fence">The highest fencing number given.</param>
/// <param name="Held">Whether that claim was not let go.</param>
/// <param name="Counted">Authentication tries counted, by identity, in order of the identities.</param>
/// <param name="Backup">An older copy, in worlds where the store may be restored.</param>
/// <param name="HolderLost">Whether the host of the session that has the claim was taken for dead.</param>
/// <param name="History">Where store and log are, and what became of them, in worlds where both may be put back; else as it begins.</param>
internal sealed record Store(
    OrderState State, long Fence, bool Held, CardId? Bound, OrderProgress Progress, ValueList<CountedTries> Counted, Store? Backup,
    History History = default, bool HolderLost = false)
{
    public static Store Absent(WorldOptions world) => Fresh(world) with { State = OrderState.Absent };

    /// <summary>A change is committed: store and log are one further, where that is counted.</summary>
    public Store Commit(WorldOptions world) => world.MayBePutBack
        ? this with { History = History with { Generation = History.Generation + 1 } } : this;

    /// <summary>A rewrite is bound from the start.</summary>
    public static Store Fresh(WorldOptions world) =>
        new(OrderState.Ready, 0, false, world.Rewrites ? world.IdOf(1) : null, OrderProgress.None, default, null);

    public bool Over => State is OrderState.Issued or OrderState.Waiting or OrderState.Quarantined;

    public int Tries(CardId card)
    {
        foreach (var counted in Counted.Span)
            if (counted.Card == card) return counted.Tries;
        return 0;
    }

    /// <summary>Applies a change; a violation says what does not follow.</summary>
    public (Store Store, string? Violation) Apply(OrderChange change, WorldOptions world)
    {
        var closing = world.Plan.Records.Count + 1;
        var p = Progress;
        return change switch
        {
            OrderChange.Released => (this with { Held = false, HolderLost = false, State = State is OrderState.Claimed ? OrderState.Ready : State }, null),
            _ when Over => Wrong($"{change} of an order that is {State}"),
            OrderChange.Authenticating(var id) => Try(id, world),
            OrderChange.Spared(var id) => (With(id, Math.Max(0, Tries(id) - 1)), null),
            OrderChange.Bound or OrderChange.Numbering when Bound is not null =>
                Wrong(change is OrderChange.Bound ? "bound twice" : "a number is given for an order that has a card"),
            OrderChange.Numbering(var id) => (With(id, 0), null),
            OrderChange.Bound(var id, var open) => ((open ? With(id, 0) : this) with { Bound = id, State = OrderState.Bound }, null),
            OrderChange.Opened(var id, _) when id != Bound => Wrong("another card opened as the bound one"),
            OrderChange.Opened(var id, true) => (With(id, 0) with { State = State is OrderState.Claimed ? OrderState.Bound : State }, null),
            OrderChange.Opened(var id, false) => (With(id, 0) with { Progress = p with { Unproved = p.Furthest } }, null),
            _ when Bound is null => Wrong($"{change} before a card is bound"),
            OrderChange.Leaving(var r, var a, _) when r != p.Confirmed + 1 || r >= closing => Wrong($"record {r} leaves when {p.Confirmed} are confirmed (attempt {a})"),
            OrderChange.Leaving(var r, var a, _) when a > world.CenterPolicy.MaxAttempts || (r <= p.Furthest && a < p.Attempt) => Wrong($"record {r} leaves at attempt {a}"),
            OrderChange.Leaving(var r, var a, var closes) =>
                (this with { State = closes ? OrderState.Closing : OrderState.Writing, Progress = p with { InDoubt = r, Attempt = a,
                Furthest = Math.Max(p.Furthest, closes ? closing : r) } }, null),
            OrderChange.Confirmed(var r, true) when r != p.InDoubt || p.Furthest != closing || r + 1 != closing => Wrong($"the closing left not with {r}"),
            OrderChange.Confirmed(var r, _) when r != p.Confirmed + 1 || (p.InDoubt != r && (p.InDoubt != 0 || r > p.Unproved)) =>
                Wrong($"record {r} confirmed out of turn"),
            OrderChange.Confirmed(var r, var closes) => (this with { Progress = p with { Confirmed = r, InDoubt = closes ? closing : 0 } }, null),
            OrderChange.NotDone(var r, _) when p.InDoubt != r => Wrong($"record {r} not done, and not in doubt"),
            OrderChange.NotDone(_, var a) => (this with { Progress = p with { InDoubt = 0, Attempt = a } }, null),
            OrderChange.Rewound(var j, _) when j > p.Confirmed || (p.InDoubt == 0 && j > 0) => Wrong($"rewound to {j}"),
            OrderChange.Rewound(var j, var a) => (this with { Progress = p with { Confirmed = j, InDoubt = 0, Attempt = a } }, null),
            OrderChange.Closing(var a) when p.Confirmed != closing - 1 || a > world.CenterPolicy.MaxAttempts => Wrong($"closing at attempt {a} when {p.Confirmed} are confirmed"),
            OrderChange.Closing(var a) =>
                (this with { State = OrderState.Closing, Progress = p with { InDoubt = closing, Attempt = a, Furthest = closing } }, null),
            OrderChange.Issued(var id) when id != Bound || p.InDoubt != closing => Wrong("issued out of turn"),
            OrderChange.Issued => (this with { State = OrderState.Issued }, null),
            OrderChange.Waiting => (this with { State = OrderState.Waiting }, null),
            _ => Wrong($"unknown change {change}"),
        };
    }

    /// <summary>Claims the order: the number rises, and every earlier claim is over.</summary>
    public Store Claim(WorldOptions world) => this with
    {
        Fence = HolderLost && world.TakingOver is TakingOver.NumberKept ? Fence : NextFence,
        Held = true,
        HolderLost = false,
        State = State is OrderState.Ready ? OrderState.Claimed : State,
        Backup = world.Faults.HasFlag(Faults.Restore) && Backup is null ? this with { Backup = null }
            : world.MayBePutBack ? Backup : null,
    };

    /// <summary>
    /// Above every number before, and not below the store's generation: so it is above all that were ever given once that is raised.
    /// </summary>
    public long NextFence => Math.Max(Fence, History.Generation) + 1;

    /// <summary>An older copy came back: the order is quarantined, and fencing numbers go on above all that were ever given.</summary>
    public Store Restore() => Backup! with { State = OrderState.Quarantined, Fence = Fence + 1, Held = false };

    /// <summary>The order is imported; while a put-back is not settled, nobody can tell it from one that was issued.</summary>
    public Store Import(WorldOptions world) => (this with
    {
        State = History is { Lost: not null, Raised: > 0 } && world.Witnessing is not Witnessing.ImportTaken ? OrderState.Quarantined : OrderState.Ready,
    }).Commit(world);

    /// <summary>Store and log are those of the copy.</summary>
    public Store PutBack() => Backup! with
    {
        History = Backup.History with { Branch = 1, Fork = Backup.History.Generation, Given = History.Given, Lost = this with { Backup = null } },
    };

    /// <summary>A witness knows more: what may have changed is quarantined, and the generation goes above all that was lost.</summary>
    public Store Found(ByteString note, WorldOptions world)
    {
        var spared = State is OrderState.Absent or OrderState.Issued || (State is OrderState.Claimed && world.Witnessing is Witnessing.ClaimedSpared);
        var raised = Math.Max(History.Generation, (int)note[0]) + (world.Witnessing is Witnessing.FenceKept ? 0 : Explorer.History.Leap);
        return (spared ? this : this with { State = OrderState.Quarantined, Held = false }) with
        {
            History = History with { Generation = world.Witnessing is Witnessing.FenceKept ? History.Generation : raised, Raised = raised },
        };
    }

    /// <summary>People found out how the order stands, as a reconciliation says it.</summary>
    public Store Settle()
    {
        var lost = History.Lost!;
        return this with
        {
            State = lost.State is OrderState.Claimed ? OrderState.Ready : lost.State, Bound = lost.Bound, Counted = lost.Counted,
            Progress = lost.Progress with { Unproved = lost.Progress.Furthest }, History = History with { Lost = null },
        };
    }

    public static CardId IdOf(byte number) => new(ByteString.Own([number]));

    public static CardId IdOf(Card card) => IdOf((byte)card);

    private (Store, string?) Try(CardId card, WorldOptions world)
    {
        if (Bound is { } bound && bound != card) return Wrong("an authentication of another card than the bound one");
        if (Tries(card) >= world.MaxTries) return Wrong("an authentication of a barred card");
        return (With(card, Tries(card) + 1), null);
    }

    private Store With(CardId card, int tries) => tries == Tries(card) ? this : this with
    {
        Counted = ValueList.Create<CountedTries>([.. Counted.Where(c => c.Card != card)
            .Concat(tries == 0 ? [] : [new CountedTries(card, tries)]).OrderBy(c => c.Card.Value[0])]),
    };

    private (Store, string?) Wrong(string what) => (this, $"3/4 store: {what}");
}

/// <summary>Authentication tries counted for an identity.</summary>
internal readonly record struct CountedTries(CardId Card, int Tries);
