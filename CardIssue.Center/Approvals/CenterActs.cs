using CardIssue.Center.Orders;
using CardIssue.Center.People;
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
        CenterAct.ClearCodeTries it => CodeAttempts.ClearCustomer(with.Transaction, it.Customer) > 0 ? DeskOutcome.Done : DeskOutcome.NotFound,
        CenterAct.PutTerminal it => it.Terminal.Fault is null && TerminalTable.Twin(with.Transaction, it.Terminal) is null
            ? Done(TerminalTable.Put(with.Transaction, it.Terminal, with.Now)) : DeskOutcome.DoesNotFit,
        CenterAct.EnableTerminal it => TerminalTable.Find(with.Transaction, it.Terminal) is not { Removed: false } terminal ? DeskOutcome.NotFound
            : terminal.Enabled ? DeskOutcome.WrongState
            : Done(TerminalTable.Enable(with.Transaction, it.Terminal, true, with.Now)),
        CenterAct.AddPerson it => Of(PersonChanges.Add(with.Transaction, with.Keys, it.Person, it.Roles, with.Verifier, with.Now)),
        CenterAct.SetRoles it => Of(PersonChanges.SetRoles(with.Transaction, with.Keys, it.Person, it.Roles, with.Now)),
        CenterAct.ResetPassword it => Of(PersonChanges.Reset(with.Transaction, with.Keys, it.Person, with.Verifier, with.Now)),
        CenterAct.UnlockPerson it => Of(PersonChanges.Unlock(with.Transaction, with.Keys, it.Person, with.People, with.Now)),
        _ => throw new InvalidOperationException($"{act.GetType().Name} is not carried out in the store"),
    };

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
