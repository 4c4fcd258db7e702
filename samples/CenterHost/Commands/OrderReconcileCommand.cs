using System.CommandLine;
using CardIssue.Center.Orders;
using CardIssue.CenterHost.Cli;
using CardIssue.Core;
using Progress = CardIssue.Core.Protocol.Progress;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>order reconcile</c>: ends the quarantine of an order as the log and its card showed.</summary>
internal static class OrderReconcileCommand
{
    public static Command Make(Shell shell)
    {
        var (id, person, reason) = (OrderDeskCommands.Order(), OrderDeskCommands.Operator(), OrderDeskCommands.Reason());
        id.Arity = ArgumentArity.ZeroOrOne;
        var (log, checkpoint, endsHere, dryRun) = (ReconcileFromLog.Log(), ReconcileFromLog.Checkpoint(), ReconcileFromLog.EndsHere(), ReconcileFromLog.DryRun());
        var issued = new Option<string?>("--issued-card") { Description = "The card that was issued, in hexadecimal.", HelpName = "HEX" };
        var goesOn = new Option<bool>("--goes-on") { Description = "It goes on from where the following say that it is; without them from the start." };
        var card = new Option<string?>("--card") { Description = "The card that it is bound to, in hexadecimal.", HelpName = "HEX" };
        var confirmed = new Option<int>("--confirmed") { Description = "The last record that is confirmed." };
        var inDoubt = new Option<int>("--in-doubt") { Description = "The record that left and was not confirmed; 0 for none." };
        var furthest = new Option<int?>("--furthest") { Description = "The furthest record that ever left; else the later of the two before." };
        var attempt = new Option<int>("--attempt") { Description = "The attempt at the record.", DefaultValueFactory = _ => 1 };
        var closing = new Option<bool>("--closing") { Description = "Its closing had left." };
        return shell.Command("reconcile", "Ends the quarantine of an order, or after a restore of all that a later log tells of.",
            [id, person, reason, issued, goesOn, card, confirmed, inDoubt, furthest, attempt, closing, log, checkpoint, endsHere, dryRun], (call, cancellation) =>
        {
            if (call.Get(log) is null == call.Get(id) is null) throw new CommandException(ExitCode.Usage, "Say either which ORDER, or --from-log FILE for all of them.");
            if (call.Get(log) is { } later)
                return ReconcileFromLog.RunAsync(call, later, call.Get(checkpoint), call.Get(endsHere), call.Get(dryRun), call.Get(person)!, call.Get(reason)!, cancellation);
            if (call.Get(goesOn) == call.Get(issued) is not null) throw new CommandException(ExitCode.Usage, "Say either --goes-on or --issued-card HEX, as the log and the card showed.");
            Reconciliation found = call.Get(issued) is { } hex
                ? new Reconciliation.WasIssued(CardText.Parse(hex))
                : new Reconciliation.GoesOn(call.Get(card) is { } bound ? CardText.Parse(bound) : null, Reached(), call.Get(closing));
            return OrderDeskCommands.ActAsync(call, call.Get(id)!, "OrderReconciled", new { @operator = call.Get(person), reason = call.Get(reason), found = found.ToString() },
                (center, order) => center.Desk.ReconcileAsync(order, found, new OperatorId(call.Get(person)!), call.Get(reason)!, cancellation), "is out of quarantine", cancellation);

            Progress Reached() => new(call.Get(confirmed), call.Get(inDoubt), call.Get(attempt), call.Get(furthest) ?? Math.Max(call.Get(confirmed), call.Get(inDoubt)));
        });
    }
}
