using System.Security.Cryptography;
using CardIssue.Center.Vault;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Emv;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Sessions;

/// <summary>
/// What a session holds of the card that it is writing: the plan, the opening under way, and the script that is out. It makes the scripts'
/// commands, the same for both key modes but for the last step, and judges what the card said, the same for both.
/// </summary>
internal sealed class CardWork : IDisposable
{
    private const int MaxRemarks = 4;

    private readonly IKeyVault _vault;
    private readonly CardProduct _product;
    private readonly CardPlan _plan;
    private readonly ICardProfile _profile;
    private readonly AdmittedTerminal _terminal;
    private readonly Claim _claim;
    private readonly byte[] _challenge;
    private readonly SortedDictionary<int, ProofKind> _proofs = [];
    private readonly OwnKeysWork _keys;
    private ICardOpening? _opening;
    private OpeningReading.Ready? _ready;
    private ClaimedIdentity? _claimed;
    private CardId? _card;
    private ByteString _number;
    private IReadOnlyList<CardCommand> _script = [];
    private int _blocks;

    public CardWork(IKeyVault vault, CardProduct product, CardPlan plan, AdmittedTerminal terminal, Claim claim)
    {
        (_vault, _product, _plan, _profile) = (vault, product, plan, product.Profile);
        (_terminal, _claim) = (terminal, claim);
        _challenge = new byte[_profile.ChallengeLength(product)];
        _keys = new OwnKeysWork(vault, plan, claim.Progress.Confirmed);
    }

    /// <summary>What the operator may see of the order.</summary>
    public string Display => _claim.Display;

    /// <summary>What a terminal is told of the order besides, for its programs.</summary>
    public InsertCard Tell(InsertCard insert) => insert with
    {
        Order = _claim.Order, Card = Told(_claim.Bound), MaskedNumber = CardNumberMask.AtTheEndOf(Display), Records = _claim.Plan.Records.Count,
    };

    /// <summary>The identity of a card as a message can hold it; of a longer one nothing is told.</summary>
    public static CardId? Told(CardId? card) => card is { Value.Length: > 0 and <= FieldLimits.MaxCardId } ? card : null;

    /// <summary>Which rewrite it is; null for an issue.</summary>
    public string? Rewrite => _product.Doing?.Name;

    /// <summary>Which proofs were had, for log and receipt.</summary>
    public string Proofs => _proofs.Count == 0 ? "none" : string.Join(", ", _proofs.Values.Distinct());

    /// <summary>The key sets that the card holds afterwards, for the receipt; null where it keeps those that it had.</summary>
    public string? OwnKeys => _product.OwnKeys is null ? null : _keys.Sets;

    /// <summary>Keeps which proof was had of a record, or of the closing.</summary>
    public void Note(int record, ProofKind proof) => _proofs[record] = proof;

    /// <summary>Makes a script's commands as they leave: in the clear for an opening; wrapped for the card, or sealed for the module, for all others.</summary>
    /// <param name="script">The head.</param>
    /// <param name="tail">What follows in it.</param>
    public PreparedScript Prepare(Script script, ScriptTail tail)
    {
        _script = Commands(script, tail);
        _script = [.. _script, .. Following(tail)];
        // A numbering is a series of STORE DATA of its own.
        if (script.Kind is not ScriptKind.Assign && tail is not ScriptTail.Number) _blocks = CardPlan.NextBlock(_script, _blocks);
        if (_script.Count + (script.Kind is ScriptKind.Authenticate ? 1 : 0) != script.Count)
            throw new InvalidOperationException($"The plan's shape says {script.Count} commands for {script.Kind} {script.Record}; there are {_script.Count}.");
        if (script.Kind is ScriptKind.Open) return InTheClear(script);
        return script.Sealed ? SealedForModule(script) : WrappedForCard(script);
    }

    /// <summary>Zeroes the keys of the opening.</summary>
    public void ForgetOpening()
    {
        _opening?.Dispose();
        _keys.ForgetOpening();
        (_opening, _ready, _claimed, _card, _number, _script, _blocks) = (null, null, null, null, default, [], 0);
    }

    /// <summary>What a script's result means.</summary>
    /// <param name="run">The script.</param>
    /// <param name="result">All that the card said to it.</param>
    /// <param name="resuming">Whether the order was bound to the card before this opening.</param>
    public Judgement Judge(ScriptRun run, Result result, bool resuming)
    {
        if (result.Stop is ScriptStop.ModuleRefused)
        {
            var isUnopened = run.Tail is ScriptTail.First && result.Responses.Count == 0;
            return new Judgement(
                isUnopened ? new Verdict.Unopened(new Verdict.ModuleRefused()) : new Verdict.ModuleRefused(),
                $"the terminal's module refused its command {result.Responses.Count + 1}: {RefusalOf(result)}");
        }
        var responses = new List<ResponseApdu>(result.Responses.Count);
        foreach (var response in result.Responses)
        {
            if (response.Length < 2) return new Judgement(new Verdict.InDoubt(), "a response shorter than a status word");
            responses.Add(ResponseApdu.Parse(response.Span));
        }
        return run.Kind switch
        {
            ScriptKind.Open => JudgeOpening(result.Stop, responses, resuming),
            ScriptKind.Authenticate when run.Tail is ScriptTail.First => JudgeFirst(run, result.Stop, responses),
            ScriptKind.Authenticate => WithNumber(run, responses, JudgeAuthentication(run, result.Stop, responses, resuming)),
            ScriptKind.Assign =>
                Explain(outcomes => _profile.JudgeAssign(_product, _number, result.Stop, outcomes), Outcomes(responses), responses),
            ScriptKind.Look => JudgeWritten(run, outcomes => LookedAt(run, result.Stop, outcomes), responses),
            ScriptKind.Record when run.Tail is ScriptTail.Closing =>
                Explain(outcomes => JudgeLast(run, result.Stop, outcomes), Outcomes(responses), responses),
            ScriptKind.Record => JudgeWritten(run, outcomes => _profile.JudgeRecord(_plan, run.Record, result.Stop, outcomes), responses),
            ScriptKind.Close => Explain(outcomes => _profile.JudgeClose(_plan, result.Stop, outcomes), Outcomes(responses), responses),
        };
    }

    private static string RefusalOf(Result result) => result.Refusal is ModuleRefusal.None ? "it did not tell why" : result.Refusal.ToString();

    public void Dispose() => ForgetOpening();

    private IReadOnlyList<CardCommand> Number() => _profile.Assign(_product, _number = _vault.CreateCardNumber());

    private IReadOnlyList<CardCommand> Following(ScriptTail tail) => tail switch
    {
        ScriptTail.None => [],
        ScriptTail.Closing => _plan.Close(new Encryption(_opening!), CardPlan.NextBlock(_script, _blocks)),
        ScriptTail.Number => Number(),
        ScriptTail.Before => _plan.Before(),
        ScriptTail.First => _plan.Record(1, new Encryption(_opening!), _blocks, _keys.Shown.OwnIds),
    };

    private IReadOnlyList<CardCommand> Commands(Script script, ScriptTail tail) => script.Kind switch
    {
        ScriptKind.Open => OpenCommands(),
        ScriptKind.Authenticate when tail is ScriptTail.First => [],
        ScriptKind.Authenticate => CardAuthentication.Commands(_profile, _plan, script.Record, tail is ScriptTail.Number),
        ScriptKind.Assign => Number(),
        ScriptKind.Look when script.Record == 0 => _plan.Before(),
        ScriptKind.Look when script.Record > _claim.Plan.Records.Count => _plan.CloseLook(),
        ScriptKind.Look => _plan.Look(script.Record),
        ScriptKind.Record => _plan.Record(script.Record, new Encryption(_opening!), _blocks, _keys.Shown.OwnIds),
        ScriptKind.Close => _plan.Close(new Encryption(_opening!), _blocks),
    };

    /// <summary>A fresh challenge for every opening: a cryptogram answers for one time only.</summary>
    private IReadOnlyList<CardCommand> OpenCommands()
    {
        ForgetOpening();
        RandomNumberGenerator.Fill(_challenge);
        return _profile.Open(_product, _challenge);
    }

    private PreparedScript InTheClear(Script script) => new(script, [.. _script.Select(c => new PreparedCommand(c.Apdu.ToBytes().ToArray(), c.Expected))]);

    private PreparedScript WrappedForCard(Script script)
    {
        var commands = new List<PreparedCommand>(script.Count);
        if (script.Kind is ScriptKind.Authenticate) commands.Add(new PreparedCommand(_opening!.ExternalAuthenticate().ToBytes().ToArray(), default));
        var wrapped = new byte[SecureChannelSession.MaxWrappedLength];
        foreach (var command in _script)
        {
            var length = _opening!.Wrap(command.Apdu.ToBytes().Span, wrapped);
            commands.Add(new PreparedCommand(wrapped.AsSpan(0, length).ToArray(), command.Expected));
        }
        return new PreparedScript(script, commands);
    }

    private PreparedScript SealedForModule(Script script)
    {
        var commands = new List<PreparedCommand>(script.Count);
        if (script.Kind is ScriptKind.Authenticate)
        {
            var request = new TicketRequest(_terminal.Admission, _claim.Order, _card!.Value, _claim.Fence, script.Opening, script.First)
            {
                CenterKeys = _terminal.Keys.Number,
            };
            script = script with { Ticket = _opening!.SealTicket(_terminal.Identity, request) };
            commands.Add(new PreparedCommand(_opening.SealExternalAuthenticate(new CommandContext(script, 0)).ToArray(), default));
        }
        foreach (var command in _script)
        {
            var plain = command.Apdu.ToBytes();
            var payload = new byte[plain.Length + SealedCommand.Overhead];
            _opening!.SealCommand(new CommandContext(script, commands.Count), plain.Span, payload);
            commands.Add(new PreparedCommand(payload, command.Expected));
        }
        return new PreparedScript(script, commands);
    }

    /// <summary>The last record and the closing, each as by itself; what was begun of the closing shows that the record was not stopped in.</summary>
    private Verdict JudgeLast(ScriptRun run, ScriptStop stop, IReadOnlyList<CommandOutcome> outcomes)
    {
        var commands = _plan.Shape.Records[run.Record - 1].Commands;
        var whole = outcomes.Count > commands || (outcomes.Count == commands && stop is not ScriptStop.UnexpectedStatus);
        var written = _profile.JudgeRecord(_plan, run.Record, whole ? ScriptStop.Completed : stop, [.. outcomes.Take(commands)]);
        // That it was refused is not enough: the rest may have been passed on.
        if (written is not Verdict.Done { Proof: var proof }) return written is Verdict.NotDone ? new Verdict.InDoubt() : written;
        Note(run.Record, proof);
        var closed = stop is ScriptStop.CardLost ? new Verdict.CardLost() : _profile.JudgeClose(_plan, stop, [.. outcomes.Skip(commands)]);
        if (closed is Verdict.Done { Proof: var closing }) Note(run.Record + 1, closing);
        return closed is Verdict.Done or Verdict.CardLost ? closed : new Verdict.Unclosed(proof);
    }

    private Judgement JudgeWritten(
        ScriptRun run, Func<IReadOnlyList<CommandOutcome>, Verdict> judge, IReadOnlyList<ResponseApdu> responses)
    {
        var outcomes = Outcomes(responses);
        return _keys.Judged(run, Explain(judge, outcomes, responses), outcomes);
    }

    private Judgement JudgeOpening(ScriptStop stop, IReadOnlyList<ResponseApdu> responses, bool resuming)
    {
        switch (_profile.ReadOpening(_product, stop, responses))
        {
            case OpeningReading.CardLost: return new Judgement(new Verdict.CardLost(), "");
            case OpeningReading.Rejected rejected: return new Judgement(new Verdict.Rejected(rejected.Code), rejected.Detail);
            case OpeningReading.Ready ready: return Verify(ready, resuming);
            case var other: throw new InvalidOperationException($"No one judges {other.GetType().Name}.");
        }
    }

    /// <summary>The card's cryptogram is verified here, before anything is bound to the card or sent to it that it could count against itself.</summary>
    private Judgement Verify(OpeningReading.Ready ready, bool resuming)
    {
        var opened = _keys.Open(ready, _challenge);
        if (opened is CardOpenResult.Refused wrong)
            return new Judgement(new Verdict.Rejected(_profile.Of(wrong.Diagnosis)), $"{wrong.Diagnosis}: {wrong.Detail}");
        _opening = ((CardOpenResult.Opened)opened).Opening;
        if (_keys.Refuse(resuming) is { } refused) return refused;
        _ready = ready;
        _claimed = _profile.IdentityOf(_product, ready, _vault.IsCardNumber);
        if (_claimed.Card is not { } card) return new Judgement(new Verdict.Rejected(CardRejection.NoIdentity), _claimed.Detail);
        _card = card;
        return new Judgement(
            new Verdict.Genuine(card, _claimed.Kind, _claimed.IsBare), $"the card's cryptogram is right; it says that it is {_claimed}");
    }

    /// <summary>EXTERNAL AUTHENTICATE itself is answered without protection; what follows it is judged like everything else.</summary>
    private Judgement JudgeAuthentication(ScriptRun run, ScriptStop stop, List<ResponseApdu> responses, bool resuming)
    {
        ResponseApdu? authenticated = responses.Count > 0 ? responses[0] : null;
        IReadOnlyList<CommandOutcome> after = authenticated is { IsOk: true } ? Outcomes(responses.GetRange(1, responses.Count - 1)) : [];
        var own = CardAuthentication.Commands(_profile, _plan, run.Record, isBare: false).Count;
        var whole = run.Tail is not ScriptTail.None
            && (after.Count > own || (after.Count == own && stop is not ScriptStop.UnexpectedStatus));
        var judged = Explain(
            outcomes => CardAuthentication.Judge(
                _profile, _plan, run.Record, whole ? ScriptStop.Completed : stop, authenticated, outcomes, resuming),
            after, responses);
        // What a card says that should have none stops the script in front of its state: that is in doubt then, and its identity is not.
        if (judged.Verdict is not (Verdict.Done or Verdict.Stranger or Verdict.Rejected { Code: CardRejection.WrongState })
            && !(run.Tail is ScriptTail.Number && judged.Verdict is Verdict.InDoubt)) return judged;
        var reads = after.Take(_profile.IdentityReads(_product).Count).ToList();
        var inside = _profile.IdentityInside(_product, _ready!, reads, _vault.IsCardNumber);
        if (inside is null) return judged with { Verdict = new Verdict.InDoubt() };
        if (inside.Fits(_claimed!))
        {
            return judged.Verdict is Verdict.Done && run.Tail is not ScriptTail.None
                ? Followed(run, judged, stop, [.. after.Skip(own)]) : judged;
        }
        return new Judgement(
            new Verdict.Rejected(CardRejection.NoIdentity),
            $"before its channel was open the card's identity was {_claimed}; inside it is {inside}: "
            + "it was altered on the way, or is not always the same");
    }

    /// <summary>
    /// The authentication, and the first record behind it, each as by itself. Nothing of the record was given to a card that did not accept;
    /// one that did lost no try, whatever became of the record.
    /// </summary>
    private Judgement JudgeFirst(ScriptRun run, ScriptStop stop, List<ResponseApdu> responses)
    {
        if (responses is not [{ IsOk: true }, ..])
        {
            var refused = JudgeAuthentication(run with { Record = 0, Tail = ScriptTail.None }, stop, responses, resuming: false);
            return new Judgement(new Verdict.Unopened(refused.Verdict), $"{refused.Detail}; the first record was not given to the card");
        }
        var written = JudgeWritten(
            run with { Kind = ScriptKind.Record }, outcomes => _profile.JudgeRecord(_plan, run.Record, stop, outcomes),
            responses.GetRange(1, responses.Count - 1));
        return written with { IsSpared = written.Verdict is not (Verdict.Done or Verdict.NotDone) };
    }

    /// <summary>
    /// A card that was not numbered by the terminal's word, or is refused for another reason, may have the number nevertheless.
    /// </summary>
    private Judgement WithNumber(ScriptRun run, List<ResponseApdu> responses, Judgement judged) =>
        run.Tail is ScriptTail.Number && judged.Verdict is not Verdict.Genuine && responses is [{ IsOk: true }, ..]
            ? judged with { Detail = $"{judged.Detail}; it may have the number {_number} now" } : judged;

    /// <summary>What left with an authentication that was right: whatever becomes of it, the card lost no try.</summary>
    private Judgement Followed(ScriptRun run, Judgement authenticated, ScriptStop stop, IReadOnlyList<CommandOutcome> following)
    {
        var verdict = run.Tail is ScriptTail.Before ? _keys.Before(_profile.JudgeBefore(_plan, stop, following))
            : following.Count > 0 || stop is ScriptStop.CardLost ? _profile.JudgeAssign(_product, _number, stop, following)
            : new Verdict.InDoubt();
        return authenticated with { Verdict = verdict, IsSpared = verdict is Verdict.CardLost or Verdict.InDoubt or Verdict.Rejected };
    }

    private Verdict LookedAt(ScriptRun run, ScriptStop stop, IReadOnlyList<CommandOutcome> outcomes) =>
        run.Record == 0 ? _keys.Before(_profile.JudgeBefore(_plan, stop, outcomes))
            : run.Record > _claim.Plan.Records.Count ? _profile.JudgeCloseLook(_plan, stop, outcomes)
            : _profile.JudgeLook(_plan, run.Record, stop, outcomes, _keys.Shown);

    /// <summary>Answers are unwrapped in the order of the commands; after a breach the channel is dead and nothing more is.</summary>
    private List<CommandOutcome> Outcomes(IReadOnlyList<ResponseApdu> responses)
    {
        var outcomes = new List<CommandOutcome>(responses.Count);
        for (var i = 0; i < responses.Count; i++)
        {
            var outcome = new CommandOutcome(_script[i], _opening!.Unwrap(responses[i]));
            outcomes.Add(outcome);
            if (outcome.Response is UnwrapResult.Breach) break;
        }
        return outcomes;
    }

    private Judgement Explain(
        Func<IReadOnlyList<CommandOutcome>, Verdict> judge, IReadOnlyList<CommandOutcome> outcomes, IReadOnlyList<ResponseApdu> responses)
    {
        var said = responses.Count == 0 ? "no response" : $"{responses.Count} responses, the last {responses[^1].StatusWord:X4}";
        if (outcomes is [.., { Response: UnwrapResult.Breach breach }])
            said = $"{said}; the channel is broken at response {outcomes.Count}: {breach.Reason}";
        var remarks = _profile.Remarks(outcomes);
        if (remarks.Count > 0) said = $"{said}; left out: {string.Join(" ", remarks.Take(MaxRemarks))}";
        if (remarks.Count > MaxRemarks) said = $"{said} And {remarks.Count - MaxRemarks} more.";
        return new Judgement(judge(outcomes), said);
    }

    /// <summary>The opening's encryption of secret data, as plans ask for it.</summary>
    private sealed class Encryption(ICardOpening opening) : IDataEncryption
    {
        public ByteString Encrypt(ReadOnlySpan<byte> plain) =>
            opening.EncryptData(plain, DataEncryption.PaddingFor(plain.Length, opening.Answer.Protocol));

        public ValueList<EncryptedKey> Keys(HeldKeySet set) => opening.EncryptKeys(set.KeySet, set.KeyVersion, set.Diversification);
    }
}

/// <summary>A verdict, and what the log says of it.</summary>
/// <param name="Verdict">The verdict.</param>
/// <param name="Detail">For the log: no keys, no data.</param>
/// <param name="IsSpared">
/// Of an authentication that was right: whether what left with it was not, so that its try is to be taken back.
/// </param>
internal readonly record struct Judgement(Verdict Verdict, string Detail, bool IsSpared = false);

/// <summary>What an authentication cost a card.</summary>
internal static class CardTry
{
    /// <summary>
    /// Whether the terminal's module or the line, and not the card, ended an authentication, which cost the card no try of its own: the
    /// command never reached it, or was answered with 9000, behind a MAC on some cards, and what failed came after. A card that fails after
    /// it has accepted is counted: it would be opened without end.
    /// </summary>
    public static bool IsSpared(ScriptKind kind, Result result) => kind is ScriptKind.Authenticate
        && result.Stop is ScriptStop.ModuleRefused or ScriptStop.Gap
        && (result.Responses.Count == 0 || result.Responses[0].Span is [.., 0x90, 0x00]);
}

/// <summary>One command as it leaves.</summary>
/// <param name="Payload">Wrapped, sealed, or in the clear for an opening.</param>
/// <param name="Expected">The status words to go on with.</param>
internal readonly record struct PreparedCommand(byte[] Payload, ValueList<ushort> Expected);

/// <summary>A script whose commands are made, all of them before the first byte leaves, so that the log has them as one unit.</summary>
/// <param name="Head">The head, with the ticket where there is one.</param>
/// <param name="Commands">The commands, in order.</param>
internal sealed record PreparedScript(Script Head, IReadOnlyList<PreparedCommand> Commands)
{
    /// <summary>All payloads, one after the other: what the log's HMAC is over.</summary>
    public byte[] ToBytes() => [.. Commands.SelectMany(c => c.Payload)];
}
