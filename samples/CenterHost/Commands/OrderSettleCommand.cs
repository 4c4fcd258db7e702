using System.CommandLine;
using CardIssue.Center.Orders;
using CardIssue.CenterHost.Cli;
using CardIssue.Core;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>order settle</c>: says that a put-back is settled, once none of its orders is quarantined any more.</summary>
internal static class OrderSettleCommand
{
    public static Command Make(Shell shell)
    {
        var (person, reason) = (OrderDeskCommands.Operator(), OrderDeskCommands.Reason());
        const string Description = "Says that all that was lost when the center was put back is settled: what is imported from now on is new.";
        return shell.Command("settle", Description, [person, reason], async (call, cancellation) =>
        {
            await using var center = call.Open();
            var outcome = await center.Desk.SettlePutBackAsync(new OperatorId(call.Get(person)!), call.Get(reason)!, cancellation);
            if (outcome is not DeskOutcome.Done)
                throw new CommandException(ExitCode.Refused, outcome is DeskOutcome.WrongState
                    ? "There is nothing to settle: the center was not put back."
                    : "Orders are quarantined still: settle each with order reconcile first; see order list --state quarantined.");
            return await call.Answers.SayAsync(new { ok = true }, "The put-back is settled; what is imported from now on is new.");
        });
    }
}
