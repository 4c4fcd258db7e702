using CardIssue.Core.Protocol;

namespace CardIssue.Test.Explorer;

/// <summary>Which cells of the two tables were met, with what outcome, and which phases they led to.</summary>
internal sealed class Coverage
{
    private readonly HashSet<(CenterPhase, CenterEventKind, OutcomeKind, CenterPhase)> _center = [];
    private readonly HashSet<(TerminalPhase, TerminalEventKind, OutcomeKind, TerminalPhase)> _terminal = [];

    public IReadOnlyCollection<(CenterPhase Phase, CenterEventKind Kind, OutcomeKind Outcome, CenterPhase Next)> Center => _center;

    public IReadOnlyCollection<(TerminalPhase Phase, TerminalEventKind Kind, OutcomeKind Outcome, TerminalPhase Next)> Terminal => _terminal;

    public void Note(CenterPhase phase, CenterEventKind kind, Outcome outcome, CenterPhase next) => _center.Add((phase, kind, outcome.Kind, next));

    public void Note(TerminalPhase phase, TerminalEventKind kind, Outcome outcome, TerminalPhase next) => _terminal.Add((phase, kind, outcome.Kind, next));

    public void Add(Coverage other)
    {
        _center.UnionWith(other._center);
        _terminal.UnionWith(other._terminal);
    }
}
