using System.Text;

namespace CardIssue.Test.Explorer;

/// <summary>A list of external choices, one a line, that can be carried out on any machines. A line that begins with # is a remark.</summary>
internal static class Scenario
{
    /// <summary>The scenario in words, one line per event and effect.</summary>
    public static string Tell(WorldOptions options, IReadOnlyList<Choice> trace)
    {
        var text = new StringBuilder();
        var play = new Play(options) { Told = [] };
        var world = World.Start(options);
        for (var i = 0; i < trace.Count; i++)
        {
            play.Told.Clear();
            world = play.Take(world, trace[i]);
            text.Append(i + 1).Append(". ").Append(trace[i]).Append('\n');
            foreach (var line in play.Told) text.Append("      ").Append(line).Append('\n');
            if (play.Violation is not null) text.Append("      >>> ").Append(play.Violation).Append('\n');
        }
        return text.ToString();
    }

    /// <summary>The scenario as a file.</summary>
    public static string Write(Mutant mutant, IReadOnlyList<Choice> trace) =>
        $"# Planted bug: {mutant.Name}\n# Breaks: {mutant.Breaks}\n{string.Concat(trace.Select(c => $"{c}\n"))}";

    public static IReadOnlyList<Choice> Read(string text) =>
        [.. text.Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0 && l[0] != '#').Select(Choice.Parse)];

    public static string FileOf(string name) => Path.Combine(Generated.Scenarios, name.Replace(' ', '-') + ".txt");

    /// <summary>Carries out what is possible of a scenario; what the machines do not lead to is passed over. Answers the first broken property, and the state that came last.</summary>
    public static (string? Violation, int Taken, World Last) Replay(WorldOptions options, IReadOnlyList<Choice> trace)
    {
        var play = new Play(options);
        var choices = new Choices(options, play);
        var world = World.Start(options);
        var taken = 0;
        foreach (var wanted in trace)
        {
            World? next = null;
            string? violation = null;
            choices.ForEach(world, (choice, after, broken) =>
            {
                if (choice != wanted) return false;
                (next, violation) = (after, broken);
                return true;
            });
            if (violation is not null) return (violation, taken, next ?? world);
            if (next is null) continue;
            world = next;
            taken++;
        }
        return (null, taken, world);
    }
}
