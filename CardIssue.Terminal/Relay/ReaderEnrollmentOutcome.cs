using CardIssue.Core.Keys;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Terminal.Relay;

/// <summary>What came of asking the center to know this terminal's reader.</summary>
/// <param name="Standing">How it stands at the center.</param>
/// <param name="Judgement">What this terminal makes of it now, with the list that came: a reader that the center knows by a key has yet to prove it.</param>
public sealed record ReaderEnrollmentOutcome(ReaderStanding Standing, ReaderJudgement Judgement);
