using CardIssue.Center.Vault;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Sessions;

/// <summary>
/// With which keys a card was opened, and what that says of the record that puts its own. What an opening showed goes with it; that keys
/// were put, or were answered for wrongly, stays for the claim.
/// </summary>
internal sealed class OwnKeysWork(IKeyVault vault, CardPlan plan, int confirmed)
{
    private const string OtherCheckValues = "the check values that the card answered to PUT KEY are not those of the keys";

    private readonly CardProduct _product = plan.Product;
    private readonly int _record = plan.Product.OwnKeysRecord;
    private bool _confirmed = plan.Product.OwnKeysRecord is > 0 and var record && confirmed >= record;
    private bool _isDoubtful;

    /// <summary>What this opening showed.</summary>
    public KeysOnCard Shown { get; private set; }

    public void ForgetOpening() => Shown = default;

    /// <summary>
    /// Verifies an opening with the keys that it may be of. Nothing is sent to the card: the cryptogram is tried against each, here.
    /// </summary>
    public CardOpenResult Open(OpeningReading.Ready reading, ReadOnlySpan<byte> challenge)
    {
        CardOpenResult? result = null;
        foreach (var keys in _product.Profile.KeysOf(_product, reading))
        {
            result = Open(keys, challenge, reading.InitializeUpdate);
            if (result is not CardOpenResult.Refused refused)
            {
                Shown = new KeysOnCard(keys.AreOwn);
                return result;
            }
            if (keys.AreOwn) result = refused with { Detail = $"{refused.Detail} They would be its own: {keys.Set}." };
        }
        return result!;
    }

    /// <summary>Why this card, whose cryptogram is right, is none for the order; null when it is one.</summary>
    /// <param name="resuming">Whether the order was bound to it before.</param>
    public Judgement? Refuse(bool resuming)
    {
        if (_product.OwnKeys is not { } own) return null;
        var keys = $"{own.KeySet} {own.KeyVersion:X2}";
        if (!resuming && Shown.AreOwn)
            return Rejected(CardRejection.WrongState, $"the card has its own keys, {keys}, already: it was begun before");
        return resuming && _confirmed && !Shown.AreOwn
            ? Rejected(CardRejection.OtherCard, $"the order's card has own keys, {keys}; this one has not")
            : null;
    }

    /// <summary>
    /// What the look before a rewrite comes to: a card that shows the keys already, of which nothing has left yet, was given them
    /// elsewhere.
    /// </summary>
    public Verdict Before(Verdict judged) => judged is Verdict.Done && Shown.AreOwn
        ? new Verdict.Unclear($"the card has keys {_product.OwnKeys!.KeySet} {_product.OwnKeys.KeyVersion:X2} already") : judged;

    /// <summary>Takes note of what was judged.</summary>
    /// <returns>The verdict; a look finds nothing clear where the card answered for other keys than it was given.</returns>
    public Judgement Judged(ScriptRun run, Judgement judgement, IReadOnlyList<CommandOutcome> outcomes)
    {
        if (run.Record != _record || _record == 0 || run.Kind is not (ScriptKind.Record or ScriptKind.Look)) return judgement;
        if (run.Kind is ScriptKind.Record && judgement.Verdict is Verdict.Unclear) _isDoubtful = true;
        if (run.Kind is ScriptKind.Look)
        {
            Shown = Shown with { OwnIds = _product.Profile.OwnIds(_product, outcomes) };
            if (_isDoubtful) return new Judgement(new Verdict.Unclear(), $"before, {OtherCheckValues}");
        }
        _confirmed |= judgement.Verdict is Verdict.Done;
        return judgement.Verdict switch
        {
            Verdict.Done => judgement with { Detail = $"{judgement.Detail}; the card has {Sets}" },
            Verdict.InDoubt when _product.Records[_record - 1].Proof is ProofKind.Cryptogram =>
                judgement with { Detail = $"{judgement.Detail}; the card is opened anew, to show which keys it has" },
            Verdict.Unclear => judgement with { Detail = $"{judgement.Detail}; {OtherCheckValues}" },
            _ => judgement,
        };
    }

    /// <summary>The key sets of the card afterwards, for log and receipt.</summary>
    public string Sets => string.Join(" and ", _product.KeysAfter);

    private static Judgement Rejected(CardRejection code, string detail) => new(new Verdict.Rejected(code), detail);

    private CardOpenResult Open(OpeningKeys keys, ReadOnlySpan<byte> challenge, ResponseApdu answer) =>
        vault.OpenCard(keys.Set.KeySet, keys.Set.KeyVersion, keys.Set.Diversification, challenge, answer, keys.Terms);
}
