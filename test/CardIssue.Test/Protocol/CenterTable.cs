using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Test.Explorer;

namespace CardIssue.Test.Protocol;

using Row = MachineRow<CenterState, CenterEvent, CenterEffect>;

/// <summary>
/// What the tables of the center machine are written with: states as they stand in each situation, and the messages and effects that
/// recur.
/// </summary>
internal static class CenterTable
{
    /// <summary>The window of the terminal: longer scripts need credit.</summary>
    public const int Window = 4;

    /// <summary>The next sequence number of every state here.</summary>
    public const int Next = 100;

    /// <summary>The first sequence number of the script that is out.</summary>
    public const int First = 50;

    /// <summary>The fencing number of the claim.</summary>
    public const long Fence = 7;

    public static readonly CardId CardA = Store.IdOf(Card.A), CardB = Store.IdOf(Card.B);
    public static readonly LineNumber Line = new(3);
    public static readonly Challenge TheChallenge = new(1, Names.Nonce, Line);
    public static readonly Hello TheHello = new(1, 1, Names.Terminal, Names.Nonce, Window);

    /// <summary>Five records; every script has another number of commands, so that none is taken for another.</summary>
    public static readonly PlanShape Plan = new(2, 3, 5, 6, false,
        [Worlds.Repeatable(7), new(8, RepeatRule.LookFirst, LookCommands: 9), Worlds.StartOver(10, 2),
            new(11, RepeatRule.LookFirst, LookCommands: 12), Worlds.Repeatable(1)]);

    /// <summary>The number that stands for the closing.</summary>
    public const int Closing = 6;

    /// <summary>The same order where the closing may leave with the last record.</summary>
    public static Work ClosingWithLast(Work work) =>
        work with { Claim = work.Claim with { Plan = work.Claim.Plan with { ClosesWithLast = true } } };

    public static Claim Claim(OrderProgress progress, CardId? bound = null) =>
        new(Names.Order, Fence, bound, progress, Plan, Names.Token, "card");

    public static Work Work(OrderProgress progress, CardId? bound = null) =>
        new() { Claim = Claim(progress, bound), Progress = progress, Bound = bound };

    /// <summary>An order whose card is open: bound to card A, which has a number of the center's and is proved by it, in its first opening.</summary>
    public static Work Opened(OrderProgress progress) =>
        Work(progress, CardA) with { Verified = CardA, Opening = 1, Identity = IdentityKind.Given, Proved = true };

    public static CenterState At(CenterPhase phase, Work? work = null) => CenterState.Start(new CenterPolicy()) with
    {
        Phase = phase, Challenge = TheChallenge, Hello = TheHello, Request = 2, Insertion = 3, NextSequence = Next, Work = work,
    };

    /// <summary>A script is out, or is being judged.</summary>
    public static CenterState Out(Work work, ScriptKind kind, int record = 0, int count = 9, int sent = Window,
        CenterPhase phase = CenterPhase.Running) =>
        At(phase, work with { Script = new ScriptRun(kind, work.Opening, record, record == 0 ? 1 : work.Progress.Attempt, First, count,
            sent) });

    public static CenterEvent Judged(Verdict verdict) => new CenterEvent.Judged(First, verdict);

    public static CenterEvent Got(RelayMessage message) => new CenterEvent.Received(message);

    public static Result Result(int first, ScriptStop stop, int responses) =>
        new(first, stop, [.. Enumerable.Repeat(ByteString.FromHex("9000"), responses)]);

    public static CenterEffect Send(RelayMessage message) => new CenterEffect.Send(message);

    public static CenterEffect Save(OrderChange change) => new CenterEffect.Save(Names.Order, Fence, change);

    public static CenterEffect Arm(CenterTimer timer) => new CenterEffect.ArmTimer(timer);

    public static readonly CenterEffect StopTimer = new CenterEffect.StopTimer(), Forget = new CenterEffect.ForgetOpening(),
        CloseLine = new CenterEffect.CloseLine(), TellWitness = new CenterEffect.SendWitness(), Release = Save(new OrderChange.Released());

    /// <summary>How a session closes its line when it has an order: the line first, so that a broken store does not keep it open.</summary>
    public static readonly CenterEffect[] Closes = [StopTimer, Forget, CloseLine, Release];

    /// <summary>How the order is stopped by the center.</summary>
    public static CenterEffect[] Stops(AbortCode code, CenterTimer timer) => [Forget, Send(new Abort(code)), Arm(timer), Release];

    /// <summary>The other measure.</summary>
    public static CenterEffect[] GivesUp(int record) =>
        [Forget, Save(new OrderChange.Waiting(record)), Send(new Abort(AbortCode.WriteFailed)), Arm(CenterTimer.Removal)];

    /// <summary>A refused card, as the third that came; the opening for the next one goes along.</summary>
    public static CenterEffect[] RefusesCard(CardRejection code, Work then) => [Forget, Send(new CardRejected(3, code)), .. Ahead(then.Script!)];

    /// <summary>A card is asked for, and its opening goes along.</summary>
    public static CenterEffect[] AsksForCard(bool same, Work then, bool isWitnessed = false) =>
        [Send(new InsertCard(2, Names.Token, same, "card")), .. isWitnessed ? [TellWitness] : Array.Empty<CenterEffect>(), .. Ahead(then.Script!)];

    /// <summary>A card is waited for; its opening is at the terminal.</summary>
    public static CenterState Waits(Work work)
    {
        var run = Run(ScriptKind.Open, work.Opening + 1, 0, 1, Plan.OpenCommands);
        var without = work with { Verified = null, Identity = default, Proved = null, Opening = work.Opening + 1, Script = run };
        return At(CenterPhase.AwaitingCard, without) with { NextSequence = Next + run.Count };
    }

    private static CenterEffect[] Ahead(ScriptRun run) => [.. Leaves(run)[..^1], Arm(CenterTimer.Card)];

    /// <summary>A script's run as it stands when its head has left.</summary>
    public static ScriptRun Run(ScriptKind kind, int opening, int record, int attempt, int count, int first = Next) =>
        new(kind, opening, record, attempt, first, count, Math.Min(count, Window));

    /// <summary>
    /// A script leaves: its head, as many commands as the window takes, the timer; the terminal is told how far the center is before the
    /// commands.
    /// </summary>
    public static CenterEffect[] Leaves(ScriptRun run, bool last = false, bool isSealed = false, bool isWitnessed = false) =>
    [
        new CenterEffect.SendScript(new Script(run.Kind, run.Opening, run.Record, run.Attempt, run.First, run.Count, last, isSealed,
            ByteString.Empty), run.Tail),
        .. isWitnessed ? [TellWitness] : Array.Empty<CenterEffect>(), .. Commands(run, 0, run.Sent), Arm(CenterTimer.Script),
    ];

    public static IEnumerable<CenterEffect> Commands(ScriptRun run, int from, int to) =>
        Enumerable.Range(from, to - from).Select(i => new CenterEffect.SendCommand(run, i));

    public static TestCaseData Handled(string name, CenterState state, CenterEvent happened, CenterState then,
        params CenterEffect[] effects) =>
        Case(name, new Row(state, happened, then, [.. effects], OutcomeKind.Handled));

    /// <summary>A script leaves, after <paramref name="first"/>; the session runs it with <paramref name="work"/>.</summary>
    public static TestCaseData Sends(string name, CenterState state, CenterEvent happened, Work work, ScriptRun run, CenterEffect[] first,
        bool last = false, bool isWitnessed = false) =>
        Handled(name, state, happened, state with { Phase = CenterPhase.Running, NextSequence = Next + run.Count,
            Work = work with { Script = run } },
            [.. first, .. Leaves(run, last, work.Claim.Plan.Sealed && run.Kind is not ScriptKind.Open, isWitnessed)]);

    public static TestCaseData Ignored(string name, CenterState state, CenterEvent happened) =>
        Case(name, new Row(state, happened, state, default, OutcomeKind.Ignored));

    public static TestCaseData Rejected(string name, CenterState state, CenterEvent happened) => Case(name,
        new Row(state, happened, state with { Phase = CenterPhase.Ended, Work = null },
            state.Work is null ? [StopTimer, CloseLine] : [.. Closes], OutcomeKind.Rejected));

    private static TestCaseData Case(string name, Row row) => new TestCaseData(row).SetName(name);
}
