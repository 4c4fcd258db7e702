using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Test.Protocol;

/// <summary>One row of a machine's table: in this state, this event leads to that state, with these effects in this order, and is handled, ignored or rejected.</summary>
internal sealed record MachineRow<TState, TEvent, TEffect>(TState State, TEvent Happened, TState Then, ValueList<TEffect> Effects,
    OutcomeKind Outcome)
    where TState : class
{
    /// <summary>Takes the one step, and compares all that came of it.</summary>
    public void Check(Func<TState, TEvent, Step<TState, TEffect>> on)
    {
        var step = on(State, Happened);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(step.Outcome.Kind, Is.EqualTo(Outcome));
            Assert.That(step.Effects, Is.EqualTo(Effects));
            Assert.That(step.State, Is.EqualTo(Then));
        }
    }
}
