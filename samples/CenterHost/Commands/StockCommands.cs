using System.CommandLine;
using System.Globalization;
using CardIssue.Center.Orders;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>stock</c>: blank cards at the terminals.</summary>
internal static class StockCommands
{
    public static Command Make(Shell shell) => Shell.Group("stock", "Stocks of blank cards at the terminals: kept where cards were delivered; what is used the registry of cards says.",
        Deliver(shell), Scrap(shell), Count(shell), List(shell));

    private static Option<string> Terminal(string name) => new(name) { Description = "The terminal.", HelpName = "T", Required = true };

    private static Option<string> Product() => new("--product") { Description = "The product that the cards are for, by name.", HelpName = "NAME", Required = true };

    private static Option<long?> First() => new("--from") { Description = "The number that is printed on the first; leave it out for cards without numbers.", HelpName = "N" };

    private static Option<int> Number(string description, int least) => NumberOption.Required("--count", description, least, (int)CardStock.MaxCount);

    private static Command Deliver(Shell shell)
    {
        var (to, product, first, count) = (Terminal("--to"), Product(), First(), Number("How many cards.", 1));
        var note = new Option<string?>("--note") { Description = "Kept with it." };
        return shell.Command("deliver", "Enters cards that were delivered to a terminal.", [to, product, first, count, note], (call, cancellation) => MoveAsync(call,
            new StockMove(new TerminalId(call.Get(to)!), call.Get(product)!, StockMoveKind.Delivered, call.Get(count), call.Get(first), call.Get(note) ?? ""), cancellation));
    }

    private static Command Scrap(Shell shell)
    {
        var (at, product, first, count, reason) = (Terminal("--at"), Product(), First(), Number("How many cards.", 1), OrderDeskCommands.Reason());
        return shell.Command("scrap", "Enters cards that are no good, or were destroyed.", [at, product, first, count, reason], (call, cancellation) => MoveAsync(call,
            new StockMove(new TerminalId(call.Get(at)!), call.Get(product)!, StockMoveKind.Scrapped, call.Get(count), call.Get(first), call.Get(reason)!), cancellation));
    }

    private static Command Count(Shell shell)
    {
        var (at, product, count) = (Terminal("--at"), Product(), Number("How many blank cards are there.", 0));
        return shell.Command("count", "Enters how many cards were found when somebody counted; what is missing then is told.", [at, product, count], (call, cancellation) => MoveAsync(call,
            new StockMove(new TerminalId(call.Get(at)!), call.Get(product)!, StockMoveKind.Counted, call.Get(count)), cancellation));
    }

    private static Command List(Shell shell)
    {
        var list = new ListOptions("stock");
        var terminal = ListFilters.Terminal("those of");
        var branch = ListFilters.Branch("those of");
        var missing = new Option<bool>("--missing") { Description = "Only those of which cards were missing, or too many, when they were counted last." };
        return shell.Command("list", "Lists the stocks: delivered, used, scrapped, and what was missing.", list.With(terminal, branch, missing), async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            var of = ListFilters.Branch(call, branch);
            var there = of is null ? null : (await center.Terminals.ListAsync(cancellation)).Where(it => it.Branch == of).Select(it => it.Terminal).ToHashSet();
            var stocks = list.Of(call, await new CardStock(center.Database).ReportAsync(cancellation), it => $"{it.Terminal}/{it.Product}",
                it => (call.Get(terminal) is not { } name || it.Terminal.Value == name) && there?.Contains(it.Terminal) is not false && (!call.Get(missing) || it.Missing is not (null or 0)));
            return await call.Answers.ListAsync(stocks, View, Line, "No stocks; enter one with stock deliver.");
        });
    }

    private static async Task<ExitCode> MoveAsync(Call call, StockMove move, CancellationToken cancellation)
    {
        await using var center = await call.OpenAsync(cancellation);
        var stock = new CardStock(center.Database);
        var outcome = await stock.MoveAsync(move, center.By, cancellation);
        if (outcome is not StockOutcome.Done) throw new CommandException(outcome is StockOutcome.NotFound or StockOutcome.DoesNotFit ? ExitCode.Usage : ExitCode.Refused, Why(outcome, move));
        var now = (await stock.ReportAsync(cancellation)).Single(it => it.Terminal == move.Terminal && it.Product == move.Product);
        return await call.Answers.SayAsync(View(now), Line(now));
    }

    private static string Why(StockOutcome outcome, StockMove move) => "Nothing was entered: " + outcome switch
    {
        StockOutcome.Done => "done.",
        StockOutcome.NotAllowed => "your account has not the role for it.",
        StockOutcome.NotFound => $"there is no terminal {move.Terminal} that has enrolled, or no product {move.Product}; see terminal list, product list.",
        StockOutcome.Overlaps => "some of these numbers are in the books so already.",
        StockOutcome.NotThere => $"so many cards, or these numbers, are not at {move.Terminal} by the books; see stock list.",
        StockOutcome.DoesNotFit => "the number, the count or the reason is out of range.",
    };

    private static object View(StockReport it) => new
    {
        terminal = it.Terminal.Value, product = it.Product, delivered = it.Delivered, used = it.Used, scrapped = it.Scrapped, expected = it.Expected,
        counted = it.Counted, countedAt = it.CountedAt?.UtcDateTime, missing = it.Missing,
    };

    private static string Line(StockReport it) => string.Create(CultureInfo.InvariantCulture,
        $"{it.Terminal}/{it.Product}  delivered {it.Delivered}, used {it.Used}, scrapped {it.Scrapped}: {it.Expected} should be there")
        + (it.Missing is { } missing ? string.Create(CultureInfo.InvariantCulture, $"; counted {it.CountedAt:u}: {it.Counted}, {(missing < 0 ? $"{-missing} too many" : $"missing {missing}")}") : "");
}
