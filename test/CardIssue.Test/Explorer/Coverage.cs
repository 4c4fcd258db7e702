using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Terminal;

namespace CardIssue.Test.Explorer;

/// <summary>What a cell of a table came to, once: the outcome, why, and the phase after it.</summary>
internal readonly record struct Met<TPhase, TKind>(TPhase Phase, TKind Kind, Outcome Outcome, TPhase Next);

/// <summary>Which cells of a machine's table were met, with what outcome, and a few states of each phase.</summary>
internal sealed class Coverage<TState, TPhase, TKind>(Func<TState, TPhase> phaseOf) where TPhase : notnull
{
    /// <summary>The most states kept of a phase, of one world.</summary>
    private const int MaxSamples = 40;

    private readonly HashSet<Met<TPhase, TKind>> _met = [];
    private readonly Dictionary<TPhase, HashSet<TState>> _samples = [];

    public IReadOnlyCollection<Met<TPhase, TKind>> Met => _met;

    public IEnumerable<TState> Samples => _samples.Values.SelectMany(s => s);

    public void Note(TState state, TKind kind, Outcome outcome, TState next)
    {
        _met.Add(new(phaseOf(state), kind, outcome, phaseOf(next)));
        if (!_samples.TryGetValue(phaseOf(state), out var samples)) _samples[phaseOf(state)] = samples = [];
        if (samples.Count < MaxSamples) samples.Add(state);
    }

    public void Add(Coverage<TState, TPhase, TKind> other)
    {
        _met.UnionWith(other._met);
        foreach (var (phase, samples) in other._samples)
        {
            if (!_samples.TryGetValue(phase, out var mine)) _samples[phase] = mine = [];
            mine.UnionWith(samples);
        }
    }
}

/// <summary>The coverage of both machines.</summary>
internal sealed class Coverage
{
    public Coverage<CenterState, CenterPhase, CenterEventKind> Center { get; } = new(s => s.Phase);

    public Coverage<TerminalState, TerminalPhase, TerminalEventKind> Terminal { get; } = new(s => s.Phase);

    public void Add(Coverage other)
    {
        Center.Add(other.Center);
        Terminal.Add(other.Terminal);
    }
}
