using System.CommandLine;
using CardIssue.CenterHost.Cli;
using CardIssue.CenterHost.Orders;
using CardIssue.Testing;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>product test</c>: issues a product's cards to virtual cards, rewrites them, and reads them back.</summary>
internal static class ProductTestCommand
{
    private static readonly OrderId MadeUp = new("made-up");

    public static Command Make(Shell shell)
    {
        var files = ProductCheckCommand.FilesArgument();
        var (orders, programs) = (ProductCheckCommand.OrdersOption(), ProgramFiles.Option());
        var cuts = new Option<bool>("--cuts")
        {
            Description = "Also cut the card's power at every command, before it and after it: is the same card issued whole?",
        };
        var (named, all) = (RewriteTrials.Named(), RewriteTrials.All());
        return shell.Command(
            "test",
            "Issues the product to virtual cards in this process, with a test key, in both key modes, and reads the cards back. "
            + "Without --orders it makes a customer up. It touches no center; what it keeps meanwhile is sealed, and deleted. "
            + "With --rewrite or --all the cards are rewritten, too.",
            [files, orders, programs, named, all, cuts],
            async (call, cancellation) =>
            {
                var known = await ProductSource.LoadAsync(call.Get(files)!, null, cancellation);
                var caps = ProgramFiles.Read(call.Get(programs)!);
                caps.Demand(known.FromFiles);
                var wanted = new RewriteTrials(call.Get(named)!, call.Get(all));
                wanted.Demand(known.FromFiles);
                var reading = call.Get(orders) is { } given ? OrderImportCommand.Read(given, known, null, caps.Programs) : null;
                List<FileMistake> mistakes = [.. known.Mistakes, .. reading is null ? [] : Mistakes.Of(reading)];
                if (mistakes.Count > 0) return await Mistakes.TellAsync(call, mistakes);
                var end = ExitCode.Ok;
                foreach (var product in known.FromFiles)
                {
                    IReadOnlyList<Customer> customers = reading?.Orders is not { } entries
                        ? [MadeUpCustomer(product.Product, wanted, caps.Programs)]
                        : [.. entries.Where(entry => entry.Product == product.Product.Name && entry.Rewrite is null)
                            .Select(entry => new Customer(entry.Order, entry.Fields, wanted.Of(entry, entries)))];
                    if (customers.Count == 0)
                    {
                        await call.Answers.WarnAsync($"{product.Record.Ref}: none of the orders issues a card of it: not tried.");
                        continue;
                    }
                    var tried = await TryAsync(call, product, caps, customers, call.Get(cuts), cancellation);
                    if (tried is not ExitCode.Ok) end = tried;
                    var untried = product.Product.Rewrites.Select(rewrite => rewrite.Name)
                        .Except(customers.SelectMany(customer => customer.Rewrites).Select(rewrite => rewrite.Rewrite)).ToList();
                    if (untried.Count > 0)
                        await call.Answers.WarnAsync($"{product.Record.Ref}: rewrites are not tried here: {string.Join(", ", untried)}.");
                }
                return end;
            });
    }

    /// <exception cref="CommandException">Nobody can make up what the product asks for.</exception>
    private static Customer MadeUpCustomer(CardProduct product, RewriteTrials wanted, CardPrograms programs)
    {
        const string Give = "Give orders for it with --orders.";
        if (MadeUpFields.For(product) is not { } fields)
            throw new CommandException(ExitCode.Usage, $"The product takes ready-made data. {Give}");
        var made = CardPlan.Create(product, fields, programs);
        if (made.Plan is not null) return new Customer(MadeUp, fields, wanted.MadeUp(MadeUp, product, programs));
        var why = made.Errors[0];
        throw new CommandException(ExitCode.Usage, $"No customer can be made up for this product: {why.Field} {why.Message}. {Give}");
    }

    private static async Task<ExitCode> TryAsync(
        Call call, KnownProduct known, ProgramFiles programs, IReadOnlyList<Customer> customers, bool cuts, CancellationToken cancellation)
    {
        await using var trial = await ProductTrial.OpenAsync(known.Product, programs.Files, cancellation);
        var (count, failed) = (0, 0);
        foreach (var mode in Modes(known.Product.Mode))
        {
            if (ProductTrial.In(mode, known.Record.Body) is not var (product, body))
            {
                await call.Answers.WarnAsync($"The product makes none in {mode} mode: not tried.");
                continue;
            }
            foreach (var (order, fields, rewrites) in customers)
            {
                var results = await trial.TryAsync(product, body, (order, fields), rewrites, null, cancellation);
                foreach (var result in results) await TellAsync(result);
                for (var i = 0; cuts && i < results.Count && results[i].IsGood; i++)
                    foreach (var cut in Cuts(results[i].Commands))
                        await TellAsync((await trial.TryAsync(product, body, (order, fields), [.. rewrites.Take(i)], cut, cancellation))[^1]);
            }
        }
        var good = $"{known.Record.Ref}: all {count} virtual cards hold what was sent.";
        if (failed == 0) return await call.Answers.SayAsync(new { ok = true, cards = count }, good);
        var error = $"{known.Record.Ref}: {failed} of {count} virtual cards are not issued, or do not hold what was sent.";
        await call.Answers.WarnAsync(error);
        if (call.Answers.IsJson) await call.Answers.SayAsync(new { ok = false, exitCode = (int)ExitCode.Failed, error }, "");
        return ExitCode.Failed;

        async Task TellAsync(TrialResult result)
        {
            count++;
            if (!result.IsGood) failed++;
            await call.Answers.SayAsync(Json(result), Text(result));
        }
    }

    /// <summary>Before and after each command.</summary>
    private static IEnumerable<PowerCut> Cuts(int commands) =>
        Enum.GetValues<CutMoment>().SelectMany(moment => Enumerable.Range(1, commands).Select(at => new PowerCut(at, moment)));

    /// <summary>Whose card is tried, and what is done to it afterwards.</summary>
    private sealed record Customer(OrderId Order, IReadOnlyDictionary<string, string> Fields, IReadOnlyList<TrialRewrite> Rewrites);

    /// <summary>The product's own first.</summary>
    private static IEnumerable<KeyMode> Modes(KeyMode own) => Enum.GetValues<KeyMode>().OrderBy(mode => mode != own);

    private static object Json(TrialResult result) => new
    {
        mode = result.Mode, order = result.Order.Value, rewrite = result.Rewrite, cutAt = result.Cut?.AtCommand, cutMoment = result.Cut?.Moment,
        issued = result.IsIssued, ending = result.Ending,
        steps = result.Steps,
        card = new
        {
            application = result.Card.Application, lifeCycle = result.Card.LifeCycle, asSent = result.Card.IsAsSent,
            items = result.Card.Items.Select(item => new { what = item.What, length = item.Length, asSent = item.AsSent }),
        },
    };

    /// <summary>What went well after a cut is one line.</summary>
    private static string Text(TrialResult result)
    {
        var where = result.Cut is { } cut ? $", power cut at command {cut.AtCommand}, {cut.Moment}" : "";
        var which = result.Rewrite is { } rewrite ? $", rewrite {rewrite}" : "";
        var head = $"{result.Order}{which}, {result.Mode}{where}: {result.Ending}";
        if (result.Cut is not null && result.IsGood) return head;
        var what = result.Card.Application is { } aid ? $"application {aid}, state" : "the security domain, card state";
        return string.Join('\n', [
            head,
            .. result.Steps.Select(step => $"    {step}"),
            $"  on the card: {what} {result.Card.LifeCycle}",
            .. result.Card.Items.Select(item => $"    {item.What}: {Length(item)}, {(item.AsSent ? "as sent" : "NOT AS SENT")}"),
        ]);

        static string Length(ReadItem item) => item.Length is { } length ? $"{length} bytes" : "is not there";
    }
}
