using System.CommandLine;
using CardIssue.Center.Orders;
using CardIssue.CenterHost.Cli;
using CardIssue.Core;

namespace CardIssue.CenterHost.Commands;

/// <summary>What an operator decides about orders: retry, void, quarantine. And what all such commands share.</summary>
internal static class OrderDeskCommands
{
    private const int MaxReason = 1_000;

    public static Argument<string> Order() => new("ORDER") { Description = "The order's number." };

    public static Option<string> Operator() => new("--operator") { Description = "Who decides.", HelpName = "NAME", Required = true };

    public static Option<string> Reason()
    {
        var option = new Option<string>("--reason") { Description = "Why; kept in the order's history.", Required = true };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is not { Length: > 0 and <= MaxReason }) result.AddError($"--reason has 1 to {MaxReason} characters.");
        });
        return option;
    }

    public static CommandException Unknown(OrderId order) => new(ExitCode.Usage, $"There is no order {order}; see order list.");

    public static Command Retry(Shell shell)
    {
        var (id, person, reason) = (Order(), Operator(), Reason());
        return shell.Command("retry", "Lets a waiting order go on.", [id, person, reason], (call, cancellation) =>
            ActAsync(call, call.Get(id)!, "OrderRetried", new { @operator = call.Get(person), reason = call.Get(reason) },
                (center, order) => center.Desk.RetryAsync(order, new OperatorId(call.Get(person)!), call.Get(reason)!, cancellation), "may go on", cancellation));
    }

    public static Command Void(Shell shell)
    {
        var (id, person, reason) = (Order(), Operator(), Reason());
        var second = new Option<string>("--second-operator") { Description = "Who agrees; another person.", HelpName = "NAME", Required = true };
        return shell.Command("void", "Voids an order; its card is blocked at the issuer first and never used again.", [id, person, second, reason], (call, cancellation) =>
            ActAsync(call, call.Get(id)!, "OrderVoided", new { @operator = call.Get(person), second = call.Get(second), reason = call.Get(reason) },
                (center, order) => center.Desk.VoidAsync(order, new OperatorId(call.Get(person)!), new OperatorId(call.Get(second)!), call.Get(reason)!, cancellation), "is voided", cancellation));
    }

    public static Command Quarantine(Shell shell)
    {
        var (person, reason) = (Operator(), Reason());
        var since = new Option<DateTimeOffset?>("--issued-since") { Description = "Also those issued since (the time of the backup that was restored)." };
        return shell.Command("quarantine", "Quarantines all open orders, after a restore.", [person, reason, since], async (call, cancellation) =>
        {
            await using var center = call.Open();
            var count = await center.Desk.QuarantineAllAsync(call.Get(since), new OperatorId(call.Get(person)!), call.Get(reason)!, cancellation);
            await center.NoteAsync("OrdersQuarantined", new { orders = count, @operator = call.Get(person), reason = call.Get(reason) }, cancellation: cancellation);
            return await call.Answers.SayAsync(new { ok = true, orders = count }, $"{count} orders are quarantined; compare each with the log and its card, then order reconcile.");
        });
    }

    /// <summary>One decision about one order: done and noted in the log, or refused with why.</summary>
    public static async Task<ExitCode> ActAsync(
        Call call, string id, string kind, object detail, Func<OpenCenter, OrderId, Task<DeskOutcome>> act, string done, CancellationToken cancellation)
    {
        var order = new OrderId(id);
        await using var center = call.Open();
        var outcome = await act(center, order);
        if (outcome is DeskOutcome.NotFound) throw Unknown(order);
        if (outcome is not (DeskOutcome.Done or DeskOutcome.BlockOrdered)) throw new CommandException(ExitCode.Refused, $"Order {order}: {Why(outcome)} Nothing was changed.");
        await center.NoteAsync(kind, detail, order, cancellation: cancellation);
        var text = outcome is DeskOutcome.BlockOrdered ? "will be voided as soon as the issuer's feed was told to block its card (a running center tells it)" : done;
        return await call.Answers.SayAsync(new { ok = true, order = order.Value, outcome }, $"Order {order} {text}.");
    }

    private static string Why(DeskOutcome outcome) => outcome switch
    {
        DeskOutcome.Done or DeskOutcome.BlockOrdered or DeskOutcome.NotFound => "",
        DeskOutcome.WrongState => "its state does not allow it; see order show.",
        DeskOutcome.SameOperator => "two different operators are needed.",
        DeskOutcome.AlreadyReissued => "it was reissued already.",
        DeskOutcome.DoesNotFit => "what was given does not fit it: an order number, sequence number or card number that is taken, another customer, a card of another order, or an impossible progress.",
    };
}
