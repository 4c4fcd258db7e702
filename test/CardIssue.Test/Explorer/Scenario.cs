using System.Text;

namespace CardIssue.Test.Explorer;

/// <summary>A list of external choices, one a line, that can be carried out on any machines.</summary>
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
            text.Append(i + 1).Append(". ").Append(trace[i]).AppendLine();
            foreach (var line in play.Told) text.Append("      ").AppendLine(line);
            if (play.Violation is not null) text.Append("      >>> ").AppendLine(play.Violation);
        }
        return text.ToString();
    }
}
