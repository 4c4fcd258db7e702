using System.CommandLine;
using CardIssue.Center.Approvals;
using CardIssue.Center.Orders;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Commands;

/// <summary>What is decided about orders: retry, void, quarantine. And what all such commands share.</summary>
internal static class OrderDeskCommands
{
    public static Argument<string> Order() => new("ORDER") { Description = "The order's number." };

    public static Option<string> Reason(bool required = true)
    {
        var option = new Option<string>("--reason") { Description = "Why; kept with it.", Required = required };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is not { Length: > 0 and <= IApprovals.MaxReason }) result.AddError($"--reason has 1 to {IApprovals.MaxReason} characters.");
        });
        return option;
    }

    public static CommandException Unknown(OrderId order) => new(ExitCode.Usage, $"There is no order {order}; see order list.");

    public static Command Retry(Shell shell)
    {
        var (id, reason) = (Order(), Reason());
        return shell.Command("retry", "Lets a waiting order go on, with the card that it has.", [id, reason], async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            var order = new OrderId(call.Get(id)!);
            return await ToldAsync(call, order, await center.Desk.RetryAsync(order, center.By, call.Get(reason)!, cancellation), "may go on");
        });
    }

    public static Command Void(Shell shell)
    {
        var (id, reason) = (Order(), Reason());
        var card = new Option<string?>("--card")
        {
            Description = "For an order in quarantine: a card that log or people know and the store does not, to be blocked too.", HelpName = "HEX",
        };
        return shell.Command("void", "Asks to void an order; its card is blocked at the issuer first and never used again.", [id, card, reason], async (call, cancellation) =>
        {
            var act = new CenterAct.VoidOrder(new OrderId(call.Get(id)!), call.Get(card) is { } hex ? CardText.Parse(hex) : null);
            await using var center = await call.OpenAsync(cancellation);
            return await Asking.AskAsync(call, center, act, call.Get(reason)!, null, cancellation);
        });
    }

    public static Command Cancel(Shell shell)
    {
        var (id, reason) = (Order(), Reason());
        return shell.Command("cancel", "Gives up a rewrite of which nothing has left.", [id, reason], async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            var order = new OrderId(call.Get(id)!);
            var outcome = await center.Desk.CancelAsync(order, center.By, call.Get(reason)!, cancellation);
            return await ToldAsync(call, order, outcome, "is cancelled; nothing of it will be written");
        });
    }

    public static Command ClearTries(Shell shell)
    {
        var customer = new Argument<string>("CUSTOMER") { Description = "The customer's id." };
        var (issuer, reason) = (new Option<string?>("--issuer") { Description = "Whose customer, of a center with several issuers.", HelpName = "NAME" }, Reason());
        return shell.Command("clear-tries", "Asks to clear the wrong issue codes that are counted for a customer.", [customer, issuer, reason], async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            return await Asking.AskAsync(call, center, new CenterAct.ClearCodeTries(call.Get(customer)!, await center.IssuerOfAsync(call.Get(issuer), cancellation)), call.Get(reason)!, null, cancellation);
        });
    }

    public static Command Quarantine(Shell shell)
    {
        var reason = Reason();
        var since = new Option<DateTimeOffset?>("--issued-since") { Description = "Also those issued since (the time of the backup that was restored)." };
        return shell.Command("quarantine", "Quarantines all open orders, after a restore.", [reason, since], async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            var count = await center.Desk.QuarantineAllAsync(call.Get(since), center.By, call.Get(reason)!, cancellation)
                ?? throw new CommandException(ExitCode.Refused, Why(DeskOutcome.NotAllowed));
            return await call.Answers.SayAsync(new { ok = true, orders = count }, $"{count} orders are quarantined; compare each with the log and its card, then order reconcile.");
        });
    }

    /// <summary>Says what became of one decision about one order.</summary>
    /// <exception cref="CommandException">It was refused.</exception>
    public static async Task<ExitCode> ToldAsync(Call call, OrderId order, DeskOutcome outcome, string done)
    {
        if (outcome is DeskOutcome.NotFound) throw Unknown(order);
        if (outcome is not DeskOutcome.Done) throw new CommandException(ExitCode.Refused, $"Order {order}: {Why(outcome)} Nothing was changed.");
        return await call.Answers.SayAsync(new { ok = true, order = order.Value, outcome }, $"Order {order} {done}.");
    }

    public static string Why(DeskOutcome outcome) => outcome switch
    {
        DeskOutcome.Done or DeskOutcome.BlockOrdered => "",
        DeskOutcome.NotFound => "there is nothing of that name.",
        DeskOutcome.WrongState => "its state does not allow it.",
        DeskOutcome.NotAllowed => "your account has not the role for it.",
        DeskOutcome.AlreadyReissued => "it was reissued already.",
        DeskOutcome.DoesNotFit => "what was given does not fit it: an order number, sequence number or card number that is taken, another customer, a card of another order, or an impossible progress.",
        DeskOutcome.VoidsNoCard => "a rewrite voids no card: order cancel gives it up while nothing of it has left; else it goes on (order retry). "
            + "To void the card, void the order that it was issued by.",
        DeskOutcome.GoesForward => "something of it has left, so its card is changed until all of it is there: "
            + "let it go on (order retry), at any branch.",
        DeskOutcome.TooFewSupervisors => "two supervisors who are not locked must be left, or nothing could be approved any more.",
    };
}
