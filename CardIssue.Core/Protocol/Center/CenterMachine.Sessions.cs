using CardIssue.Core.Protocol.Messages;
using Step = CardIssue.Core.Protocol.Step<CardIssue.Core.Protocol.Center.CenterState, CardIssue.Core.Protocol.Center.CenterEffect>;

namespace CardIssue.Core.Protocol.Center;

/// <summary>Admission (S210, S220, S310), and how a session rests and ends.</summary>
internal static partial class CenterMachine
{
    private static Step OnLineUp(CenterState s, CenterEvent.LineUp up) =>
        s.Challenge is not null
            ? Ignore(s, Double)
            : To(s with { Challenge = new Challenge(0, up.Nonce, up.Line) }, new CenterEffect.ArmTimer(CenterTimer.Admission));

    private static Step OnHello(CenterState s, Hello hello)
    {
        if (s.Challenge is null) return Ignore(s, NotAsked);
        if (ProtocolVersions.Choose(hello.MinVersion, hello.MaxVersion, s.Policy.OldestVersion, s.Policy.CurrentVersion) is not { } version)
            return Refuse(s, RefusalCode.Version);
        var challenge = s.Challenge with { Version = version };
        return To(s with { Phase = CenterPhase.Challenged, Hello = hello, Challenge = challenge }, new CenterEffect.Send(challenge));
    }

    private static Step OnProof(CenterState s, Proof proof) =>
        To(s with { Phase = CenterPhase.Verifying }, new CenterEffect.VerifyProof(s.Hello!, s.Challenge!, proof));

    private static Step OnProofJudged(CenterState s, CenterEvent.ProofJudged judged) =>
        judged.Refusal is { } code
            ? Refuse(s, code)
            : s.Half switch
            {
                LineHalf.Whole => Admit(s, CenterPhase.Idle, judged.Admitted!, CenterTimer.Idle),
                LineHalf.Data => Admit(s, CenterPhase.AwaitingResults, judged.Admitted!, CenterTimer.Join),
                LineHalf.Results => Admit(s, CenterPhase.AwaitingJoin, judged.Admitted!, CenterTimer.Join),
            };

    private static Step Admit(CenterState s, CenterPhase next, RelayMessage answer, CenterTimer timer)
    {
        var admitted = To(s with { Phase = next }, new CenterEffect.Send(answer), new CenterEffect.ArmTimer(timer));
        return next is CenterPhase.Idle ? admitted with { Effects = admitted.Effects.Add(new CenterEffect.SendWitness()) } : admitted;
    }

    private static Step OnJoin(CenterState s, Join join) =>
        To(s with { Phase = CenterPhase.Joining }, new CenterEffect.JudgeJoin(join));

    /// <summary>The data half's session watches over both from now on: this one waits for nothing.</summary>
    private static Step OnJoinJudged(CenterState s, bool fits) =>
        fits ? To(s with { Phase = CenterPhase.Attached }, new CenterEffect.StopTimer()) : Refuse(s, RefusalCode.NotKnown);

    private static Step OnResultsJudged(CenterState s, bool fits) =>
        fits ? Admit(s, CenterPhase.Idle, new Joined(), CenterTimer.Idle) : Refuse(s, RefusalCode.NotKnown);

    /// <summary>S310.</summary>
    private static Step Refuse(CenterState s, RefusalCode code) =>
        To(s with { Phase = CenterPhase.Ended }, new CenterEffect.StopTimer(), new CenterEffect.Send(new Refused(code)), new CenterEffect.CloseLine());

    private static Step OnStatusRequest(CenterState s) =>
        To(s, new CenterEffect.Send(new StatusReport(s.Hello!.Terminal, s.Challenge!.Line)));

    /// <summary>Whoever was let in may ask at any time; what comes of it is the registry's alone.</summary>
    private static Step OnEnrollReader(CenterState s, EnrollReader request) => To(s, new CenterEffect.SendEnrollment(request));

    /// <summary>Between orders.</summary>
    private static Step Rest(CenterState s) =>
        To(s with { Phase = CenterPhase.Idle }, new CenterEffect.ArmTimer(CenterTimer.Idle));

    /// <summary>The line is gone, or is to go: keys are forgotten and the claim is let go; what was bound stays bound.</summary>
    private static Step End(CenterState s) =>
        s.Work is null
            ? To(s with { Phase = CenterPhase.Ended }, new CenterEffect.StopTimer())
            : To(s with { Phase = CenterPhase.Ended, Work = null }, new CenterEffect.StopTimer(), new CenterEffect.ForgetOpening(), Release(s.Work));

    /// <summary>The line is closed before the claim is let go: a store that is broken must not keep it open.</summary>
    private static Step Close(CenterState s) =>
        s.Work is null
            ? To(s with { Phase = CenterPhase.Ended }, new CenterEffect.StopTimer(), new CenterEffect.CloseLine())
            : To(s with { Phase = CenterPhase.Ended, Work = null },
                new CenterEffect.StopTimer(), new CenterEffect.ForgetOpening(), new CenterEffect.CloseLine(), Release(s.Work));

    /// <summary>The claim came after the session's end.</summary>
    private static Step LetGo(CenterState s, Claim claim) =>
        To(s, new CenterEffect.Save(claim.Order, claim.Fence, new OrderChange.Released()));

    private static CenterEffect Release(Work work) => Save(work, new OrderChange.Released());

    private static CenterEffect Save(Work work, OrderChange change) => new CenterEffect.Save(work.Claim.Order, work.Claim.Fence, change);
}
