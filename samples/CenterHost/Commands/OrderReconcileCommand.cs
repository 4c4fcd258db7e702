using System.CommandLine;
using CardIssue.Center.Approvals;
using CardIssue.Center.Orders;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Primitives;
using OrderProgress = CardIssue.Core.Protocol.OrderProgress;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>order reconcile</c>: ends the quarantine of an order as the log and its card showed.</summary>
internal static class OrderReconcileCommand
{
    public static Command Make(Shell shell)
    {
        var (id, reason) = (OrderDeskCommands.Order(), OrderDeskCommands.Reason());
        id.Arity = ArgumentArity.ZeroOrOne;
        var (log, checkpoint, endsHere, dryRun) = (ReconcileFromLog.Log(), ReconcileFromLog.Checkpoint(), ReconcileFromLog.EndsHere(), ReconcileFromLog.DryRun());
        var approval = ReconcileFromLog.Approval();
        var issued = new Option<string?>("--issued-card") { Description = "The card that was issued, in hexadecimal.", HelpName = "HEX" };
        var goesOn = new Option<bool>("--goes-on") { Description = "It goes on from where the following say that it is; without them from the start." };
        var card = new Option<string?>("--card") { Description = "The card that it is bound to, in hexadecimal.", HelpName = "HEX" };
        var confirmed = new Option<int>("--confirmed") { Description = "The last record that is confirmed." };
        var inDoubt = new Option<int>("--in-doubt") { Description = "The record that left and was not confirmed; 0 for none." };
        var furthest = new Option<int?>("--furthest") { Description = "The furthest record that ever left; else the later of the two before." };
        var attempt = new Option<int>("--attempt") { Description = "The attempt at the record.", DefaultValueFactory = _ => 1 };
        var closing = new Option<bool>("--closing") { Description = "Its closing had left." };
        var dropped = new Option<string?>("--dropped")
        {
            Description = "A card that log or people know and the store does not, and which it goes on without; it is blocked at the issuer first.", HelpName = "HEX",
        };
        return shell.Command("reconcile", "Asks to end the quarantine of an order, or after a restore of all that a later log tells of. A card that it had and has no more is blocked at the issuer first.",
            [id, reason, issued, goesOn, card, dropped, confirmed, inDoubt, furthest, attempt, closing, log, checkpoint, endsHere, dryRun, approval], async (call, cancellation) =>
        {
            if (call.Get(log) is null == call.Get(id) is null) throw new CommandException(ExitCode.Usage, "Say either which ORDER, or --from-log FILE for all of them.");
            if (call.Get(log) is { } later)
                return await ReconcileFromLog.RunAsync(call, later, call.Get(checkpoint), call.Get(endsHere), call.Get(dryRun), call.Get(approval), call.Get(reason)!, cancellation);
            if (call.Get(goesOn) == call.Get(issued) is not null) throw new CommandException(ExitCode.Usage, "Say either --goes-on or --issued-card HEX, as the log and the card showed.");
            Reconciliation found = call.Get(issued) is { } hex
                ? new Reconciliation.WasIssued(CardText.Parse(hex))
                : new Reconciliation.GoesOn(call.Get(card) is { } bound ? CardText.Parse(bound) : null, Reached(), call.Get(closing));
            var act = new CenterAct.ReconcileOrder(new OrderId(call.Get(id)!), found, call.Get(dropped) is { } lost ? CardText.Parse(lost) : null);
            await using var center = await call.OpenAsync(cancellation);
            return await Asking.AskAsync(call, center, act, call.Get(reason)!, null, cancellation);

            OrderProgress Reached() => new(call.Get(confirmed), call.Get(inDoubt), call.Get(attempt), call.Get(furthest) ?? Math.Max(call.Get(confirmed), call.Get(inDoubt)));
        });
    }
}
