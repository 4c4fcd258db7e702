using System.Globalization;
using System.Security.Cryptography;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products.Profiles.GlobalPlatform;

/// <summary>What single responses are worth as evidence.</summary>
internal static class Outcomes
{
    /// <summary>Whether the card itself said it; at a level without response MACs the terminal's word is all there is.</summary>
    public static bool IsBelievable(UnwrapResult response, SecurityLevel level) =>
        level.HasRMac() ? response is UnwrapResult.Authenticated
            : response is UnwrapResult.NoProtection { StatusWord: StatusWords.Ok or StatusWords.MoreData };

    /// <summary>Whether every command succeeded. What was read is for <see cref="Meets"/> to say.</summary>
    public static bool AllSucceeded(IReadOnlyList<CommandOutcome> outcomes, SecurityLevel level) =>
        outcomes.Count > 0 && outcomes.All(o =>
            IsBelievable(o.Response, level) && (o.Response.StatusWord == StatusWords.Ok || IsListed(o)) || IsGone(o) || IsTakenSegment(o));

    /// <summary>Whether it is a list of which more is to come: what stands in the part that was told stands in the whole.</summary>
    private static bool IsListed(CommandOutcome outcome) =>
        outcome.Command.Apdu.Ins == Instructions.GetStatus && outcome.Response.StatusWord == StatusWords.MoreData;

    /// <summary>Whether it is a segment that others follow: the MAC of the last one's answer is for all of them.</summary>
    private static bool IsTakenSegment(CommandOutcome outcome) =>
        CommandSegments.IsSegment(outcome.Command.Apdu.Ins, outcome.Command.Apdu.P1)
        && outcome.Response is UnwrapResult.NoProtection { StatusWord: StatusWords.Ok };

    /// <summary>
    /// Whether there was nothing to delete. The answer carries no MAC; that the command reached the card, the MAC of the next one shows, which
    /// is chained to it.
    /// </summary>
    private static bool IsGone(CommandOutcome outcome) =>
        outcome.Command.Apdu.Ins == Instructions.Delete && outcome.Response is not UnwrapResult.Breach
        && outcome.Response.StatusWord is (StatusWords.NotFound or StatusWords.NoApplication);

    /// <summary>
    /// Whether the card refused the very first command, by its own MAC: then nothing of the script was done. A refusal later leaves the earlier commands
    /// done. Only 62xx will do: 63xx says that something was changed (ISO 7816-4 5.6).
    /// </summary>
    public static bool FirstWasRefused(IReadOnlyList<CommandOutcome> outcomes) =>
        outcomes.Count == 1 && outcomes[0].Response is UnwrapResult.Authenticated { StatusWord: >= 0x6200 and <= 0x62FF };

    /// <summary>Whether what was read is what is expected.</summary>
    public static bool Meets(CardPlan plan, CheckDefinition check, Expectation? expectation, UnwrapResult response)
    {
        var data = DataOf(response);
        // A warning may come with data that is cut short or corrupted; only a listing may have more to say.
        var whole = response.StatusWord == StatusWords.Ok || check.Read is CheckCommand.LifeCycle && response.StatusWord == StatusWords.MoreData;
        if (expectation is null || data is null || !whole) return false;
        return expectation switch
        {
            Expectation.Exactly exactly => data == plan.ExpectedOf(exactly),
            Expectation.Digest digest => ByteString.Own(SHA256.HashData(data.Value.Span)) == plan.ExpectedOf(digest),
            Expectation.Nothing => data.Value.IsEmpty,
            Expectation.State state => check.Read is CheckCommand.LifeCycle read && StateIn(data.Value, read.Of.Aid) == state.LifeCycle,
            _ => throw new InvalidOperationException($"No one checks {expectation.GetType().Name}."),
        };
    }

    /// <summary>What was read, for people: a state as it is; of data its length alone, for it is the customer's.</summary>
    public static string Describe(CheckCommand read, UnwrapResult response)
    {
        var data = DataOf(response) ?? default;
        return read switch
        {
            CheckCommand.LifeCycle lifeCycle => StateIn(data, lifeCycle.Of.Aid) is { } state
                ? $"the life cycle state of {lifeCycle.Of.Aid} is {state:X2}" : $"{lifeCycle.Of.Aid} is not on the card",
            CheckCommand.GetData get => $"GET DATA {get.Tag:X4} tells other data than expected, {Length(data)}",
            CheckCommand.ReadRecord record =>
                $"record {record.Record} of SFI {record.FileId} holds other data than expected, {Length(data)}",
            _ => throw new InvalidOperationException($"No one describes {read.GetType().Name}."),
        };
    }

    private static string Length(ByteString data) => string.Create(CultureInfo.InvariantCulture, $"{data.Length} bytes");

    /// <summary>The life cycle state of an application, or null when the response does not tell it. Ask <see cref="IsBelievable"/> first.</summary>
    public static byte? LifeCycle(UnwrapResult response, Aid aid) => DataOf(response) is { } data ? StateIn(data, aid) : null;

    private static byte? StateIn(ByteString data, Aid aid)
    {
        foreach (var entry in RegistryEntry.Parse(data.Span, out _))
            if (entry.Aid == aid) return entry.LifeCycle;
        return null;
    }

    /// <summary>The data of a response, or null when it is worth nothing.</summary>
    public static ByteString? DataOf(UnwrapResult response) => response switch
    {
        UnwrapResult.Authenticated authenticated => authenticated.Data,
        UnwrapResult.NoProtection unprotected => unprotected.Data,
        _ => null,
    };
}
