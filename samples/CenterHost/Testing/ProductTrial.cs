using System.Text;
using System.Text.Json.Nodes;
using CardIssue.CenterHost.Orders;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Demo;
using CardIssue.Terminal.Relay;
using CardIssue.VirtualCard;

namespace CardIssue.CenterHost.Testing;

/// <summary>How the trial of an order went.</summary>
/// <param name="Mode">In which key mode.</param>
/// <param name="Order">The order; of made-up fields its number is "made-up".</param>
/// <param name="Cut">Where the card's power was cut; null for nowhere.</param>
/// <param name="IsIssued">Whether the card was issued.</param>
/// <param name="Ending">How it ended, in a word or a few.</param>
/// <param name="Steps">All that the terminal's operator would have seen.</param>
/// <param name="Card">What is on the card now.</param>
internal sealed record TrialResult(
    KeyMode Mode, OrderId Order, PowerCut? Cut, bool IsIssued, string Ending, IReadOnlyList<string> Steps, ReadBack Card)
{
    /// <summary>Whether the card is what the order says.</summary>
    public bool IsGood => IsIssued && Card.IsAsSent;
}

/// <summary>
/// Issues cards of a product in this process: a center with a test key, a terminal, and virtual cards. All of it, the store too, is gone
/// afterwards, and what it wrote meanwhile is sealed under a passphrase that nobody has.
/// </summary>
internal sealed class ProductTrial : IAsyncDisposable
{
    /// <summary>A virtual card takes no time: whatever is not done then never is.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _folder;
    private readonly DemoCenter _center;
    private readonly DemoCounter _counter;
    private readonly CardPrograms _programs;
    private uint _serial;

    private ProductTrial(DirectoryInfo folder, DemoCenter center, DemoCounter counter, CardPrograms programs) =>
        (_folder, _center, _counter, _programs) = (folder, center, counter, programs);

    public static async Task<ProductTrial> OpenAsync(CardProduct product, ProgramFiles programs, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("cardissue-product-test-");
        var center = await DemoCenter.OpenAsync(folder.FullName, TestCard.KeysOf(product), cancellation);
        foreach (var file in programs.Files) await center.AddProgramAsync(file, cancellation);
        return new ProductTrial(folder, center, await DemoCounter.OpenAsync(center, folder.FullName, cancellation), programs.Programs);
    }

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

    /// <summary>Issues one card.</summary>
    /// <param name="product">The product.</param>
    /// <param name="body">Its text.</param>
    /// <param name="order">Which order; each trial of it is one of its own to the center.</param>
    /// <param name="fields">The customer's fields.</param>
    /// <param name="cut">Where the card's power is cut; null for nowhere.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The result, and how many commands the card got.</returns>
    public async Task<(TrialResult Result, int Commands)> IssueAsync(
        CardProduct product, ByteString body, OrderId order, IReadOnlyDictionary<string, string> fields, PowerCut? cut,
        CancellationToken cancellation)
    {
        var plan = CardPlan.Create(product, fields, _programs).Plan ?? throw new InvalidOperationException("The order was not checked.");
        var card = TestCard.Of(product, ++_serial);
        var trial = new DemoOrder(new OrderId($"trial-{_serial}"), $"customer-{_serial}", "KESTREL-4821", fields, null);
        await _center.ImportAsync(product, body, trial, cancellation);
        card.CutPower(cut);
        _counter.Reader.Insert(card);
        var steps = new List<string>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        stop.CancelAfter(Longest);
        var outcome = await OutcomeAsync(trial, steps, stop, cancellation);
        _counter.Reader.Remove();
        lock (steps)
        {
            var result = new TrialResult(
                product.Mode, order, cut, outcome is { IsIssued: true }, Ending(outcome, steps), [.. steps],
                ReadBack.Of(plan, _programs, card));
            return (result, card.Commands);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _counter.DisposeAsync();
        await _center.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    /// <summary>Null where it had to be given up: a card that is refused leaves the terminal waiting for another one.</summary>
    private async Task<IssueOutcome?> OutcomeAsync(
        DemoOrder order, List<string> steps, CancellationTokenSource stop, CancellationToken cancellation)
    {
        void Tell(IssueProgress step, string text)
        {
            lock (steps) steps.Add(text);
            if (step.Notice is Notice.CardRejected or Notice.ReaderRefused) stop.Cancel();
        }

        try
        {
            return await _counter.IssueAsync(order, new DemoSteps(Tell), stop.Token);
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
