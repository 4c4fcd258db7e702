using System.CommandLine;
using CardIssue.Center.Orders;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Cli;
using CardIssue.CenterHost.Orders;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Json;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>order import</c>: takes in products and orders, all or none.</summary>
internal static class OrderImportCommand
{
    /// <summary>The largest orders file (<see cref="OrdersFile"/>).</summary>
    public const int MaxFile = 16 * 1024 * 1024;

    public static Option<int> CodeDays() => NumberOption.Of("--code-days", "How many days an issue code is good for.", 1, 3_650, 30);

    public static Option<string?> Codes() => new("--codes") { Description = "A new file for the issue codes that are made here; only its owner can read it.", HelpName = "FILE" };

    public static Command Make(Shell shell)
    {
        var products = new Option<FileInfo[]>("--product") { Description = "A product's file; may be given several times. Products that the center has need none.", DefaultValueFactory = _ => [] };
        var orders = new Option<FileInfo>("--orders") { Description = "The orders' file.", Required = true };
        var (days, codes) = (CodeDays(), Codes());
        return shell.Command("import", "Takes in products and orders: all, or none.", [products, orders, days, codes], async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            var known = await ProductSource.LoadAsync(call.Get(products)!, center.Products, cancellation);
            var reading = await ReadAsync(call.Get(orders)!, known, center, cancellation);
            if (reading.Orders is not { } entries || known.Mistakes.Count > 0) return await Mistakes.TellAsync(call, [.. known.Mistakes, .. Mistakes.Of(reading)]);
            if (ProductLacks.OfOwnKeys(center.Vault, known.FromFiles, known, entries).FirstOrDefault() is { } lack)
                throw new CommandException(ExitCode.Refused, $"{lack} Nothing was taken in.");
            var made = new IssueCodes(call.Get(codes), center.IssueCodes);
            var batches = await BatchesAsync(new OrderIntake(center.Vault, center.Desk, made, DateTimeOffset.UtcNow.AddDays(call.Get(days))), entries, known, cancellation);
            await WarnOfLacksAsync(call, center.Vault, [.. batches.Select(batch => known.Find(batch.Product.Ref.Name)!)]);
            await AccountDigests.FillInAsync(center.Database, center.Vault, cancellation);
            var takeBack = await made.WriteAsync(cancellation);
            ImportOutcome outcome;
            try
            {
                outcome = await center.Orders.ImportAsync(batches, center.By, cancellation);
            }
            catch
            {
                takeBack();
                throw;
            }
            if (outcome.Refusals.Count > 0)
            {
                takeBack();
                return await RefuseAsync(call, call.Get(orders)!, entries, outcome);
            }
            return await call.Answers.SayAsync(
                new { ok = true, orders = outcome.Imported, products = batches.Select(batch => batch.Product.Ref.ToString()), codes = made.Count, codesFile = made.Count > 0 ? call.Get(codes) : null },
                $"{outcome.Imported} orders are in, for {string.Join(", ", batches.Select(batch => batch.Product.Ref))}.{(made.Count > 0 ? $" {made.Count} issue codes are in {call.Get(codes)}; hand them to the customers and destroy the file." : "")}");
        });
    }

    /// <summary>Reads an orders file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="products">What they may be for.</param>
    /// <param name="center">Where they are to be taken in.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public static async Task<OrdersReading> ReadAsync(FileInfo file, ProductSource products, OpenCenter center, CancellationToken cancellation) =>
        Read(file, products, center.IssueCodes, await products.ProgramsAsync(center.Programs, cancellation));

    /// <summary>Reads an orders file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="products">What they may be for.</param>
    /// <param name="codes">What issue codes must be; null for what they must be where no center says otherwise.</param>
    /// <param name="programs">The programs that there are.</param>
    public static OrdersReading Read(FileInfo file, ProductSource products, IssueCodeRule? codes, CardPrograms programs) =>
        OrdersFile.Read(InputFile.ReadAll(file.ToString(), MaxFile), file.ToString(), name => products.Find(name)?.Product, codes, programs);

    /// <summary>Tells of every order that the store would not take, with its place in the file.</summary>
    private static async Task<ExitCode> RefuseAsync(Call call, FileInfo file, IReadOnlyList<OrderEntry> entries, ImportOutcome outcome)
    {
        var places = entries.ToDictionary(entry => entry.Order);
        var mistakes = new List<FileMistake>();
        foreach (var refusal in outcome.Refusals)
        {
            if (refusal.Order is not { } order) throw new CommandException(ExitCode.Refused, $"Nothing was taken in: {refusal}.");
            var entry = places[order];
            mistakes.Add(new FileMistake(file.ToString(), new JsonMistake(entry.Line, entry.Column, $"order {order}", $"{refusal.Message}.")));
        }
        return await Mistakes.TellAsync(call, [.. mistakes.OrderBy(mistake => mistake.Mistake.Line)], ExitCode.Refused);
    }

    private static async Task<List<ImportBatch>> BatchesAsync(OrderIntake intake, IReadOnlyList<OrderEntry> entries, ProductSource known, CancellationToken cancellation)
    {
        var orders = known.FromFiles.ToDictionary(product => product, _ => new List<NewOrder>());
        foreach (var entry in entries)
        {
            var product = known.Find(entry.Product)!;
            if (!orders.TryGetValue(product, out var ofProduct)) orders.Add(product, ofProduct = []);
            ofProduct.Add(await intake.TakeAsync(entry, product, cancellation));
        }
        return [.. orders.Select(pair => new ImportBatch(pair.Key.Record, pair.Value))];
    }

    private static async Task WarnOfLacksAsync(Call call, IKeyVault vault, IReadOnlyList<KnownProduct> products)
    {
        foreach (var known in products)
            foreach (var lack in ProductLacks.Of(vault, known))
                await call.Answers.WarnAsync($"Product {known.Product.Name} can't be issued yet: {lack} See key begin.");
    }
}
