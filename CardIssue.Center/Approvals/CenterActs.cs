using CardIssue.Center.Issuers;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Products;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Approvals;

/// <summary>With what an act is carried out.</summary>
/// <param name="Transaction">The approval's own transaction.</param>
/// <param name="Asked">Who asked.</param>
/// <param name="Approved">Who approved.</param>
/// <param name="Reason">Why.</param>
/// <param name="Verifier">Of the password that the act makes.</param>
/// <param name="Keys">The vault's, for accounts.</param>
/// <param name="People">Limits of accounts.</param>
/// <param name="Orders">Limits of orders.</param>
/// <param name="Now">When.</param>
internal sealed record ActContext(
    StoreTransaction Transaction, PersonName Asked, PersonName Approved, string Reason, ByteString Verifier, IRecordKeys Keys, PeopleOptions People,
    OrderOptions Orders, DateTimeOffset Now)
{
    /// <summary>What history and feed say: both names, and why.</summary>
    public string Why => $"{Asked} and {Approved}: {Reason}";
}

/// <summary>Carries acts out, inside the transaction of their approval.</summary>
internal static class CenterActs
{
    public static DeskOutcome CarryOut(ActContext with, CenterAct act) => act switch
    {
        CenterAct.VoidOrder it => OnOrder(with, it.Order, order => order.Rewrite is not null ? DeskOutcome.VoidsNoCard
            : order.State == OrderState.Voided ? DeskOutcome.WrongState
            : order.VoidReason is not null ? DeskOutcome.WrongState
            : OrderVoiding.Begin(with.Transaction, order, it.Card, with.Why, with.Reason, with.Orders, with.Now)),
        CenterAct.ReconcileOrder it => OnOrder(with, it.Order, order => order.State != OrderState.Quarantined || order.VoidReason is not null
            ? DeskOutcome.WrongState
            : Quarantine.End(with.Transaction, order, it.Found, it.Dropped, with.Why, with.Orders, with.Now)),
        CenterAct.SettlePutBack => PutBack.Settle(with.Transaction, with.Why),
        CenterAct.UnbarCard it => Unbar(with, it.Card),
        CenterAct.ClearCodeTries it => CodeAttempts.ClearCustomer(with.Transaction, CodeAttempts.KeyOf(it.Customer, it.Issuer)) > 0 ? DeskOutcome.Done : DeskOutcome.NotFound,
        CenterAct.PutTerminal it => it.Terminal.Fault is null && TerminalTable.Twin(with.Transaction, it.Terminal) is null
            ? Done(TerminalTable.Put(with.Transaction, it.Terminal, with.Now)) : DeskOutcome.DoesNotFit,
        CenterAct.EnableTerminal it => TerminalTable.Find(with.Transaction, it.Terminal) is not { Removed: false } terminal ? DeskOutcome.NotFound
            : terminal.Enabled ? DeskOutcome.WrongState
            : Done(TerminalTable.Enable(with.Transaction, it.Terminal, true, with.Now)),
        CenterAct.AddPerson it => Of(PersonChanges.Add(with.Transaction, with.Keys, it.Person, it.Roles, it.Issuer, with.Verifier, with.Now)),
        CenterAct.SetRoles it => Of(PersonChanges.SetRoles(with.Transaction, with.Keys, it.Person, it.Roles, with.Now)),
        CenterAct.ResetPassword it => Of(PersonChanges.Reset(with.Transaction, with.Keys, it.Person, with.Verifier, with.Now)),
        CenterAct.UnlockPerson it => Of(PersonChanges.Unlock(with.Transaction, with.Keys, it.Person, with.People, with.Now)),
        CenterAct.PutIssuer it => PutIssuer(with, it),
        _ => throw new InvalidOperationException($"{act.GetType().Name} is not carried out in the store"),
    };

    /// <summary>Whose business an act is: both who stand behind it are his people, or the center's own. Null for the center's own.</summary>
    public static IssuerId? IssuerOf(StoreView view, IRecordKeys keys, CenterAct act) => act switch
    {
        CenterAct.VoidOrder it => OrderRow.Find(view, it.Order)?.Issuer,
        CenterAct.ReconcileOrder it => OrderRow.Find(view, it.Order)?.Issuer,
        CenterAct.ClearCodeTries it => it.Issuer,
        CenterAct.AddPerson it => it.Issuer,
        CenterAct.SetRoles it => PersonRow.Find(view, keys, it.Person)?.Issuer,
        CenterAct.ResetPassword it => PersonRow.Find(view, keys, it.Person)?.Issuer,
        CenterAct.UnlockPerson it => PersonRow.Find(view, keys, it.Person)?.Issuer,
        CenterAct.MakeKey it => IssuerTable.Owners(view).Of(it.KeySet),
        CenterAct.DestroyKey it => IssuerTable.Owners(view).Of(it.KeySet),
        _ => null,
    };

    /// <summary>Only what is nobody's: no other issuer's, and named by no product, whose orders would change hands.</summary>
    private static DeskOutcome PutIssuer(ActContext with, CenterAct.PutIssuer act)
    {
        var issuers = IssuerTable.All(with.Transaction);
        var known = issuers.Find(issuer => issuer.Issuer == act.Issuer);
        var then = new IssuerRecord(act.Issuer, [.. known?.KeySets ?? default, .. act.KeySets]);
        if (act.KeySets.Count == 0 || then.Fault is not null || (known is null && issuers.Count >= IIssuers.MaxIssuers)) return DeskOutcome.DoesNotFit;
        var owners = new KeySetOwners(issuers);
        if (act.KeySets.Any(set => owners.Of(set) is not null || DatabaseProductStore.AnyNames(with.Transaction, set))) return DeskOutcome.DoesNotFit;
        IssuerTable.Put(with.Transaction, then);
        return DeskOutcome.Done;
    }

    private static DeskOutcome OnOrder(ActContext with, OrderId id, Func<OrderRow, DeskOutcome> act) =>
        OrderRow.Find(with.Transaction, id) is { } order ? act(order) : DeskOutcome.NotFound;

    private static DeskOutcome Unbar(ActContext with, CardId card)
    {
        if (CardRegistry.Tries(with.Transaction, card) == 0) return DeskOutcome.NotFound;
        CardRegistry.ClearTries(with.Transaction, card);
        return DeskOutcome.Done;
    }

    private static DeskOutcome Done(int rows) => rows == 1 ? DeskOutcome.Done : DeskOutcome.NotFound;

    private static DeskOutcome Of(PersonOutcome outcome) => outcome switch
    {
        PersonOutcome.Done => DeskOutcome.Done,
        PersonOutcome.NotFound => DeskOutcome.NotFound,
        PersonOutcome.WrongState => DeskOutcome.WrongState,
        PersonOutcome.TooFewSupervisors => DeskOutcome.TooFewSupervisors,
        PersonOutcome.NotAllowed => DeskOutcome.NotAllowed,
        PersonOutcome.DoesNotFit => DeskOutcome.DoesNotFit,
    };
}
