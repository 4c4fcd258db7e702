using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Protocol.Center;

/// <summary>Timers of the center. A session has at most one armed; arming replaces, every step that leaves the phase stops it.</summary>
internal enum CenterTimer
{
    /// <summary>From line up to admission.</summary>
    Admission,
    /// <summary>From the admission of a half to its being joined to the other.</summary>
    Join,
    /// <summary>Until a card is inserted.</summary>
    Card,
    /// <summary>For a sign of life in a script: a credit or the result.</summary>
    Script,
    /// <summary>Until the card is taken out.</summary>
    Removal,
    /// <summary>Between orders.</summary>
    Idle,
}

/// <summary>What a session at the center wants done. Carried out in order; each is durable or sent before the next begins.</summary>
internal abstract record CenterEffect
{
    private CenterEffect() { }

    /// <summary>Log it, durably, and send it.</summary>
    public sealed record Send(RelayMessage Message) : CenterEffect;

    /// <summary>Log the script's head and commands as one unit, durably, and send the head. For opening: choose a new host challenge. In module mode the host adds the ticket to the authentication.</summary>
    /// <param name="Script">The head.</param>
    /// <param name="Tail">What follows in it behind what it is for.</param>
    public sealed record SendScript(Script Script, ScriptTail Tail = ScriptTail.None) : CenterEffect;

    /// <summary>Wrap or seal the command for this opening, and send it.</summary>
    /// <param name="Script">The script that it belongs to.</param>
    /// <param name="Index">Its place in the script, from 0; its sequence number is the script's first plus this.</param>
    public sealed record SendCommand(ScriptRun Script, int Index) : CenterEffect;

    /// <summary>Tell the terminal that the card is issued: <see cref="Issued"/>, with the receipt that is saved with it.</summary>
    public sealed record SendIssued(OrderId Order, CardId Card) : CenterEffect;

    /// <summary>
    /// Tell the terminal how far store and log are now: <see cref="Witness"/>, signed. What stands before it in the list is durable, so the
    /// note covers it. It is no row of the log, whose end it tells.
    /// </summary>
    public sealed record SendWitness : CenterEffect;

    /// <summary>Find the reader among those that the terminal may use, or keep it as one that waits for a decision; log that, and answer <see cref="ReaderEnrollment"/>.</summary>
    public sealed record SendEnrollment(EnrollReader Request) : CenterEffect;

    /// <summary>Verify that address, line number and credential fit; answers <see cref="CenterEvent.ProofJudged"/>.</summary>
    public sealed record VerifyProof(Hello Hello, Challenge Challenge, Proof Proof) : CenterEffect;

    /// <summary>
    /// Judge the token of a results half, and spend it; answers <see cref="CenterEvent.JoinJudged"/>, and <see cref="CenterEvent.ResultsJudged"/> at the data half that the token was for. When it fits, what
    /// comes on this half from now on goes to the session of the data half.
    /// </summary>
    public sealed record JudgeJoin(Join Join) : CenterEffect;

    /// <summary>Find and claim an order for a request; answers <see cref="CenterEvent.Claimed"/>, <see cref="CenterEvent.ClaimDeclined"/> or <see cref="CenterEvent.FoundDone"/>.</summary>
    /// <param name="Request">A <see cref="RequestIssue"/> or a <see cref="Resume"/>.</param>
    public sealed record FindAndClaim(RelayMessage Request) : CenterEffect;

    /// <summary>Save durably, under the claim's fencing number; answers only on failure, <see cref="CenterEvent.SaveFailed"/>.</summary>
    public sealed record Save(OrderId Order, long Fence, OrderChange Change) : CenterEffect;

    /// <summary>Judge a script's result with the keys and the profile; answers <see cref="CenterEvent.Judged"/>.</summary>
    public sealed record Judge(ScriptRun Script, Result Result) : CenterEffect;

    /// <summary>Zero the keys of the opening that is over.</summary>
    public sealed record ForgetOpening : CenterEffect;

    /// <summary>Arm the session's timer.</summary>
    public sealed record ArmTimer(CenterTimer Timer) : CenterEffect;

    /// <summary>Stop the session's timer.</summary>
    public sealed record StopTimer : CenterEffect;

    /// <summary>Close the line.</summary>
    public sealed record CloseLine : CenterEffect;
}
