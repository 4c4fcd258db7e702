using CardIssue.Core.Primitives;

namespace CardIssue.Core.Protocol;

/// <summary>What one transition of a machine came to: the new state and the effects to carry out, in this order.</summary>
/// <typeparam name="TState">The machine's state.</typeparam>
/// <typeparam name="TEffect">The machine's effects.</typeparam>
/// <param name="State">The state from now on, whether or not every effect succeeds.</param>
/// <param name="Effects">What to do, in order. When one fails, the rest is dropped and the failure comes back as an event.</param>
/// <param name="Outcome">Whether the event was handled, ignored or rejected.</param>
internal readonly record struct Step<TState, TEffect>(TState State, ValueList<TEffect> Effects, Outcome Outcome);

/// <summary>What became of an event.</summary>
/// <param name="Kind">Handled, ignored or rejected.</param>
/// <param name="Reason">Why it was ignored or rejected; empty when handled.</param>
internal readonly record struct Outcome(OutcomeKind Kind, string Reason)
{
    /// <summary>The event was acted on.</summary>
    public static Outcome Handled => new(OutcomeKind.Handled, "");
}

/// <summary>What may become of an event.</summary>
internal enum OutcomeKind
{
    /// <summary>Acted on.</summary>
    Handled,
    /// <summary>Known to be harmless here (a double, a late arrival): nothing changes.</summary>
    Ignored,
    /// <summary>A peer that keeps to the protocol cannot cause this: the line is closed.</summary>
    Rejected,
}
