using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using Step = CardIssue.Core.Protocol.Step<CardIssue.Core.Protocol.Terminal.TerminalState, CardIssue.Core.Protocol.Terminal.TerminalEffect>;

namespace CardIssue.Core.Protocol.Terminal;

/// <summary>Access (S210, S220, S310), the line's coming and going, and resuming.</summary>
internal static partial class TerminalMachine
{
    /// <summary>S210. Sequence numbers and counts begin anew with each line.</summary>
    private static Step OnLineUp(TerminalState s, TerminalEvent.LineUp up)
    {
        var hello = new Hello(ProtocolVersions.Oldest, ProtocolVersions.Current, s.Terminal, up.Nonce, s.Policy.Window, s.Half, up.Certificate,
            (int)DeclineCode.OtherBranch);
        return To(s with { Phase = TerminalPhase.Greeting, Hello = hello, Requests = 0, Printed = 0, Insertions = 0, NextSequence = 0, Ahead = null, Relay = null },
            Show(IssueNotice.AskingAccess), new TerminalEffect.Send(hello), new TerminalEffect.ArmTimer());
    }

    private static Step OnChallenge(TerminalState s, Challenge challenge) =>
        challenge.Version < s.Hello!.MinVersion || challenge.Version > s.Hello.MaxVersion
            ? Reject(s, "a version that was not offered")
            : To(s with { Phase = TerminalPhase.Proving }, new TerminalEffect.StopTimer(), new TerminalEffect.Sign(s.Hello, challenge));

    private static Step OnAdmitted(TerminalState s, Admitted admitted)
    {
        if (s.Half is LineHalf.Data && admitted.JoinToken.IsEmpty) return Reject(s, "no token to join the results half by");
        var token = s.Half is LineHalf.Data ? admitted.JoinToken : s.JoinToken;
        return To(s with { Phase = TerminalPhase.VerifyingCenter, JoinToken = token }, new TerminalEffect.StopTimer(), new TerminalEffect.JudgeCenter(admitted));
    }

    /// <summary>It belongs to no order, and disturbs none.</summary>
    private static Step KeepWitness(TerminalState s, Witness witness) => To(s, new TerminalEffect.KeepWitness(witness.Note, witness.Certificate, witness.Keys));

    private static Step OnRefused(TerminalState s, Refused refused) =>
        Hang(s, Show(IssueNotice.AccessRefused, refused.Code.ToString()));

    /// <summary>A center that cannot prove itself gets nothing: no order, no code, no card.</summary>
    private static Step OnCenterJudged(TerminalState s, bool genuine)
    {
        if (!genuine) return Hang(s, Show(IssueNotice.CenterNotKnown));
        return s.Half switch
        {
            LineHalf.Whole => Enter(s),
            LineHalf.Data => To(s with { Phase = TerminalPhase.AwaitingResults }, new TerminalEffect.BringUpResults(s.JoinToken), new TerminalEffect.ArmTimer()),
            LineHalf.Results => To(s with { Phase = TerminalPhase.Attached }, new TerminalEffect.AttachResults(), new TerminalEffect.Send(new Join(s.JoinToken))),
        };
    }

    private static Step OnJoined(TerminalState s)
    {
        var entered = Enter(s with { JoinToken = ByteString.Empty });
        return entered with { Effects = [new TerminalEffect.StopTimer(), .. entered.Effects] };
    }

    /// <summary>S230; first of all with the order that was under way when the last line was lost.</summary>
    private static Step Enter(TerminalState s)
    {
        var admitted = To(s with { Phase = TerminalPhase.Idle }, Show(IssueNotice.AccessGranted));
        return s.Token.IsEmpty
            ? admitted
            : To(s with { Phase = TerminalPhase.Requesting, Requests = s.Requests + 1 },
                Show(IssueNotice.AccessGranted), Show(IssueNotice.Resuming),
                new TerminalEffect.Send(new Resume(s.Requests + 1, s.Token)), new TerminalEffect.ArmTimer());
    }

    /// <summary>Commands and responses are zeroed and the card is powered down: only a fresh channel goes on with it.</summary>
    private static Step GoOffline(TerminalState s)
    {
        var lost = s with { Phase = TerminalPhase.Offline, Ahead = null, Relay = null, Hello = null, JoinToken = ByteString.Empty };
        if (s.Half is LineHalf.Results) return To(lost, new TerminalEffect.StopTimer());
        return s.Phase is TerminalPhase.Requesting && s.Token.IsEmpty
            ? To(lost, new TerminalEffect.StopTimer(), new TerminalEffect.ReleaseCard(), Show(IssueNotice.AskAgain))
            : To(lost, new TerminalEffect.StopTimer(), new TerminalEffect.ReleaseCard(), Show(IssueNotice.LineLost));
    }

    private static Step OnCancelOffline(TerminalState s, AbortCode code) => s.Token.IsEmpty
        ? Ignore(s, "there is nothing to cancel")
        : To(s with { Token = ByteString.Empty }, Show(IssueNotice.Aborted, code.ToString()));

    /// <summary>Closes the line; the phase changes when it is down.</summary>
    private static Step Hang(TerminalState s, params ReadOnlySpan<TerminalEffect> first) =>
        To(s, [.. first, new TerminalEffect.StopTimer(), new TerminalEffect.CloseLine()]);

    private static TerminalEffect Show(IssueNotice notice, string text = "", int record = 0) => new TerminalEffect.Show(notice, text, record);
}
