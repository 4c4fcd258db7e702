using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Test.Explorer;

namespace CardIssue.Test.Protocol;

/// <summary>One order from line up to rest with nothing going wrong: what happens next is always the first thing that can, receiving first.</summary>
internal sealed class FaultFreeRun
{
    /// <summary>The most steps that an order may take here.</summary>
    private const int MaxSteps = 2_000;

    public FaultFreeRun(PlanShape plan, TerminalPolicy policy, Identities identities = Identities.Unique, bool tellsOther = false)
    {
        var options = Worlds.Simple with { Plan = plan, TerminalPolicy = policy, Identities = identities, TellsOther = tellsOther,
            Budget = new Budget(0, 1, 0, 0, 0, 0) };
        var play = new Play(options);
        var choices = new Choices(options, play);
        var world = World.Start(options);
        for (var step = 0; step < MaxSteps && !Ended; step++)
        {
            // The center goes first, so that it sends all that it may before the terminal takes any of it.
            var next = choices.Possible(world).Cast<Happening?>().FirstOrDefault(h => h is not (Happening.CenterTimer or Happening.TerminalTimer));
            if (next is not { } happening) break;
            Note(world, happening);
            world = play.Take(world, new Choice(happening));
            Assert.That(play.Violation, Is.Null);
            MostOutstanding = Math.Max(MostOutstanding, Outstanding(world));
            Ended = choices.AtRest(world) && world.Store.State is OrderState.Issued;
        }
    }

    public List<ScriptKind> Heads { get; } = [];

    public List<ScriptKind> Results { get; } = [];

    /// <summary>The most commands that were sent and not yet given to the card.</summary>
    public int MostOutstanding { get; private set; }

    public bool Ended { get; private set; }

    private void Note(World w, Happening happening)
    {
        if (happening is Happening.TerminalReceives && w.Terminal.Inbox[0] is Script script) Heads.Add(script.Kind);
        if (happening is Happening.CenterReceives && w.Center!.Inbox[0] is Result) Results.Add(w.Center.State.Work!.Script!.Kind);
    }

    private static int Outstanding(World w) => w.Terminal.Inbox.Count(m => m is Command) + w.Terminal.Buffer.Count
        + w.Terminal.Pending.Count(e => e is TerminalEvent.Answered);
}
