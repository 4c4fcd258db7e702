using System.Globalization;
using System.Text;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Terminal;

namespace CardIssue.Test.Explorer;

/// <summary>The generated parts of PROTOCOL.md, made from the machines, the pinned counts and the CDDL file.</summary>
internal static class ProtocolDocument
{
    public static string FilePath => Path.Combine(Repository.Root, "CardIssue.Core", "PROTOCOL.md");

    private static string CddlPath => Path.Combine(Repository.Root, "CardIssue.Core", "Protocol", "messages.cddl");

    /// <summary>The document with every generated part made anew; what stands between the parts is kept.</summary>
    public static string Renew(string document, Coverage met)
    {
        var parts = new (string Name, string Text)[]
        {
            ("center diagram", Diagram(met.Center.Met, CenterPhase.Connected, CenterEventKind.LineDown)),
            ("center table", Table(met.Center.Met)),
            ("terminal diagram", Diagram(met.Terminal.Met, TerminalPhase.Offline, TerminalEventKind.LineDown)),
            ("terminal table", Table(met.Terminal.Met)),
            ("worlds", Counts()),
            ("planted bugs", PlantedBugs()),
            ("cddl", Cddl()),
        };
        foreach (var (name, text) in parts) document = Generated.Replace(document, name, text);
        return document;
    }

    /// <summary>Transitions between phases; the ones of a lost line, which every phase has, are left out.</summary>
    private static string Diagram<TPhase, TKind>(IEnumerable<Met<TPhase, TKind>> met, TPhase first, TKind lineDown)
        where TPhase : struct, Enum where TKind : struct, Enum
    {
        var text = new StringBuilder("```mermaid\nstateDiagram-v2\n");
        text.Append(CultureInfo.InvariantCulture, $"    [*] --> {first}\n");
        var edges = met.Where(m => m.Outcome.Kind is OutcomeKind.Handled && !m.Next.Equals(m.Phase) && !m.Kind.Equals(lineDown))
            .GroupBy(m => (m.Phase, m.Next)).OrderBy(g => g.Key.Phase).ThenBy(g => g.Key.Next);
        foreach (var edge in edges)
        {
            var events = edge.Select(m => m.Kind).Distinct().Order();
            text.Append(CultureInfo.InvariantCulture, $"    {edge.Key.Phase} --> {edge.Key.Next} : {string.Join(", ", events)}\n");
        }
        return text.Append("```\n").ToString();
    }

    /// <summary>Rows are events, columns phases.</summary>
    private static string Table<TPhase, TKind>(IReadOnlyCollection<Met<TPhase, TKind>> met) where TPhase : struct, Enum where TKind : struct, Enum
    {
        var phases = Enum.GetValues<TPhase>();
        var notes = met.Where(m => m.Outcome.Kind is not OutcomeKind.Handled).Select(m => m.Outcome).Distinct()
            .OrderBy(o => o.Kind).ThenBy(o => o.Reason, StringComparer.Ordinal).ToArray();
        var names = new Dictionary<Outcome, string>();
        foreach (var note in notes)
        {
            var letter = note.Kind is OutcomeKind.Ignored ? 'i' : 'r';
            names[note] = string.Create(CultureInfo.InvariantCulture, $"{letter}{names.Keys.Count(o => o.Kind == note.Kind) + 1}");
        }
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"| | {string.Join(" | ", phases)} |\n|---|{string.Concat(phases.Select(_ => "---|"))}\n");
        foreach (var kind in Enum.GetValues<TKind>())
            text.Append(CultureInfo.InvariantCulture, $"| **{kind}** | {string.Join(" | ", phases.Select(p => Cell(met, p, kind, names)))} |\n");
        text.Append('\n');
        foreach (var (note, name) in names) text.Append(CultureInfo.InvariantCulture, $"- `{name}` {(note.Kind is OutcomeKind.Ignored ? "ignored" : "rejected")}: {note.Reason}\n");
        return text.ToString();
    }

    private static string Cell<TPhase, TKind>(IEnumerable<Met<TPhase, TKind>> met, TPhase phase, TKind kind, Dictionary<Outcome, string> names)
        where TPhase : struct, Enum where TKind : struct, Enum
    {
        var here = met.Where(m => m.Phase.Equals(phase) && m.Kind.Equals(kind)).ToArray();
        if (here.Length == 0) throw new InvalidOperationException($"the cell {phase} × {kind} was never probed");
        var handled = here.Where(m => m.Outcome.Kind is OutcomeKind.Handled).Select(m => m.Next).Distinct().Order()
            .Select(next => next.Equals(phase) ? "stays" : $"→ {next}");
        var others = here.Where(m => m.Outcome.Kind is not OutcomeKind.Handled).Select(m => $"`{names[m.Outcome]}`").Distinct().Order(StringComparer.Ordinal);
        return string.Join("<br>", handled.Concat(others));
    }

    private static string Counts()
    {
        var text = new StringBuilder("| world | faults | plan | states | transitions | from what was left unfinished |\n|---|---|---|---:|---:|---:|\n");
        foreach (var p in Worlds.All)
        {
            var w = p.World;
            var faults = w.Budget.Faults == 0 ? "none" : string.Create(CultureInfo.InvariantCulture, $"{w.Budget.Faults} of {w.Faults}");
            text.Append(CultureInfo.InvariantCulture, $"| {w.Name} | {faults} | {PlanOf(w.Plan)} | {p.States:N0} | {p.Transitions:N0} | {p.AgainStates:N0} |\n");
        }
        text.Append(CultureInfo.InvariantCulture, $"| admission of a split line | {SplitExploration.Faults} of any on either half | | {SplitExploration.States:N0} | {SplitExploration.Transitions:N0} | |\n");
        text.Append(CultureInfo.InvariantCulture, $"| **together** | | | **{Worlds.All.Sum(p => p.States) + SplitExploration.States:N0}** | **{Worlds.All.Sum(p => p.Transitions) + SplitExploration.Transitions:N0}** | **{Worlds.All.Sum(p => p.AgainStates):N0}** |\n");
        return text.ToString();
    }

    private static string PlanOf(PlanShape plan) => string.Join(", ", plan.Records.Select(r => string.Create(CultureInfo.InvariantCulture,
        $"{r.Commands} {r.Repeat}{(r.RestartAt > 0 ? $" at {r.RestartAt}" : "")}"))) + (plan.Sealed ? "; sealed" : "")
        + (plan.FirstWithAuthentication ? "; the first with the authentication" : "") + (plan.ClosesWithLast ? "; closing with the last" : "");

    private static string PlantedBugs()
    {
        var text = new StringBuilder("| planted bug | property that it breaks | shortest trace |\n|---|---|---:|\n");
        foreach (var m in Mutants.All) text.Append(CultureInfo.InvariantCulture, $"| {m.Name} | {m.Breaks} | {m.Length} |\n");
        return text.ToString();
    }

    private static string Cddl() => File.Exists(CddlPath)
        ? $"```cddl\n{File.ReadAllText(CddlPath).ReplaceLineEndings("\n").TrimEnd()}\n```\n"
        : "The file is not there.\n";
}
