using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Test.Explorer;

namespace CardIssue.Test.Protocol;

public sealed class CenterMachineTest
{
    private static readonly TerminalId Terminal = new("T1");

    [TestCase(1, 1, 1, 2, 1, TestName = "Hello_TerminalOneVersionBehind_IsServedItsVersion")]
    [TestCase(1, 2, 1, 2, 2, TestName = "Hello_TerminalSpeaksBoth_IsServedTheHigher")]
    [TestCase(2, 5, 1, 2, 2, TestName = "Hello_TerminalAhead_IsServedTheCentersVersion")]
    [TestCase(1, 1, 2, 3, null, TestName = "Hello_TerminalTwoVersionsBehind_IsRefused")]
    [TestCase(4, 5, 2, 3, null, TestName = "Hello_TerminalWithoutOlderVersion_IsRefused")]
    public void Hello_Versions_AreNegotiated(int min, int max, int oldest, int current, int? chosen)
    {
        var up = CenterMachine.On(
            CenterState.Start(new CenterPolicy(OldestVersion: oldest, CurrentVersion: current)), new CenterEvent.LineUp(new LineNumber(3), Names.Nonce)).State;
        var step = CenterMachine.On(up, new CenterEvent.Received(new Hello(min, max, Terminal, Names.Nonce, 8)));
        var sent = step.Effects.OfType<CenterEffect.Send>().Single().Message;
        if (chosen is { } version) Assert.That(sent, Is.EqualTo(new Challenge(version, Names.Nonce, new LineNumber(3))));
        else
        {
            Assert.That(sent, Is.EqualTo(new Refused(RefusalCode.Version)));
            Assert.That(step.State.Phase, Is.EqualTo(CenterPhase.Ended));
            Assert.That(step.Effects, Does.Contain(new CenterEffect.CloseLine()));
        }
    }

    [Test]
    public void AnyEvent_InAnyPhase_NeitherThrowsNorChangesWhatIsIgnored()
    {
        var phases = new HashSet<CenterPhase>();
        foreach (var state in Explored.Of(Worlds.Simple).Coverage.Center.Samples.Concat(SplitExploration.Found.Coverage.Center.Samples))
        {
            phases.Add(state.Phase);
            foreach (var happened in Probe.EventsOf(state))
            {
                var step = CenterMachine.On(state, happened);
                if (step.Outcome.Kind is OutcomeKind.Handled) continue;
                Assert.That(step.Outcome.Reason, Is.Not.Empty);
                if (step.Outcome.Kind is OutcomeKind.Rejected) Assert.That(step.Effects, Does.Contain(new CenterEffect.CloseLine()));
                else Assert.That(step, Is.EqualTo(step with { State = state, Effects = default }), $"{state.Phase} × {happened.Kind}");
            }
        }
        Assert.That(phases, Is.EquivalentTo(Enum.GetValues<CenterPhase>()));
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(5)]
    public void Record_StreamedUnderCredit_NeverGoesBeyondIt(int window)
    {
        var run = new FaultFreeRun(Worlds.Plan(false, Worlds.Repeatable(7), Worlds.Repeatable(1), Worlds.LookFirst(3)), new TerminalPolicy(window, 1));
        Assert.That(run.MostOutstanding, Is.EqualTo(window));
        Assert.That(run.Ended, Is.True);
    }

    [TestCase(1)]
    [TestCase(3)]
    [TestCase(6)]
    public void FaultFreeRun_EachRecord_CostsOneRoundTrip(int records)
    {
        var plan = Worlds.Plan(true, [.. Enumerable.Range(0, records).Select(i => Worlds.Repeatable(1 + i))]);
        var run = new FaultFreeRun(plan, new TerminalPolicy());
        Assert.That(run.Heads, Is.EqualTo(run.Results));
        Assert.That(run.Heads.Count(k => k is ScriptKind.Record), Is.EqualTo(records));
        Assert.That(run.Heads, Is.EqualTo((ScriptKind[])[ScriptKind.Open, ScriptKind.Authenticate, .. Enumerable.Repeat(ScriptKind.Record, records), ScriptKind.Close]));
        Assert.That(run.Ended, Is.True);
    }

    /// <summary>
    /// With the authentication, unless it tells something else in the number's place: that has to be read in the channel first.
    /// </summary>
    [TestCase(false)]
    [TestCase(true)]
    public void FaultFreeRun_CardWithoutANumber_GetsOneBeforeAnythingElse(bool tellsOther)
    {
        var run = new FaultFreeRun(
            Worlds.Numbering(Worlds.Plan(false, Worlds.Repeatable(1))), new TerminalPolicy(), Identities.Given, tellsOther);
        ScriptKind[] apart = tellsOther ? [ScriptKind.Assign] : [];
        Assert.That(run.Heads,
            Is.EqualTo((ScriptKind[])[ScriptKind.Open, ScriptKind.Authenticate, .. apart, ScriptKind.Record, ScriptKind.Close]));
        Assert.That(run.Ended, Is.True);
    }

    /// <summary>An order whose card is opened anew: which record it has to show, and what follows when it can't.</summary>
    [TestCase(2, 0, 0, 2, TestName = "Return_LatestConfirmedRecordWithEvidence_IsAskedFor")]
    [TestCase(3, 0, 0, 2, TestName = "Return_LatestConfirmedRecordHasNone_TheOneBeforeIsAskedFor")]
    [TestCase(3, 0, 2, 0, TestName = "Return_EvidenceThatMayBeOnAnotherCardToo_IsWorthNothing")]
    [TestCase(1, 2, 0, 0, TestName = "Return_RecordInDoubt_IsNoEvidence")]
    public void Return_Opened_AsksForEvidence(int confirmed, int inDoubt, int unproved, int asked)
    {
        var step = Opened(confirmed, inDoubt, unproved);
        var run = step.State.Work!.Script!;
        Assert.That((run.Kind, run.Record, run.Count), Is.EqualTo((ScriptKind.Authenticate, asked, asked == 0 ? 1 : 2)));

        var done = CenterMachine.On(step.State with { Phase = CenterPhase.Judging },
            new CenterEvent.Judged(run.First, new Verdict.Done(ProofKind.CardMac)));
        var changes = done.Effects.OfType<CenterEffect.Save>().Select(save => save.Change).ToList();
        Assert.That(changes[0], Is.EqualTo(new OrderChange.Opened(Store.IdOf(Card.A), asked > 0)));
        if (asked == 0) Assert.That(changes[1], Is.EqualTo(new OrderChange.Rewound(0, 1)), "whatever card it is, it gets everything");

        var stranger = CenterMachine.On(step.State with { Phase = CenterPhase.Judging },
            new CenterEvent.Judged(run.First, new Verdict.Stranger()));
        Assert.That(stranger.Effects.OfType<CenterEffect.Send>().Single().Message,
            Is.EqualTo(new CardRejected(0, CardRejection.OtherCard)));
    }

    [TestCase(0, false, TestName = "ClosingInDoubt_CardThatShowsIt_IsClosed")]
    [TestCase(4, true, TestName = "ClosingInDoubt_NothingToShowItBy_WaitsForPeople")]
    public void ClosingInDoubt_NotDone(int unproved, bool waits)
    {
        var opened = Opened(3, 4, unproved);
        var looking = CenterMachine.On(opened.State with { Phase = CenterPhase.Judging },
            new CenterEvent.Judged(opened.State.Work!.Script!.First, new Verdict.Done(ProofKind.CardMac)));
        Assert.That(looking.State.Work!.Script!.Kind, Is.EqualTo(ScriptKind.Look));
        var looked = CenterMachine.On(looking.State with { Phase = CenterPhase.Judging },
            new CenterEvent.Judged(looking.State.Work.Script.First, new Verdict.NotDone()));
        Assert.That(looked.Effects.OfType<CenterEffect.Save>().Last().Change,
            Is.EqualTo(waits ? new OrderChange.Waiting(4) : new OrderChange.Closing(1)));
    }

    [Test]
    public void ClosingInDoubt_Stranger_IsLookedAt_AndOnlyAClosedOneIsTheCard()
    {
        var opened = Opened(3, 4, 0);
        var looking = CenterMachine.On(opened.State with { Phase = CenterPhase.Judging },
            new CenterEvent.Judged(opened.State.Work!.Script!.First, new Verdict.Stranger()));
        var judging = looking.State with { Phase = CenterPhase.Judging };
        Assert.That(looking.Effects.OfType<CenterEffect.Save>(), Is.Empty, "nothing is known of it yet");
        var notDone = CenterMachine.On(judging, new CenterEvent.Judged(judging.Work!.Script!.First, new Verdict.NotDone()));
        Assert.That(notDone.Effects.OfType<CenterEffect.Send>().Single().Message, Is.EqualTo(new CardRejected(0, CardRejection.OtherCard)));
        var done = CenterMachine.On(judging, new CenterEvent.Judged(judging.Work!.Script!.First, new Verdict.Done(ProofKind.CardState)));
        Assert.That(done.Effects.OfType<CenterEffect.Save>().Single().Change, Is.EqualTo(new OrderChange.Issued(Store.IdOf(Card.A))));
    }

    /// <summary>A code that 1.0 has not got goes to nobody who has not named it.</summary>
    [TestCase(0, nameof(DeclineCode.Waiting))]
    [TestCase(9, nameof(DeclineCode.Waiting))]
    [TestCase(10, nameof(DeclineCode.OtherBranch))]
    [TestCase(11, nameof(DeclineCode.OtherBranch))]
    public void OrderOfAnotherBranch_Declined_TerminalHearsWhatItKnows(int declines, string heard)
    {
        var state = CenterState.Start(new CenterPolicy()) with
        {
            Phase = CenterPhase.Claiming, Hello = new Hello(1, 1, Terminal, Names.Nonce, 8, Declines: declines), Request = 3,
        };
        Assert.That(CenterMachine.On(state, new CenterEvent.ClaimDeclined(DeclineCode.OtherBranch)).Effects,
            Does.Contain(new CenterEffect.Send(new Declined(3, Enum.Parse<DeclineCode>(heard)))));
    }

    /// <summary>Three records, of which the second has evidence, bound to card A, which is opened again.</summary>
    private static Step<CenterState, CenterEffect> Opened(int confirmed, int inDoubt, int unproved)
    {
        var plan = Worlds.Plan(false, Worlds.Repeatable(1), Worlds.LookFirst(1), Worlds.Repeatable(1));
        var progress = new OrderProgress(confirmed, inDoubt, 1, Math.Max(confirmed, inDoubt), unproved);
        var work = new Work
        {
            Claim = new Claim(Names.Order, 1, Store.IdOf(Card.A), progress, plan, Names.Token, "card"), Progress = progress,
                Bound = Store.IdOf(Card.A), Opening = 1,
            Script = new ScriptRun(ScriptKind.Open, 1, 0, 1, 0, 1, 1),
        };
        var state = CenterState.Start(new CenterPolicy()) with { Phase = CenterPhase.Judging,
            Hello = new Hello(1, 1, Terminal, Names.Nonce, 8), Work = work, NextSequence = 1 };
        return CenterMachine.On(state, new CenterEvent.Judged(0, new Verdict.Genuine(Store.IdOf(Card.A))));
    }
}
