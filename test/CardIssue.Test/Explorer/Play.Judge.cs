using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Explorer;

/// <summary>The center's cryptography and profile: what a result proves, and no more than that.</summary>
internal sealed partial class Play
{
    private Verdict JudgeResult(bool zombie, ScriptRun run, Result result)
    {
        if (run.Tail is not ScriptTail.First) return JudgeWhole(zombie, run, result);
        // The answer to the authentication carries no MAC: it is the terminal's word.
        return result.Responses.Count > 0 && ResponseToken.Decode(result.Responses[0]).Answer is Answer.Success
            ? JudgeWhole(zombie, run with { Kind = ScriptKind.Record, Tail = ScriptTail.None },
                result with { Responses = result.Responses.Tail() })
            : new Verdict.Unopened(JudgeWhole(zombie, run with { Tail = ScriptTail.None }, result));
    }

    private Verdict JudgeWhole(bool zombie, ScriptRun run, Result result)
    {
        if (result.Stop is ScriptStop.CardLost) return new Verdict.CardLost();
        if (result.Stop is ScriptStop.ModuleRefused) return new Verdict.ModuleRefused();
        if (Side(zombie).Keys is not { } keys || keys.Opening != run.Opening) return new Verdict.InDoubt();
        var responses = new List<ResponseToken>();
        foreach (var response in result.Responses) responses.Add(ResponseToken.Decode(response));
        return run.Kind switch
        {
            ScriptKind.Open => JudgeOpening(zombie, keys, result.Stop, responses),
            ScriptKind.Authenticate when responses is [{ Answer: Answer.Error }] => new Verdict.Rejected(CardRejection.RefusedUs),
            _ => JudgeChannel(run, keys, result.Stop, responses),
        };
    }

    /// <summary>Whether an authentication that did not succeed cost the card nothing: it never reached it, or was accepted.</summary>
    private static bool IsSpared(ScriptRun run, Result result) => run.Kind is ScriptKind.Authenticate
        && result.Stop is ScriptStop.ModuleRefused or ScriptStop.Gap
        && (result.Responses.Count == 0 || ResponseToken.Decode(result.Responses[0]).Answer is Answer.Success);

    /// <summary>The same of one that was right and what left with it was not: the card accepted it.</summary>
    private bool IsSpared(ScriptRun run, Result result, Verdict verdict)
    {
        var (own, count) = (options.Plan.AuthenticateCommands, result.Responses.Count);
        return run.Tail is not (ScriptTail.None or ScriptTail.Closing) && verdict is Verdict.CardLost or Verdict.InDoubt or Verdict.Rejected
            && (count > own || (count == own && result.Stop is not ScriptStop.UnexpectedStatus))
            && result.Responses.Take(own).All(r => ResponseToken.Decode(r).Answer is Answer.Success);
    }

    private Verdict JudgeOpening(bool zombie, CenterKeys keys, ScriptStop stop, List<ResponseToken> responses)
    {
        if (stop is ScriptStop.UnexpectedStatus) return new Verdict.Rejected(CardRejection.Unreadable);
        if (stop is not ScriptStop.Completed) return new Verdict.InDoubt();
        var last = responses[^1];
        // Where nothing is read in the channel, the keys come from what the card told: altered, they are not its own.
        var isAltered = options.Plan.AuthenticateCommands == 1 && last.Told != options.ToldBy(last.Card, _cards[last.Card]);
        if (last.Fence != keys.Fence || last.Opening != keys.Opening || last.Card is Card.X || isAltered)
            return new Verdict.Rejected(CardRejection.NotGenuine);
        Put(zombie, Side(zombie) with { Keys = keys with { Genuine = last.Card, Told = last.Told } });
        var id = options.IdOf(last.Told);
        if (_store.Tries(id) >= options.MaxTries) return new Verdict.Rejected(CardRejection.Barred, id);
        if (_store.Bound != id && OfIdentity(id).Any(card => _cards[card].Closed)) return new Verdict.Rejected(CardRejection.InUse);
        return new Verdict.Genuine(id, options.Identities is not Identities.Given ? IdentityKind.Told
            : last.Told == 0 ? IdentityKind.Blank : IdentityKind.Given, last.Told == 0 && !options.TellsOther);
    }

    private Verdict JudgeChannel(ScriptRun run, CenterKeys keys, ScriptStop stop, List<ResponseToken> responses)
    {
        var proved = responses.TrueForAll(r => r.Answer is Answer.Success && r.Fence == keys.Fence && r.Opening == keys.Opening);
        if (stop is ScriptStop.Completed && proved)
        {
            return (run.Kind, responses[^1].Found) switch
            {
                (ScriptKind.Authenticate, _) when options.Plan.AuthenticateCommands > 1 && responses[1].Told != keys.Told =>
                    new Verdict.Rejected(CardRejection.NoIdentity),
                (ScriptKind.Authenticate, Found.Nothing or Found.Part) when run.Record > 0 => new Verdict.Stranger(),
                _ when run.Kind is ScriptKind.Assign || run.Tail is ScriptTail.Number => responses[^1].Told == keys.Number
                    ? new Verdict.Genuine(options.IdOf(keys.Number), IdentityKind.Given) : new Verdict.Rejected(CardRejection.NoIdentity),
                (ScriptKind.Look, Found.Nothing) => new Verdict.NotDone(),
                (ScriptKind.Look, Found.Part) or (ScriptKind.Authenticate, Found.Part) => new Verdict.Unclear(),
                (ScriptKind.Close, Found.Part) => new Verdict.InDoubt(),
                _ => new Verdict.Done(ProofKind.CardMac),
            };
        }
        if (run.Tail is ScriptTail.Closing && responses.Count >= options.Plan.Records[run.Record - 1].Commands
            && responses.Take(options.Plan.Records[run.Record - 1].Commands).All(r => r.Answer is Answer.Success))
            return new Verdict.Unclosed(ProofKind.CardMac);
        // A number that the card refused; or one that it has already, which is why the script stopped.
        var read = options.Plan.AuthenticateCommands;
        var has = responses.Count > 1 && responses[1] is { Answer: Answer.Success, Told: not 0 };
        if (stop is ScriptStop.UnexpectedStatus
            && (run.Kind is ScriptKind.Assign || (run.Tail is ScriptTail.Number && (responses.Count > read || has))))
            return new Verdict.Rejected(CardRejection.NoIdentity);
        return run.Kind is ScriptKind.Record or ScriptKind.Close && stop is ScriptStop.UnexpectedStatus
            && responses is [{ Answer: Answer.Refused }]
            ? new Verdict.NotDone()
            : new Verdict.InDoubt();
    }

    /// <summary>The good cards that the center knows by this.</summary>
    private IEnumerable<Card> OfIdentity(CardId id) => new[] { Card.A, Card.B }.Where(card => options.IdOf(card, _cards[card]) == id);
}
