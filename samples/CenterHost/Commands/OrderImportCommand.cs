using System.CommandLine;
using System.Globalization;
using System.Text;
using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Cli;
using CardIssue.CenterHost.Orders;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>order import</c>: takes in products and orders, all or none; what was cut goes on when the same command is given again.</summary>
internal static class OrderImportCommand
{
    private const int OrdersBetween = 1_000;

    public static Option<int> CodeDays() => NumberOption.Of("--code-days", "How many days an issue code is good for.", 1, 3_650, 30);

    public static Option<string?> Codes() => new("--codes") { Description = "A new file for the issue codes that are made here; only its owner can read it.", HelpName = "FILE" };

    public static Command Make(Shell shell)
    {
        var products = new Option<FileInfo[]>("--product") { Description = "A product's file; may be given several times. Products that the center has need none.", DefaultValueFactory = _ => [] };
        var orders = new Option<FileInfo>("--orders")
        {
            Description = "The orders' file: JSON, JSON lines or CSV. JSON in one piece has 10,000 orders at most, the others as many as you like.", Required = true,
        };
        var form = new Option<string?>("--form") { Description = "json, jsonl or csv; when left out, what the file's name ends with.", HelpName = "FORM" };
        form.AcceptOnlyFromAmong("json", "jsonl", "csv");
        var csv = new Option<string?>("--for")
        {
            Description = "The product that a CSV file's orders are for; when left out, the only one that names columns.", HelpName = "PRODUCT",
        };
        var issuer = new Option<string?>("--issuer") { Description = "The issuer whose orders all of them must be; when left out, those of whichever issuers' products they are.", HelpName = "NAME" };
        var allowCbc = new Option<bool>("--allow-cbc") { Description = "Takes a file, too, that is encrypted so that a change does not show (AES-256-CBC)." };
        var (days, codes) = (CodeDays(), Codes());
        const string About = "Takes in products and orders: all, or none. Given again it goes on where it was cut.";
        return shell.Command("import", About, [products, orders, form, csv, issuer, allowCbc, days, codes], async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            var known = await ProductSource.LoadAsync(call.Get(products)!, center, cancellation);
            using var input = OrdersInput.Open(call.Get(orders)!, FormOf(call.Get(form)), center.Vault, call.Get(allowCbc));
            using var made = new IssueCodes(call.Get(codes), center.IssueCodes, goesOn: true);
            using var spool = new OrderSpool(call.Directory);
            var import = new Import(call, center, known, made, new OrderIntake(center.Vault, center.Desk, made, DateTimeOffset.UtcNow.AddDays(call.Get(days))));
            return await import.RunAsync(input, spool, call.Get(csv), await center.IssuerOfAsync(call.Get(issuer), cancellation), call.Get(codes), cancellation);
        });
    }

    /// <summary>Reads an orders file that is not taken in as a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="products">What they may be for.</param>
    /// <param name="center">Where they are to be taken in.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public static async Task<OrdersReading> ReadAsync(FileInfo file, ProductSource products, OpenCenter center, CancellationToken cancellation) =>
        Read(file, products, center.IssueCodes, await products.ProgramsAsync(center.Programs, cancellation), center.Vault);

    /// <summary>Reads an orders file that is not taken in as a file: <see cref="OrdersFile.MaxOrders"/> at most.</summary>
    /// <param name="file">The file.</param>
    /// <param name="products">What they may be for.</param>
    /// <param name="codes">What issue codes must be; null for what they must be where no center says otherwise.</param>
    /// <param name="programs">The programs that there are.</param>
    /// <param name="keys">Open what is encrypted; null without a center.</param>
    public static OrdersReading Read(FileInfo file, ProductSource products, IssueCodeRule? codes, CardPrograms programs, IOrderFileKeys? keys = null)
    {
        using var input = OrdersInput.Open(file, keys: keys);
        var reading = new OrdersStream(input.Content, input.Form, OrdersInput.Context(input.Form, products, codes, programs, keys)).ReadAll(input.Source);
        input.Finish();
        return reading;
    }

    private static OrdersForm? FormOf(string? name) => name switch
    {
        "json" => OrdersForm.Json,
        "jsonl" => OrdersForm.JsonLines,
        "csv" => OrdersForm.Csv,
        _ => null,
    };

    /// <summary>One import.</summary>
    private sealed class Import(Call call, OpenCenter center, ProductSource known, IssueCodes made, OrderIntake intake)
    {
        private const string TakenIn = "taken in";

        private readonly ImportProgress _progress = new(call.Answers);
        private readonly HashSet<(string Product, string? Rewrite)> _named = [];
        private readonly List<FileMistake> _mistakes = [.. known.Mistakes];
        private readonly List<FileMistake> _cards = [];
        private long _more, _moreCards;

        public async Task<ExitCode> RunAsync(OrdersInput input, OrderSpool spool, string? csv, IssuerId? issuer, string? codes, CancellationToken cancellation)
        {
            try
            {
                await CheckAsync(input, spool, csv, cancellation);
            }
            catch (OrderEnvelopeException) when (!input.ShowsChanges)
            {
                throw new CommandException(ExitCode.Usage, Unclear(input));
            }
            input.Finish();
            if (_mistakes.Count > 0 && !input.ShowsChanges) throw new CommandException(ExitCode.Usage, Unclear(input));
            if (_mistakes.Count > 0) return await Mistakes.TellAsync(call, _mistakes, _more);
            if (ProductLacks.OfOwnKeys(center.Vault, known.FromFiles, known, _named).FirstOrDefault() is { } lack)
                throw new CommandException(ExitCode.Refused, $"{lack} Nothing was taken in.");
            if (_cards.Count > 0) return await Mistakes.TellAsync(call, _cards, _moreCards, ExitCode.Refused);
            var import = new OrderFileImport(center.Database);
            var digest = ByteString.Own(center.Vault.Hmac([.. "CardIssue order file v1\0"u8, .. input.Digest()]));
            var before = await import.FindAsync(digest, cancellation);
            if (before is { IsWhole: true }) throw Known(input, before);
            made.CheckEarlier(isBegun: before is not null);
            var used = known.FromFiles.Concat(_named.Select(of => known.Find(of.Product)!)).Distinct().ToList();
            foreach (var lacking in used.SelectMany(product => ProductLacks.Of(center.Vault, product).Select(text => (product.Product.Name, text))))
                await call.Answers.WarnAsync($"Product {lacking.Name} can't be issued yet: {lacking.text} See key begin.");
            await AccountDigests.FillInAsync(center.Database, center.Vault, cancellation);
            _progress.Doing = "compared with the store";
            var coming = new ComingOrders(Path.GetFileName(input.Source), digest, [.. used.Select(product => product.Record)],
                spool.Read().Select(order => intake.Coming(order, known.Find(order.Product)!)))
            {
                Issuer = issuer, Content = ContentOf(spool, used), Progress = _progress, Beginning = () => Begin(before?.Taken ?? 0),
            };
            var outcome = await RunAsync(import, coming, input, cancellation);
            if (outcome.Imported == 0) made.Keep(false);
            if (outcome.Before is { } taken) throw Known(input, taken);
            if (outcome.Refusals.Count > 0) return await RefuseAsync(input, outcome);
            return await call.Answers.SayAsync(
                new { ok = true, orders = outcome.Imported, products = used.Select(product => product.Record.Ref.ToString()), codes = made.Count, codesFile = made.Count > 0 ? codes : null },
                $"{outcome.Imported} orders are in, for {string.Join(", ", used.Select(product => product.Record.Ref))}.{(made.Count > 0 ? $" {made.Count} issue codes are in {codes}; hand them to the customers and destroy the file." : "")}");
        }

        /// <summary>What a cut import must have again: the orders as they were read, with their codes, and their products.</summary>
        private ByteString ContentOf(OrderSpool spool, IEnumerable<KnownProduct> used)
        {
            var products = string.Join('\0', used.Select(product => product.Record.Ref.ToString()).Order(StringComparer.Ordinal));
            return ByteString.Own(center.Vault.Hmac([.. "CardIssue orders of a file v1\0"u8, .. spool.Digest(), .. Encoding.UTF8.GetBytes(products)]));
        }

        /// <summary>From here on orders are in, or may be, and their codes count.</summary>
        private void Begin(long taken)
        {
            made.Flush();
            made.Keep();
            (_progress.Doing, _progress.Count) = (TakenIn, taken);
        }

        /// <summary>Whatever cuts it, how far it is, is told.</summary>
        private async Task<OrderFileOutcome> RunAsync(OrderFileImport import, ComingOrders coming, OrdersInput input, CancellationToken cancellation)
        {
            try
            {
                return await import.RunAsync(coming, center.By, cancellation);
            }
            catch (Exception cut) when (cut is OperationCanceledException or StoreException)
            {
                if (_progress is { Doing: TakenIn, Count: > 0 })
                {
                    await call.Answers.WarnAsync(string.Create(CultureInfo.InvariantCulture,
                        $"The first {_progress.Count} orders of {input.Source} are in; the same command takes in the others."));
                }
                else made.Keep(cut is StoreException { MayBeSaved: true });
                throw;
            }
        }

        /// <summary>Reads all of the file, and keeps what has no mistake until the last one is known.</summary>
        private async Task CheckAsync(OrdersInput input, OrderSpool spool, string? csv, CancellationToken cancellation)
        {
            // Whose columns they are, a product says that was read.
            if (input.Form == OrdersForm.Csv && known.Mistakes.Count > 0) return;
            var programs = await known.ProgramsAsync(center.Programs, cancellation);
            var stream = new OrdersStream(input.Content, input.Form, OrdersInput.Context(input.Form, known, center.IssueCodes, programs, center.Vault, csv));
            foreach (var entry in stream.Read())
            {
                cancellation.ThrowIfCancellationRequested();
                if (stream.Count % OrdersBetween == 0) _progress.Report(stream.Count);
                // What is not taken in needs no code.
                if (_mistakes.Count > 0 || stream.MistakeCount > 0) continue;
                _named.Add((entry.Product, entry.Rewrite?.Name));
                var (order, refusal) = await intake.TakeAsync(entry, known.Find(entry.Product)!.Issuer, cancellation);
                if (order is not null) spool.Add(order);
                else if (_cards.Count == OrderFileImport.MaxRefusals) _moreCards++;
                else
                    _cards.Add(new FileMistake(input.Source, new JsonMistake(entry.Line, entry.Column, $"order {entry.Order}", $"{refusal}.")));
            }
            var found = stream.Mistakes;
            _more = stream.MistakeCount - found.Count;
            _mistakes.AddRange(found.Select(mistake => new FileMistake(input.Source, mistake)));
        }

        /// <summary>Tells of every order that the store would not take, with its place in the file.</summary>
        private async Task<ExitCode> RefuseAsync(OrdersInput input, OrderFileOutcome outcome)
        {
            if (outcome.Refusals[0] is { Order: null } whole)
                throw new CommandException(ExitCode.Refused, $"Nothing {(outcome.Imported > 0 ? "more " : "")}was taken in: {whole.Message}.");
            return await Mistakes.TellAsync(call, [.. outcome.Refusals.Select(refusal => new FileMistake(
                input.Source, new JsonMistake(refusal.Line, refusal.Column, $"order {refusal.Order}", $"{refusal.Message}.")))],
                outcome.More, ExitCode.Refused, outcome.Imported);
        }

        /// <summary>The same for a wrong padding and for wrong orders: who changes the file bit by bit learns from neither.</summary>
        private static string Unclear(OrdersInput input) =>
            $"{input.Source} does not open, or its orders have mistakes: of a file whose encryption shows no change it is not told which. "
            + "Encrypt it with -aes-256-gcm to be told. Nothing was taken in.";

        private static CommandException Known(OrdersInput input, TakenFile before) => new(ExitCode.Refused, string.Create(CultureInfo.InvariantCulture,
            $"{input.Source} was taken in already: {before.Orders} orders, as {before.File}, by {before.By} at {before.At:u}. Nothing was taken in again."));
    }
}
