using System.CommandLine;
using CardIssue.Center.Orders;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>order receipt</c>: the receipt of an order, again.</summary>
internal static class OrderReceiptCommand
{
    public static Command Make(Shell shell)
    {
        var id = OrderDeskCommands.Order();
        return shell.Command("receipt", "Prints the receipt of an order again, word for word; the log says who did.", [id], async (call, cancellation) =>
        {
            var order = new OrderId(call.Get(id)!);
            await using var center = await call.OpenAsync(cancellation);
            var (outcome, receipt) = await center.Desk.ReceiptAsync(order, center.By, cancellation);
            if (outcome is DeskOutcome.NotFound) throw OrderDeskCommands.Unknown(order);
            if (receipt is null) throw new CommandException(ExitCode.Refused, $"Nothing is shown of order {order}: {OrderDeskCommands.Why(outcome)}");
            if (receipt.Text is not { } text)
            {
                throw new CommandException(ExitCode.Refused, $"Order {order} is {receipt.State}, and no receipt of it was kept: it is not done, was issued by a "
                    + "version before this one, or was settled from a log. What is known of it: order show, card show.");
            }
            return await call.Answers.SayAsync(
                new { order = order.Value, state = receipt.State, card = receipt.Card?.ToString(), ended = receipt.Ended?.UtcDateTime, again = true, receipt = text },
                $"{text}\nPRINTED AGAIN; the order is {receipt.State} now");
        });
    }
}
