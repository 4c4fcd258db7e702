namespace CardIssue.Test.Explorer;

/// <summary>The explorer finds every planted bug, by the property that it breaks, with the shortest trace; the real machines stand the same scenario.</summary>
[Parallelizable(ParallelScope.Children)]
public sealed class MutantTest
{
    private static IEnumerable<string> MutantNames => Mutants.All.Select(m => m.Name);

    [TestCaseSource(nameof(MutantNames))]
    public void PlantedBug_Explored_BreaksItsPropertyAfterTheShortestTrace(string name)
    {
        var mutant = Mutants.All.Single(m => m.Name == name);
        var found = Exploration.Run(mutant.World);
        TestContext.Out.WriteLine($"mutant {name}: {found.Violation} | {found.Trace.Count} | {found.States}");
        TestContext.Out.WriteLine(Scenario.Tell(mutant.World, found.Trace));
        if (Generated.Updating) File.WriteAllText(Scenario.FileOf(name), Scenario.Write(mutant, found.Trace));
        Assert.That(found.Violation, Is.EqualTo(mutant.Breaks));
        Assert.That(found.Trace, Has.Count.EqualTo(mutant.Length));
        Assert.That(File.ReadAllText(Scenario.FileOf(name)), Is.EqualTo(Scenario.Write(mutant, found.Trace)), $"Rewrite it with {Generated.UpdateVariable}=1.");
    }

    [TestCaseSource(nameof(MutantNames))]
    public void ScenarioOfPlantedBug_OnRealMachines_BreaksNothing(string name)
    {
        var mutant = Mutants.All.Single(m => m.Name == name);
        var scenario = Scenario.Read(File.ReadAllText(Scenario.FileOf(name)));
        var real = mutant with { World = mutant.World with { Machines = Machines.Real, Fenced = true, Quarantines = true, Witnessing = Witnessing.Heard, TakingOver = TakingOver.Fenced, ReaderChecking = ReaderChecking.Waited } };
        var (violation, taken, last) = Scenario.Replay(real.World, scenario);
        Assert.That(violation ?? FromThereOn(real, last), Is.Null);
        Assert.That(taken, Is.GreaterThan(scenario.Count / 2), "most of it must be possible on the real machines");
    }

    [TestCaseSource(nameof(MutantNames))]
    public void ScenarioOfPlantedBug_OnTheMutant_BreaksItsProperty(string name)
    {
        var mutant = Mutants.All.Single(m => m.Name == name);
        var (violation, _, last) = Scenario.Replay(mutant.World, Scenario.Read(File.ReadAllText(Scenario.FileOf(name))));
        Assert.That(violation ?? FromThereOn(mutant, last), Is.EqualTo(mutant.Breaks));
    }

    [Test]
    public void Scenarios_EachFile_BelongsToAPlantedBug() =>
        Assert.That(Directory.GetFiles(Generated.Scenarios).Order(), Is.EqualTo(Mutants.All.Select(m => Scenario.FileOf(m.Name)).Order()));

    /// <summary>Nothing breaks on the way to where the end cannot be reached any more: whether it can be is explored from there, without a further fault.</summary>
    private static string? FromThereOn(Mutant mutant, World last) => mutant.Breaks == Exploration.CannotEnd
        ? Exploration.Run(mutant.World with { Faults = Faults.None }, starts: [last]).Violation
        : null;
}
