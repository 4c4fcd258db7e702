using System.Collections.Concurrent;
using System.Diagnostics;

namespace CardIssue.Test.Explorer;

/// <summary>A world's exploration of the real machines, done once for all tests.</summary>
internal sealed record Explored(Findings Found, Findings? Again, Coverage Coverage, TimeSpan Took)
{
    private static readonly ConcurrentDictionary<string, Lazy<Explored>> Done = [];

    private static readonly Lazy<Coverage> Union = new(() =>
    {
        var all = new Coverage();
        foreach (var pinned in Worlds.All) all.Add(Of(pinned.World).Coverage);
        all.Add(SplitExploration.Found.Coverage);
        return all;
    });

    /// <summary>What all worlds together met.</summary>
    public static Coverage All => Union.Value;

    /// <summary>
    /// Explores a world, and once more from every state at rest in which its order was left unfinished: without a further fault, and
    /// with one more request, that order must be able to be issued, or to wait for the center.
    /// </summary>
    public static Explored Of(WorldOptions world) => Done.GetOrAdd(world.Name, _ => new Lazy<Explored>(() =>
    {
        var watch = Stopwatch.StartNew();
        var coverage = new Coverage();
        var found = Exploration.Run(world, coverage, null, world.Ends);
        var again = world.Ends && world.ReaderKnown && found.Unsettled.Count > 0 && found.Violation is null
            ? Exploration.Run(world with { Name = world.Name + ", again", Faults = Faults.None }, coverage, found.Unsettled, true, true)
            : null;
        return new Explored(found, again, coverage, watch.Elapsed);
    })).Value;
}
