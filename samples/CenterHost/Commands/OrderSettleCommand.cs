using System.CommandLine;
using CardIssue.Center.Approvals;
using CardIssue.CenterHost.Cli;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>order settle</c>: says that a put-back is settled, once none of its orders is quarantined any more.</summary>
internal static class OrderSettleCommand
{
    public static Command Make(Shell shell)
    {
        var reason = OrderDeskCommands.Reason();
        const string Description = "Asks to say that all that was lost when the center was put back is settled: what is imported from then on is new.";
        return shell.Command("settle", Description, [reason], async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            if (await center.Desk.PutBackAsync(cancellation) is not { } found)
                throw new CommandException(ExitCode.Refused, "There is nothing to settle: the center was not put back.");
            if (found.Quarantined > 0)
                throw new CommandException(ExitCode.Refused, "Orders are quarantined still: settle each with order reconcile first; see order list --state quarantined.");
            return await Asking.AskAsync(call, center, new CenterAct.SettlePutBack(), call.Get(reason)!, null, cancellation);
        });
    }
}
