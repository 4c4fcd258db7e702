using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Sessions;

/// <summary>
/// What follows EXTERNAL AUTHENTICATE in its script: the card's identity once more, its state, and, where an order was begun, what was
/// written.
/// </summary>
internal static class CardAuthentication
{
    /// <summary>The commands after EXTERNAL AUTHENTICATE.</summary>
    /// <param name="profile">The card's profile.</param>
    /// <param name="plan">What is to be done to the card.</param>
    /// <param name="shows">The record that the card is to show; 0 for none.</param>
    /// <param name="isBare">Whether the card is to say that it has no number: one follows.</param>
    public static IReadOnlyList<CardCommand> Commands(ICardProfile profile, CardPlan plan, int shows, bool isBare) =>
    [
        .. profile.IdentityReads(plan.Product, isBare), .. profile.AfterAuthentication(plan.Product),
        .. shows == 0 ? [] : plan.Evidence(shows),
    ];

    /// <summary>Judges all but the identity.</summary>
    /// <param name="profile">The card's profile.</param>
    /// <param name="plan">What is to be done to the card.</param>
    /// <param name="shows">The record that the card is to show; 0 for none.</param>
    /// <param name="stop">How the script ended.</param>
    /// <param name="authenticated">The answer to EXTERNAL AUTHENTICATE; null when there is none.</param>
    /// <param name="after">The answers to <see cref="Commands"/>.</param>
    /// <param name="resuming">Whether the card was begun before.</param>
    public static Verdict Judge(
        ICardProfile profile,
        CardPlan plan,
        int shows,
        ScriptStop stop,
        ResponseApdu? authenticated,
        IReadOnlyList<CommandOutcome> after,
        bool resuming)
    {
        var reads = profile.IdentityReads(plan.Product).Count;
        var own = reads + profile.AfterAuthentication(plan.Product).Count;
        // A card that has not what it is to show may say so with an error word: that ends the script, and what came before it is whole.
        var stopBefore = stop is ScriptStop.UnexpectedStatus && after.Count > own ? ScriptStop.Completed : stop;
        var state = after.Skip(reads).Take(own - reads).ToList();
        var verdict = profile.JudgeAuthentication(plan.Product, stopBefore, authenticated, state, resuming);
        if (verdict is not Verdict.Done || shows == 0) return verdict;
        var shown = after.Skip(own).ToList();
        if (shown.Count == 0 || shown.Exists(outcome => outcome.Response is UnwrapResult.Breach)) return new Verdict.InDoubt();
        return profile.Shows(plan, shows, shown) ? verdict : new Verdict.Stranger();
    }
}
