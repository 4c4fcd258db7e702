using System.CommandLine;
using CardIssue.Center.Orders;
using CardIssue.Center.Products;
using CardIssue.CenterHost.Cli;
using CardIssue.CenterHost.Orders;
using CardIssue.Core.Cards.Products.Preview;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>product preview</c>: the commands that a customer's card would get.</summary>
internal static class ProductPreviewCommand
{
    public static Command Make(Shell shell)
    {
        var files = new Argument<FileInfo[]>("FILE")
        {
            Description = "A product's file, for orders that are not imported yet; several, where the orders are for several.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var orders = ProductCheckCommand.OrdersOption();
        var order = new Option<string?>("--order")
        {
            Description = "The order: of the center, or with a FILE the one of its orders; all of them when left out.", HelpName = "ORDER",
        };
        var programs = ProgramFiles.Option();
        return shell.Command(
            "preview",
            "Shows the commands that a customer's card would get, before secure messaging, with what is secret hidden. "
            + "Who looks at an order of the center is in its log.",
            [files, orders, order, programs],
            (call, cancellation) => (call.Get(files), call.Get(orders), call.Get(order), call.Get(programs)!) switch
            {
                ([], null, { } id, []) => OfCenterAsync(call, new OrderId(id), cancellation),
                ([_, ..] products, { } entries, var id, var caps) => OfFilesAsync(call, products, entries, id, ProgramFiles.Read(caps)),
                _ => throw new CommandException(ExitCode.Usage,
                    "Name an order of the center with --order, or a product's FILE and --orders, with --program where it loads programs."),
            });
    }

    private static async Task<ExitCode> OfCenterAsync(Call call, OrderId order, CancellationToken cancellation)
    {
        await using var center = await call.OpenAsync(cancellation);
        switch (await center.Previews.OfAsync(order, center.By, cancellation))
        {
            case OrderPreview.Shown shown:
                if (shown.Lack is { } lack) await call.Answers.WarnAsync($"The card can't be opened yet: {lack}");
                return await TellAsync(call, order, shown.Product.Ref, shown.Rewrite, shown.Branch, shown.Commands);
            case OrderPreview.Refused { Outcome: DeskOutcome.NotFound }: throw OrderDeskCommands.Unknown(order);
            case OrderPreview.Refused refused:
                throw new CommandException(ExitCode.Refused, $"Order {order} can't be written: {refused.Why}.");
            case var other: throw new InvalidOperationException($"No one tells {other.GetType().Name}.");
        }
    }

    /// <summary>Nobody's name is asked for: whoever has the files sees all that is in them.</summary>
    private static async Task<ExitCode> OfFilesAsync(Call call, FileInfo[] files, FileInfo orders, string? only, ProgramFiles programs)
    {
        var known = await ProductSource.LoadAsync(files, null, CancellationToken.None);
        programs.Demand(known.FromFiles);
        var reading = OrderImportCommand.Read(orders, known, null, programs.Programs);
        if (reading.Orders is not { } entries || known.Mistakes.Count > 0)
            return await Mistakes.TellAsync(call, [.. known.Mistakes, .. Mistakes.Of(reading)]);
        var wanted = only is null ? entries : [.. entries.Where(entry => entry.Order.Value == only)];
        if (wanted.Count == 0) throw new CommandException(ExitCode.Usage, $"{orders} has no order {only}.");
        foreach (var entry in wanted)
        {
            var product = known.Find(entry.Product)!;
            var rewrite = entry.Rewrite?.Name;
            var written = rewrite is null ? product.Product : product.Product.Rewrite(rewrite)!;
            var preview = CardPreview.Of(written, entry.Fields, programs.Programs).Preview!;
            await TellAsync(call, entry.Order, product.Record.Ref, rewrite, entry.Branch, preview);
        }
        return ExitCode.Ok;
    }

    private static Task<ExitCode> TellAsync(
        Call call, OrderId order, ProductRef product, string? rewrite, BranchId? branch, CardPreview preview) => call.Answers.SayAsync(
        new
        {
            order = order.Value,
            product = product.ToString(),
            rewrite,
            branch = branch?.Value,
            mode = preview.Product.Mode,
            protocol = PreviewText.Protocol(preview.Product),
            securityLevel = PreviewText.Level(preview.Product),
            scripts = preview.Scripts.Select(script => new
            {
                script = script.Kind, record = script.Record, name = script.Name, onlyInDoubt = script.OnlyInDoubt, proof = script.Proof,
                repeat = script.Repeat, restartAt = script.RestartAt,
                commands = script.Commands.Select(command => new
                {
                    name = command.Name, header = command.Header, length = command.Length, data = command.Data, le = command.Le,
                }),
            }),
        },
        PreviewText.Of(order, product, rewrite, branch, preview));
}
