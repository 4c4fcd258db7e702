using System.Text;
using System.Text.Json.Nodes;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Cards.Programs;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Relay;
using CardIssue.Testing.Cards;

namespace CardIssue.Testing;

/// <summary>How the trial of an order went.</summary>
/// <param name="Mode">In which key mode.</param>
/// <param name="Order">The order; of made-up fields its number is "made-up".</param>
/// <param name="Rewrite">Which rewrite of the card; null for its issue.</param>
/// <param name="Cut">Where the card's power was cut; null for nowhere.</param>
/// <param name="IsIssued">Whether the card was issued.</param>
/// <param name="Ending">How it ended, in a word or a few.</param>
/// <param name="Steps">All that the terminal's operator would have seen.</param>
/// <param name="Card">What is on the card now.</param>
/// <param name="Commands">How many commands the card got.</param>
public sealed record TrialResult(
    KeyMode Mode,
    OrderId Order,
    string? Rewrite,
    PowerCut? Cut,
    bool IsIssued,
    string Ending,
    IReadOnlyList<string> Steps,
    ReadBack Card,
    int Commands)
{
    /// <summary>Whether the card is what the order says.</summary>
    public bool IsGood => IsIssued && Card.IsAsSent;
}

/// <summary>Something that is done to a card after it was issued.</summary>
/// <param name="Order">The order; of made-up fields its number is "made-up".</param>
/// <param name="Rewrite">Which of the product's rewrites.</param>
/// <param name="Fields">The customer's fields.</param>
public sealed record TrialRewrite(OrderId Order, string Rewrite, IReadOnlyDictionary<string, string> Fields);

/// <summary>
/// Issues cards of a product, and rewrites them, in this process: a center with a test key, a terminal, and virtual cards. All of it,
/// the store too, is gone
/// afterwards, and what it wrote meanwhile is sealed under a passphrase that nobody has.
/// </summary>
public sealed class ProductTrial : IAsyncDisposable
{
    /// <summary>A virtual card takes no time: whatever is not done then never is.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _folder;
    private readonly TestCenter _center;
    private readonly TestCounter _counter;
    private readonly CardPrograms _programs;
    private uint _serial;
    private int _orders;

    private ProductTrial(DirectoryInfo folder, TestCenter center, TestCounter counter, CardPrograms programs) =>
        (_folder, _center, _counter, _programs) = (folder, center, counter, programs);

    /// <summary>Makes the center and the counter for a product.</summary>
    /// <param name="product">The product, whose keys become test keys.</param>
    /// <param name="programs">The CAP files that it loads, as they are; may be none.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="ArgumentException">One of the programs is no CAP file.</exception>
    public static async Task<ProductTrial> OpenAsync(CardProduct product, IReadOnlyList<ByteString> programs, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(product);
        ArgumentNullException.ThrowIfNull(programs);
        var caps = new CardPrograms([.. programs.Select(CapOf)]);
        var folder = Directory.CreateTempSubdirectory("cardissue-product-test-");
        var center = await TestCenter.OpenAsync(folder.FullName, TestCard.KeysOf(product), cancellation);
        foreach (var file in programs) await center.AddProgramAsync(file, cancellation);
        return new ProductTrial(folder, center, await TestCounter.OpenAsync(center, folder.FullName, cancellation), caps);
    }

    private static CapFile CapOf(ByteString file) =>
        CapFile.TryRead(file, out var cap, out var error) ? cap : throw new ArgumentException(error, nameof(file));

    /// <summary>The same product in a key mode; null where it makes none.</summary>
    public static (CardProduct Product, ByteString Body)? In(KeyMode mode, ByteString body)
    {
        var json = JsonNode.Parse(body.Span, documentOptions: new System.Text.Json.JsonDocumentOptions
        {
            CommentHandling = System.Text.Json.JsonCommentHandling.Skip, AllowTrailingCommas = true,
        })!;
        json["mode"] = mode is KeyMode.Module ? "module" : "endToEnd";
        // Another product by its name: the center has both.
        json["name"] = mode is KeyMode.Module ? "in-module-mode" : "end-to-end";
        var changed = Encoding.UTF8.GetBytes(json.ToJsonString());
        return CardProductFile.Read(changed, "product").Product is { } product ? (product, ByteString.Own(changed)) : null;
    }

    /// <summary>Issues a card, and does to it what follows, in that order.</summary>
    /// <param name="product">The product.</param>
    /// <param name="body">Its text.</param>
    /// <param name="issue">Which order, with whose fields; each trial of it is one of its own to the center.</param>
    /// <param name="rewrites">What follows; may be none.</param>
    /// <param name="cut">Where the card's power is cut in the last of all; null for nowhere.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The results, of the issue first, up to the first that failed.</returns>
    public async Task<IReadOnlyList<TrialResult>> TryAsync(
        CardProduct product,
        ByteString body,
        (OrderId Order, IReadOnlyDictionary<string, string> Fields) issue,
        IReadOnlyList<TrialRewrite> rewrites,
        PowerCut? cut,
        CancellationToken cancellation)
    {
        var card = new Card(product, body, TestCard.Of(product, ++_serial), $"customer-{_serial}");
        var last = rewrites.Count;
        var results = new List<TrialResult>
        {
            await DoAsync(card, product, issue.Order, issue.Fields, last == 0 ? cut : null, cancellation),
        };
        var held = product.KeysAfter;
        for (var i = 0; i < last && results[^1].IsGood; i++)
        {
            var rewrite = product.Rewrite(rewrites[i].Rewrite, held)!;
            var where = i == last - 1 ? cut : null;
            results.Add(await DoAsync(card, rewrite, rewrites[i].Order, rewrites[i].Fields, where, cancellation));
            held = rewrite.KeysAfter;
        }
        return results;
    }

    private async Task<TrialResult> DoAsync(
        Card card, CardProduct written, OrderId order, IReadOnlyDictionary<string, string> fields, PowerCut? cut, CancellationToken cancellation)
    {
        var plan = CardPlan.Create(written, fields, _programs).Plan ?? throw new InvalidOperationException("The order was not checked.");
        var trial = new TestOrder(new OrderId($"trial-{++_orders}"), card.Customer, "KESTREL-4821", fields, null, written.Doing?.Name);
        var before = card.Simulator.Commands;
        var steps = new List<string>();
        IssueOutcome? outcome = null;
        string? refusal = null;
        try
        {
            await _center.ImportAsync(card.Product, card.Body, trial, cancellation);
        }
        // A rewrite that the card's keys or version have no place for: the center's own word.
        catch (InvalidOperationException refused) when (written.Doing is not null)
        {
            refusal = $"not taken in: {refused.Message}";
        }
        if (refusal is null)
        {
            card.Simulator.CutPower(cut);
            _counter.Reader.Insert(card.Simulator);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            stop.CancelAfter(Longest);
            outcome = await OutcomeAsync(trial, steps, stop, cancellation);
            _counter.Reader.Remove();
            card.Simulator.CutPower(null);
        }
        lock (steps)
        {
            return new TrialResult(
                card.Product.Mode, order, written.Doing?.Name, cut, outcome is { IsIssued: true }, refusal ?? Ending(outcome, steps), [.. steps],
                ReadBack.Of(plan, card.Product, _programs, card.Simulator), card.Simulator.Commands - before);
        }
    }

    /// <summary>A card, whose it is, and the product that it is issued by.</summary>
    private sealed record Card(CardProduct Product, ByteString Body, CardSimulator Simulator, string Customer);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _counter.DisposeAsync();
        await _center.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    /// <summary>Null where it had to be given up: a card that is refused leaves the terminal waiting for another one.</summary>
    private async Task<IssueOutcome?> OutcomeAsync(
        TestOrder order, List<string> steps, CancellationTokenSource stop, CancellationToken cancellation)
    {
        void Tell(IssueProgress step, string text)
        {
            lock (steps) steps.Add(text);
            if (step.Notice is IssueNotice.CardRejected or IssueNotice.ReaderRefused) stop.Cancel();
        }

        try
        {
            return await _counter.IssueAsync(order, new TestSteps(Tell), stop.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    private static string Ending(IssueOutcome? outcome, List<string> steps) => outcome switch
    {
        { IsIssued: true } => "issued",
        null => $"given up after: {steps.LastOrDefault() ?? "nothing"}",
        _ => $"{outcome.Ending} {outcome.Detail}".TrimEnd(),
    };
}
