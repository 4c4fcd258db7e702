using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Cards.Products.Profiles.GlobalPlatform;

/// <summary>
/// GlobalPlatform cards with SCP02 or SCP03. In both key modes, at levels 03, 13 and 33, command data is confidential and cannot be tampered with; at 01
/// and 11 it can be read on the way; responses are authenticated at 11, 13 and 33, and confidential at 33, which SCP02 does not have.
/// </summary>
internal sealed partial class GlobalPlatformProfile : ICardProfile
{
    /// <summary>SELECT and INITIALIZE UPDATE; between them stands what is asked of the card's identity.</summary>
    private const int OpenCount = 2;

    private const ushort HostCryptogramWrong = 0x6300;

    /// <summary>Of a read that is not needed: not every card has what is asked for, and each refuses in its own way.</summary>
    private static readonly ValueList<ushort> Whatever = [ExpectedStatus.Any];

    /// <inheritdoc/>
    public string Name => "globalplatform";

    /// <inheritdoc/>
    public int OpenCommands(CardProduct product) =>
        OpenCount + IdentityTags.ToldIn(product).Count + CardDataCommands(product) + OwnKeysCommands(product);

    /// <inheritdoc/>
    public IReadOnlyList<CardCommand> Open(CardProduct product, ReadOnlySpan<byte> hostChallenge)
    {
        ArgumentNullException.ThrowIfNull(product);
        return
        [
            new CardCommand(Select.Application(product.Selected)),
            .. product.AsksForOptions ? (CardCommand[])[new CardCommand(GetData.Command(GetData.CardData), Whatever)] : [],
            .. IdentityTags.ToldIn(product).Select(tag => new CardCommand(GetData.Command(tag), Whatever)),
            .. AskForOwnKeys(product, hostChallenge),
            new CardCommand(ChannelCommands.InitializeUpdate(VersionToAskFor(product), hostChallenge)),
        ];
    }

    /// <inheritdoc/>
    public OpeningReading ReadOpening(CardProduct product, ScriptStop stop, IReadOnlyList<ResponseApdu> responses)
    {
        ArgumentNullException.ThrowIfNull(responses);
        if (stop is ScriptStop.CardLost) return new OpeningReading.CardLost();
        if (stop is ScriptStop.Completed && responses.Count == OpenCommands(product) || IsByOwnKeys(product, stop, responses))
        {
            var told = responses.Skip(1 + CardDataCommands(product)).Take(IdentityTags.ToldIn(product).Count);
            return new OpeningReading.Ready(responses[^1], [.. told], product.AsksForOptions ? responses[1] : default);
        }
        if (stop is not ScriptStop.UnexpectedStatus || responses.Count == 0) return new OpeningReading.Rejected(CardRejection.Unreadable, $"the opening stopped: {stop}");

        var (instruction, what) = responses.Count switch
        {
            1 => (Instructions.Select, "SELECT"),
            var count when count < OpenCommands(product) - OwnKeysCommands(product) => (Instructions.GetData, "GET DATA"),
            _ => (Instructions.InitializeUpdate, "INITIALIZE UPDATE"),
        };
        var statusWord = responses[^1].StatusWord;
        var code = (instruction, statusWord) switch
        {
            (Instructions.Select, StatusWords.NoApplication) => CardRejection.NoApplication,
            (Instructions.Select, StatusWords.CardLocked) => CardRejection.Locked,
            (Instructions.Select, _) => CardRejection.NotGenuine,
            (Instructions.InitializeUpdate, StatusWords.NotFound) => CardRejection.UnknownKey,
            _ => CardRejection.Unreadable,
        };
        return new OpeningReading.Rejected(code, $"{what} {statusWord:X4}: {StatusWords.Describe(statusWord, instruction)}");
    }

    /// <inheritdoc/>
    public int ChallengeLength(CardProduct product)
    {
        ArgumentNullException.ThrowIfNull(product);
        return product.Channel.ChallengeLength;
    }

    /// <inheritdoc/>
    public ChannelTerms Terms(CardProduct product, OpeningReading.Ready reading)
    {
        ArgumentNullException.ThrowIfNull(product);
        ArgumentNullException.ThrowIfNull(reading);
        return new ChannelTerms(product.SecurityLevel)
        {
            Protocol = product.Protocol,
            Options = product.ProtocolOptions is not null ? product.Channel : ToldOptions(product, reading),
            Quirks = product.Quirks,
        };
    }

    /// <inheritdoc/>
    public CardRejection Of(OpenDiagnosis diagnosis) => diagnosis switch
    {
        OpenDiagnosis.WrongCryptogram => CardRejection.NotGenuine,
        OpenDiagnosis.UnknownKeyVersion => CardRejection.UnknownKey,
        OpenDiagnosis.LevelNotSupported => CardRejection.ChannelTooWeak,
        OpenDiagnosis.CardRefused or OpenDiagnosis.OtherProtocol or OpenDiagnosis.MalformedResponse or OpenDiagnosis.UnsupportedMode
            or OpenDiagnosis.UnknownOptions => CardRejection.Unreadable,
    };

    /// <inheritdoc/>
    public IReadOnlyList<CardCommand> AfterAuthentication(CardProduct product)
    {
        ArgumentNullException.ThrowIfNull(product);
        return
        [
            .. product.Start is { } start ? (CardCommand[])[CommandWriter.LifeCycle(start.Of)] : [],
            .. LookedForAtOpening(product).Select(LookFor),
        ];
    }

    /// <inheritdoc/>
    public Verdict JudgeAuthentication(
        CardProduct product, ScriptStop stop, ResponseApdu? externalAuthenticate, IReadOnlyList<CommandOutcome> after, bool resuming)
    {
        ArgumentNullException.ThrowIfNull(product);
        ArgumentNullException.ThrowIfNull(after);
        if (stop is ScriptStop.CardLost) return new Verdict.CardLost();
        if (externalAuthenticate is { StatusWord: HostCryptogramWrong }) return new Verdict.Rejected(CardRejection.RefusedUs);
        if (externalAuthenticate is not { IsOk: true } || stop is not (ScriptStop.Completed or ScriptStop.UnexpectedStatus)) return new Verdict.InDoubt();
        var state = JudgeState(product, stop, after, resuming);
        if (state is not Verdict.Done) return state;
        return JudgePrograms(product, stop, [.. after.Skip(product.Start is null ? 0 : 1)], resuming) ?? state;
    }

    private static Verdict JudgeState(CardProduct product, ScriptStop stop, IReadOnlyList<CommandOutcome> after, bool resuming)
    {
        // The answer to EXTERNAL AUTHENTICATE carries no MAC: by itself it is the terminal's word, and only what follows it is the card's.
        if (product.Start is not { } start) return new Verdict.Done(ProofKind.TerminalWord);
        if (after.Count == 0 || !Outcomes.IsBelievable(after[0].Response, product.SecurityLevel)) return new Verdict.InDoubt();

        var state = Outcomes.LifeCycle(after[0].Response, start.Of.Aid);
        // What the first answer of a longer list does not name may be in the next.
        if (state is null)
        {
            return stop is ScriptStop.Completed && after[0].Response.StatusWord == StatusWords.Ok
                ? new Verdict.Rejected(CardRejection.WrongState) : new Verdict.InDoubt();
        }
        return start.Accepted.Contains(state.Value) || resuming && IsLater(state.Value, start)
            ? new Verdict.Done(product.SecurityLevel.HasRMac() ? ProofKind.CardMac : ProofKind.TerminalWord)
            : new Verdict.Rejected(CardRejection.WrongState);
    }

    /// <summary>
    /// A state below all that a card may start in is not one that personalization leads to (GPCS §11.10: forward only): the application was installed
    /// anew, without what was written.
    /// </summary>
    private static bool IsLater(byte state, StartState start) => start.Accepted.Any(accepted => state > accepted);

    /// <inheritdoc/>
    public bool Shows(CardPlan plan, int number, IReadOnlyList<CommandOutcome> outcomes)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(outcomes);
        var checks = plan.EvidenceOf(number);
        return checks.Count > 0 && outcomes.Count == checks.Count && Enumerable.Range(0, checks.Count).All(i =>
            outcomes[i].Response is UnwrapResult.Authenticated && Outcomes.Meets(plan, checks[i], checks[i].Done, outcomes[i].Response));
    }

    /// <inheritdoc/>
    public Verdict JudgeRecord(CardPlan plan, int number, ScriptStop stop, IReadOnlyList<CommandOutcome> outcomes)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var record = plan.Product.Records[number - 1];
        if (record.PutsKeys) return JudgePutKeys(plan, number, stop, outcomes);
        var script = new Sent(plan.Shape.Records[number - 1].Commands, CardPlan.InScript(record));
        if (record.Items.Count == 1 && WantedBy(plan.Product, record.Items[0]) is { } wanted) return JudgeContent(plan, wanted, stop, outcomes, script);
        if (ChangeBy(record) is { } change) return JudgeRegistry(plan, change, stop, outcomes, script);
        // Before the closing such a record has its commands' MACs; the read-back is the closing's proof.
        return Judge(plan, stop, outcomes, script, record.Proof is ProofKind.ReadBackAfterClose ? ProofKind.CardMac : record.Proof);
    }

    /// <inheritdoc/>
    public Verdict JudgeBefore(CardPlan plan, ScriptStop stop, IReadOnlyList<CommandOutcome> outcomes)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(outcomes);
        if (stop is ScriptStop.CardLost) return new Verdict.CardLost();
        var (checks, level) = (plan.Product.Before, plan.Product.SecurityLevel);
        for (var i = 0; i < Math.Min(outcomes.Count, checks.Count); i++)
        {
            // An error word carries no MAC: that something is not there is never the card's word.
            if (!Outcomes.IsBelievable(outcomes[i].Response, level)) return new Verdict.InDoubt();
            if (!Outcomes.Meets(plan, checks[i], checks[i].Done, outcomes[i].Response))
                return new Verdict.Unclear(Outcomes.Describe(checks[i].Read, outcomes[i].Response));
        }
        return stop is ScriptStop.Completed && outcomes.Count == checks.Count
            ? new Verdict.Done(ProofKind.ReadBack) : new Verdict.InDoubt();
    }

    /// <inheritdoc/>
    public Verdict JudgeLook(CardPlan plan, int number, ScriptStop stop, IReadOnlyList<CommandOutcome> outcomes, KeysOnCard keys = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(outcomes);
        if (plan.Product.Records[number - 1].PutsKeys) return JudgeOwnKeys(plan.Product, stop, outcomes, keys);
        return Look(plan, plan.Product.Records[number - 1].Look, default, stop, outcomes);
    }

    /// <inheritdoc/>
    public Verdict JudgeClose(CardPlan plan, ScriptStop stop, IReadOnlyList<CommandOutcome> outcomes)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (plan.Product.ClosesByReading) return JudgeCloseLook(plan, stop, outcomes);
        var after = plan.AfterClose();
        var proof = after.Count > 0 ? ProofKind.ReadBackAfterClose : plan.Product.SecurityLevel.HasRMac() ? ProofKind.CardMac : ProofKind.TerminalWord;
        return Judge(plan, stop, outcomes, new Sent(plan.Shape.CloseCommands, after), proof);
    }

    /// <inheritdoc/>
    public Verdict JudgeCloseLook(CardPlan plan, ScriptStop stop, IReadOnlyList<CommandOutcome> outcomes)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return Look(plan, plan.Product.Close.Look, plan.AfterClose(), stop, outcomes);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Remarks(IReadOnlyList<CommandOutcome> outcomes)
    {
        ArgumentNullException.ThrowIfNull(outcomes);
        var remarks = new List<string>();
        foreach (var outcome in outcomes)
        {
            if (outcome.Command.Apdu.Ins != Instructions.GetStatus || Outcomes.DataOf(outcome.Response) is not { } data) continue;
            RegistryEntry.Parse(data.Span, out var bad);
            remarks.AddRange(bad.Select(fault => $"GET STATUS: {fault}"));
        }
        return remarks;
    }

    private static int CardDataCommands(CardProduct product)
    {
        ArgumentNullException.ThrowIfNull(product);
        return product.AsksForOptions ? 1 : 0;
    }

    /// <summary>The "i" of SCP02 that the card data names; of several one that serves. Whoever lies about it has the card refuse the center, no more.</summary>
    private static ScpOptions? ToldOptions(CardProduct product, OpeningReading.Ready reading)
    {
        var cardData = reading.CardData;
        if (!product.AsksForOptions || !cardData.IsOk || !CardRecognitionData.TryParse(cardData.Data.Span, out var recognition, out _)) return null;
        var told = recognition.Channels.Where(channel => channel.Protocol == (byte)ScpProtocol.Scp02)
            .Select(channel => new ScpOptions(ScpProtocol.Scp02, channel.Mode)).ToList();
        return told.Count == 0 ? null
            : told.OrderByDescending(options => options.IsExplicit).ThenByDescending(options => options.Supports(product.SecurityLevel)).First();
    }

    /// <summary>What was sent: how many commands, the last of which read back.</summary>
    private readonly record struct Sent(int Commands, ValueList<CheckDefinition> Checks);

    /// <summary>The whole script succeeded, authenticated unless the terminal's word is to do, and what was read at its end is what it must be.</summary>
    private static Verdict Judge(CardPlan plan, ScriptStop stop, IReadOnlyList<CommandOutcome> outcomes, Sent script, ProofKind proof)
    {
        ArgumentNullException.ThrowIfNull(outcomes);
        if (stop is ScriptStop.CardLost) return new Verdict.CardLost();
        // Of a longer script a dishonest terminal could have passed the rest on, and kept quiet about it.
        if (script.Commands == 1 && Outcomes.FirstWasRefused(outcomes)) return new Verdict.NotDone();
        var level = plan.Product.SecurityLevel;
        if (stop is not ScriptStop.Completed || outcomes.Count != script.Commands || !Outcomes.AllSucceeded(outcomes, level)) return new Verdict.InDoubt();
        if (!level.HasRMac() && proof is not ProofKind.TerminalWord) return new Verdict.InDoubt();
        var checks = script.Checks;
        for (var i = 0; i < checks.Count; i++)
            if (!Outcomes.Meets(plan, checks[i], checks[i].Done, outcomes[outcomes.Count - checks.Count + i].Response)) return new Verdict.InDoubt();
        return new Verdict.Done(proof);
    }

    /// <summary>Everything as after the record: done. Everything as before it: not done. Anything between: unclear. Not told by the card itself: in doubt.</summary>
    private static Verdict Look(
        CardPlan plan, ValueList<CheckDefinition> looks, ValueList<CheckDefinition> after, ScriptStop stop, IReadOnlyList<CommandOutcome> outcomes)
    {
        ArgumentNullException.ThrowIfNull(outcomes);
        if (stop is ScriptStop.CardLost) return new Verdict.CardLost();
        var level = plan.Product.SecurityLevel;
        if (looks.Count == 0 || outcomes.Count < looks.Count || outcomes.Take(looks.Count).Any(o => !Outcomes.IsBelievable(o.Response, level))) return new Verdict.InDoubt();
        var done = Enumerable.Range(0, looks.Count).Count(i => Outcomes.Meets(plan, looks[i], looks[i].Done, outcomes[i].Response));
        var notDone = Enumerable.Range(0, looks.Count).Count(i => Outcomes.Meets(plan, looks[i], looks[i].NotDone, outcomes[i].Response));
        if (notDone == looks.Count) return new Verdict.NotDone();
        if (done != looks.Count) return new Verdict.Unclear();
        if (stop is not ScriptStop.Completed || outcomes.Count != looks.Count + after.Count || !Outcomes.AllSucceeded(outcomes, level)) return new Verdict.InDoubt();
        for (var i = 0; i < after.Count; i++)
            if (!Outcomes.Meets(plan, after[i], after[i].Done, outcomes[looks.Count + i].Response)) return new Verdict.Unclear();
        if (!level.HasRMac()) return new Verdict.Done(ProofKind.TerminalWord);
        return new Verdict.Done(after.Count > 0 ? ProofKind.ReadBackAfterClose
            : looks.All(c => c.Read is CheckCommand.LifeCycle) ? ProofKind.CardState
            : ProofKind.ReadBack);
    }
}
