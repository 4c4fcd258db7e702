using System.CommandLine;
using CardIssue.CenterHost.Cli;
using CardIssue.CenterHost.Orders;
using CardIssue.Core.Cards.Products;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>product check</c>: all that import, or issuing, would refuse.</summary>
internal static class ProductCheckCommand
{
    public static Command Make(Shell shell)
    {
        var files = FilesArgument();
        var (orders, programs) = (OrdersOption(), ProgramFiles.Option());
        return shell.Command(
            "check",
            "Says what order import and issuing would refuse of a product; nothing is taken in. "
            + "Without --data it looks into no center, and says what it did not check.",
            [files, orders, programs],
            async (call, cancellation) =>
            {
                var given = ProgramFiles.Read(call.Get(programs)!);
                if (call.NamesCenter && given.Files.Count > 0)
                    throw new CommandException(ExitCode.Usage, "A center has its own programs: leave out --program, or --data.");
                await using var center = call.NamesCenter ? await call.OpenAsync(cancellation) : null;
                var known = await ProductSource.LoadAsync(call.Get(files)!, center, cancellation);
                var mistakes = known.Mistakes.ToList();
                if (center is null && (given.Files.Count > 0 || call.Get(orders) is not null)) given.Demand(known.FromFiles);
                var caps = center is null ? given.Programs : await known.ProgramsAsync(center.Programs, cancellation);
                var reading = call.Get(orders) is { } file ? OrderImportCommand.Read(file, known, center?.IssueCodes, caps) : null;
                if (reading is not null) mistakes.AddRange(Mistakes.Of(reading));
                var lacks = center is null ? [] : await LacksAsync(center, known.FromFiles, caps, cancellation);
                if (center is not null && reading?.Orders is { } entries)
                    lacks.AddRange(ProductLacks.OfOwnKeys(center.Vault, [], known,
                        entries.Where(entry => entry.Rewrite is not null).Select(entry => (entry.Product, entry.Rewrite?.Name))));
                // Of a center that lacks something, the end says it.
                if (mistakes.Count > 0)
                    foreach (var lack in lacks) await call.Answers.WarnAsync(lack);
                if (mistakes.Count > 0) return await Mistakes.TellAsync(call, mistakes);
                foreach (var product in known.FromFiles)
                {
                    List<string> notChecked = center is null ? [.. ProductLacks.NotChecked(product, given)] : [];
                    await TellAsync(call, product, notChecked, lacks.Count == 0);
                }
                return lacks.Count == 0 ? ExitCode.Ok
                    : throw new CommandException(ExitCode.Refused, $"The center can't issue it: {string.Join(" ", lacks)}");
            });
    }

    /// <summary>One product, or several.</summary>
    public static Argument<FileInfo[]> FilesArgument() => new("FILE")
    {
        Description = "The product's file; several, where orders are for several.", Arity = ArgumentArity.OneOrMore,
    };

    public static Option<FileInfo?> OrdersOption() => new("--orders") { Description = "A file with orders for it.", HelpName = "FILE" };

    private static async Task<List<string>> LacksAsync(
        OpenCenter center, IEnumerable<KnownProduct> products, CardPrograms programs, CancellationToken cancellation)
    {
        var lacks = new List<string>();
        foreach (var product in products)
        {
            lacks.AddRange(ProductLacks.Of(center.Vault, product));
            lacks.AddRange(ProgramRules.Check(product.Product, programs).Select(fault => $"{product.Record.Ref}: {fault.Message}."));
            if (await ProductLacks.ClashAsync(center, product, cancellation) is { } clash) lacks.Add(clash);
        }
        return lacks;
    }

    private static async Task TellAsync(Call call, KnownProduct known, List<string> notChecked, bool ok)
    {
        var product = known.Product;
        var remarks = ProductRemarks.Of(product);
        var end = ok ? "is in order" : "has no mistake in itself";
        await call.Answers.SayAsync(
            new
            {
                ok, product = product.Name, version = product.Version, mode = product.Mode, records = product.Records.Count,
                remarks, notChecked,
            },
            string.Join('\n', [
                $"{product.Name}/{product.Version} {end}: {product.Records.Count} records, {product.Mode}.",
                .. remarks.Select(remark => $"  But: {remark}"),
                .. notChecked.Select(what => $"  Not checked without a center (--data DIR): {what}."),
            ]));
    }
}
