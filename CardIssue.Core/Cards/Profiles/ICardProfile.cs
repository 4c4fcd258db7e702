using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Protocol;

namespace CardIssue.Core.Cards.Profiles;

/// <summary>What a card said of itself when it was opened, before its cryptogram is verified: claimed, not known.</summary>
public abstract record OpeningReading
{
    private OpeningReading() { }

    /// <summary>It can be verified.</summary>
    /// <param name="InitializeUpdate">The answer to INITIALIZE UPDATE.</param>
    /// <param name="Chip">The chip's own serial data where it told it; else empty.</param>
    public sealed record Ready(ResponseApdu InitializeUpdate, ByteString Chip) : OpeningReading;

    /// <summary>It will not do.</summary>
    /// <param name="Code">Coarsely.</param>
    /// <param name="Detail">In full, for the log.</param>
    public sealed record Rejected(CardRejection Code, string Detail) : OpeningReading;

    /// <summary>It is gone.</summary>
    public sealed record CardLost : OpeningReading;
}

/// <summary>
/// How one kind of card is opened, proved and judged. A new kind is one folder and one line in <see cref="CardProfiles"/>.
/// An error that the card did not authenticate is in doubt, never failed: error status words carry no MAC.
/// </summary>
public interface ICardProfile
{
    /// <summary>The name that products use.</summary>
    string Name { get; }

    /// <summary>How many commands <see cref="Open"/> has.</summary>
    int OpenCommands(CardProduct product);

    /// <summary>The commands of an opening, in the clear; the last one brings the card's cryptogram.</summary>
    /// <param name="product">The product.</param>
    /// <param name="hostChallenge">8 fresh random bytes.</param>
    IReadOnlyList<CardCommand> Open(CardProduct product, ReadOnlySpan<byte> hostChallenge);

    /// <summary>Reads the answers to an opening.</summary>
    OpeningReading ReadOpening(CardProduct product, ScriptStop stop, IReadOnlyList<ResponseApdu> responses);

    /// <summary>The card's identity, once its cryptogram was verified.</summary>
    CardId IdentityOf(CardProduct product, OpeningReading.Ready reading);

    /// <summary>The coarse code for a diagnosis.</summary>
    CardRejection Of(OpenDiagnosis diagnosis);

    /// <summary>What is read after EXTERNAL AUTHENTICATE, in the same script.</summary>
    IReadOnlyList<CardCommand> AfterAuthentication(CardProduct product);

    /// <summary>Judges an authentication.</summary>
    /// <param name="product">The product.</param>
    /// <param name="stop">How the script ended.</param>
    /// <param name="externalAuthenticate">The answer to EXTERNAL AUTHENTICATE; null when there is none.</param>
    /// <param name="after">The answers to <see cref="AfterAuthentication"/>.</param>
    /// <param name="resuming">Whether the card was begun before: its state may be a later one then.</param>
    Verdict JudgeAuthentication(CardProduct product, ScriptStop stop, ResponseApdu? externalAuthenticate, IReadOnlyList<CommandOutcome> after, bool resuming);

    /// <summary>Judges a record.</summary>
    Verdict JudgeRecord(CardPlan plan, int number, ScriptStop stop, IReadOnlyList<CommandOutcome> outcomes);

    /// <summary>Judges a look at a record that is in doubt.</summary>
    Verdict JudgeLook(CardPlan plan, int number, ScriptStop stop, IReadOnlyList<CommandOutcome> outcomes);

    /// <summary>Judges the closing.</summary>
    Verdict JudgeClose(CardPlan plan, ScriptStop stop, IReadOnlyList<CommandOutcome> outcomes);

    /// <summary>Judges a look at a closing that is in doubt.</summary>
    Verdict JudgeCloseLook(CardPlan plan, ScriptStop stop, IReadOnlyList<CommandOutcome> outcomes);

    /// <summary>What was left out of answers because it was not whole, for the log; no data.</summary>
    IReadOnlyList<string> Remarks(IReadOnlyList<CommandOutcome> outcomes);
}

/// <summary>The card profiles that there are.</summary>
public static class CardProfiles
{
    private static readonly ICardProfile[] All = [new GlobalPlatformProfile()];

    /// <summary>Their names.</summary>
    public static IEnumerable<string> Names => All.Select(p => p.Name);

    /// <summary>The profile of a name, or null.</summary>
    public static ICardProfile? Find(string name) => Array.Find(All, p => p.Name == name);
}
