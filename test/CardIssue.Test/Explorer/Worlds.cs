using CardIssue.Core;
using CardIssue.Core.Protocol;

namespace CardIssue.Test.Explorer;

/// <summary>The worlds that are explored, with their counts.</summary>
internal static class Worlds
{
    public static PlanShape Plan(bool isSealed, params RecordShape[] records) => new(1, 1, 1, 1, isSealed, ValueList.Create<RecordShape>(records));

    public static RecordShape Repeatable(int commands) => new(commands, Repeat.Repeatable);

    public static RecordShape LookFirst(int commands) => new(commands, Repeat.LookFirst, LookCommands: 1);

    public static RecordShape StartOver(int commands, int at) => new(commands, Repeat.StartOver, RestartAt: at);

    public static readonly WorldOptions Simple = new()
    {
        Name = "one fault, two records",
        Plan = Plan(false, LookFirst(2), Repeatable(2)),
        Budget = new Budget(1, 2, 0, 0, 0, 0),
    };
}
