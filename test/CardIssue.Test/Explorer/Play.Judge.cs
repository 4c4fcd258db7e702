using CardIssue.Core;
using CardIssue.Core.Protocol;

namespace CardIssue.Test.Explorer;

/// <summary>The center's cryptography and profile: what a result proves, and no more than that.</summary>
internal sealed partial class Play
{
    private Verdict JudgeResult(bool zombie, ScriptRun run, Result result)
    {
        if (result.Stop is ScriptStop.CardLost) return new Verdict.CardLost();
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

    private Verdict JudgeOpening(bool zombie, CenterKeys keys, ScriptStop stop, List<ResponseToken> responses)
    {
        if (stop is ScriptStop.UnexpectedStatus) return new Verdict.Rejected(CardRejection.Unreadable);
        if (stop is not ScriptStop.Completed) return new Verdict.InDoubt();
        var last = responses[^1];
        if (last.Fence != keys.Fence || last.Opening != keys.Opening || last.Card is Card.X) return new Verdict.Rejected(CardRejection.NotGenuine);
        Put(zombie, Side(zombie) with { Keys = keys with { Genuine = last.Card } });
        if (_store.Tries(last.Card) >= options.MaxTries) return new Verdict.Rejected(CardRejection.Barred, Store.IdOf(last.Card));
        if (_cards[last.Card].Closed && _store.Bound != last.Card) return new Verdict.Rejected(CardRejection.InUse);
        return new Verdict.Genuine(Store.IdOf(last.Card));
    }

    private static Verdict JudgeChannel(ScriptRun run, CenterKeys keys, ScriptStop stop, List<ResponseToken> responses)
    {
        var proved = responses.TrueForAll(r => r.Answer is Answer.Success && r.Fence == keys.Fence && r.Opening == keys.Opening);
        if (stop is ScriptStop.Completed && proved)
        {
            return (run.Kind, responses[^1].Found) switch
            {
                (ScriptKind.Look, Found.Nothing) => new Verdict.NotDone(),
                (ScriptKind.Look, Found.Part) => new Verdict.Unclear(),
                _ => new Verdict.Done(ProofKind.CardMac),
            };
        }
        return run.Kind is ScriptKind.Record or ScriptKind.Close && stop is ScriptStop.UnexpectedStatus
            && responses is [{ Answer: Answer.Refused }]
            ? new Verdict.NotDone()
            : new Verdict.InDoubt();
    }
}
