using System.CommandLine;
using System.Globalization;
using CardIssue.Center.Orders;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>order</c>: the orders, as the center's operators see them.</summary>
internal static class OrderCommands
{
    public static Command Make(Shell shell) => Shell.Group("order", "The orders: one card for one customer each.",
        OrderImportCommand.Make(shell), OrderKeyCommands.Make(shell), List(shell), Show(shell), OrderReceiptCommand.Make(shell),
        OrderDeskCommands.Retry(shell), OrderDeskCommands.Void(shell), OrderDeskCommands.Cancel(shell),
        OrderDeskCommands.Quarantine(shell), OrderDeskCommands.ClearTries(shell),
        OrderCodeCommands.RenewCode(shell), OrderCodeCommands.Reissue(shell), OrderReconcileCommand.Make(shell), OrderSettleCommand.Make(shell));

    private static Command List(Shell shell)
    {
        var list = new ListOptions("order");
        var state = new Option<OrderState?>("--state") { Description = "Only those in this state." };
        var (issuer, branch) = (ListFilters.Issuer(), ListFilters.Branch("what is to be issued at this branch, or names none and was begun last at"));
        var (product, customer, terminal) = (ListFilters.Product(), ListFilters.Customer(), ListFilters.Terminal("what was begun last at"));
        var (since, until) = (ListFilters.Since("what was changed last"), ListFilters.Until("what was changed last"));
        return shell.Command("list", "Lists the orders by number.", list.With(state, issuer, product, customer, terminal, branch, since, until), async (call, cancellation) =>
        {
            var (name, version) = ListFilters.Product(call.Get(product));
            var query = new OrderQuery
            {
                State = call.Get(state), Product = name, ProductVersion = version, Customer = call.Get(customer),
                Terminal = call.Get(terminal) is { } at ? new TerminalId(at) : null, Branch = ListFilters.Branch(call, branch), Since = call.Get(since), Until = call.Get(until),
                After = call.Get(list.After) is { } after ? new OrderId(after) : null,
            };
            await using var center = await call.OpenAsync(cancellation);
            query = query with { Issuer = await center.IssuerOfAsync(call.Get(issuer), cancellation) };
            return await call.Answers.ListAsync(list.Of(call, center.Desk.EnumerateAsync(query, cancellation)), View, Line, "No orders.");
        });
    }

    private static Command Show(Shell shell)
    {
        var id = OrderDeskCommands.Order();
        return shell.Command("show", "Shows an order with its history.", [id], async (call, cancellation) =>
        {
            var order = new OrderId(call.Get(id)!);
            await using var center = await call.OpenAsync(cancellation);
            if (await center.Desk.GetAsync(order, cancellation) is not { } found || !center.By.IsFor(found.Issuer)) throw OrderDeskCommands.Unknown(order);
            var history = await center.Desk.HistoryAsync(order, cancellation);
            var keys = found is { State: OrderState.Issued, Card: { } card } && await center.Desk.CardAsync(card, cancellation) is { } issued
                ? await CardCommands.KeysOfAsync(issued, center, cancellation) : [];
            return await call.Answers.SayAsync(
                new { order = View(found), keys, history = history.Select(h => new { at = h.At.UtcDateTime, fence = h.Fence, change = h.Change, detail = h.Detail, state = h.State, progress = h.Progress }) },
                string.Join('\n', [Line(found), Details(found), .. keys.Select(key => $"  the card has keys {key}"), .. history.Select(h => $"  {h.At:u}  {h.State,-11} {h.Change}: {h.Detail}")]));
        });
    }

    private static object View(OrderView o) => new
    {
        order = o.Order.Value,
        issuer = o.Issuer?.Value,
        customer = o.Customer,
        sequence = o.Sequence,
        product = o.Product.ToString(),
        rewrite = o.Rewrite,
        branch = o.Branch?.Value,
        state = o.State,
        isLive = o.IsLive,
        voidOrdered = o.VoidOrdered,
        card = o.Card?.ToString(),
        progress = o.Progress,
        waitingRecord = o.WaitingRecord,
        fence = o.Fence,
        session = o.Session,
        terminal = o.Terminal?.Value,
        leaseUntil = o.LeaseUntil?.UtcDateTime,
        codeExpires = o.CodeExpires.UtcDateTime,
        codeSpent = o.CodeSpent,
        display = o.Display,
        imported = o.Imported.UtcDateTime,
        updated = o.Updated.UtcDateTime,
        ended = o.Ended?.UtcDateTime,
    };

    private static string Line(OrderView o) =>
        $"{o.Order}  {State(o)}  {o.Display}{(o.Issuer is { } issuer ? $"  issuer {issuer}" : "")}{(o.Branch is { } branch ? $"  for branch {branch}" : "")}  customer {o.Customer}/{o.Sequence}{(o.Rewrite is { } rewrite ? $"  rewrite {rewrite}" : "")}{(o.Card is { } card ? $"  card {card}" : "")}{(o.Terminal is { } terminal ? $"  at {terminal}" : "")}";

    private static string State(OrderView o) =>
        o.VoidOrdered ? $"{o.State} (void ordered, waits for the feed)" : o.State is OrderState.Issued && !o.IsLive ? "Issued (the feed is not told yet)" : o.State.ToString();

    private static string Details(OrderView o) => string.Create(CultureInfo.InvariantCulture,
        $"  records confirmed {o.Progress.Confirmed}, in doubt {o.Progress.InDoubt}, attempt {o.Progress.Attempt}; code until {o.CodeExpires:u}{(o.CodeSpent ? ", spent" : "")}; imported {o.Imported:u}");
}
