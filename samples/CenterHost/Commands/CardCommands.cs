using System.CommandLine;
using System.Globalization;
using CardIssue.Center.Approvals;
using CardIssue.Center.Orders;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>card</c>: cards as the center knows them.</summary>
internal static class CardCommands
{
    public static Command Make(Shell shell)
    {
        var id = new Argument<string>("CARD") { Description = "The card's identity in hexadecimal, as order show and the log have it." };
        var reason = OrderDeskCommands.Reason();
        return Shell.Group("card", "The cards.", List(shell), Show(shell), shell.Command("unbar", "Asks to clear the authentication tries of a barred card.", [id, reason], async (call, cancellation) =>
        {
            var card = CardText.Parse(call.Get(id)!);
            await using var center = await call.OpenAsync(cancellation);
            return await Asking.AskAsync(call, center, new CenterAct.UnbarCard(card), call.Get(reason)!, null, cancellation);
        }));
    }

    private static Command List(Shell shell)
    {
        var list = new ListOptions("card");
        var state = new Option<CardStanding?>("--state") { Description = "Only issued, or only voided." };
        state.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<CardStanding?>() is CardStanding.Free or CardStanding.Bound)
                result.AddError("--state is issued or voided: others are in no registry.");
        });
        var (issuer, branch) = (ListFilters.Issuer(), ListFilters.Branch("what was issued at"));
        var (product, customer, terminal) = (ListFilters.Product(), ListFilters.Customer(), ListFilters.Terminal("what was issued at"));
        var (since, until) = (ListFilters.Since("what was issued"), ListFilters.Until("what was issued"));
        return shell.Command("list", "Lists the cards that are issued, or were, by identity.", list.With(state, issuer, product, customer, terminal, branch, since, until), async (call, cancellation) =>
        {
            var (name, version) = ListFilters.Product(call.Get(product));
            var query = new CardQuery
            {
                Standing = call.Get(state), Product = name, ProductVersion = version, Customer = call.Get(customer),
                Terminal = call.Get(terminal) is { } at ? new TerminalId(at) : null, Branch = ListFilters.Branch(call, branch), Since = call.Get(since), Until = call.Get(until),
                After = call.Get(list.After) is { } after ? CardText.Parse(after) : null,
            };
            await using var center = await call.OpenAsync(cancellation);
            query = query with { Issuer = await center.IssuerOfAsync(call.Get(issuer), cancellation) };
            return await call.Answers.ListAsync(list.Of(call, center.Desk.EnumerateCardsAsync(query, cancellation)), View, Line, "No cards.");
        });
    }

    private static Command Show(Shell shell)
    {
        var id = new Argument<string?>("CARD") { Description = "The card's identity in hexadecimal.", Arity = ArgumentArity.ZeroOrOne };
        var customer = new Option<string?>("--customer") { Description = "The customer whose one card is meant.", HelpName = "ID" };
        var order = new Option<string?>("--order") { Description = "The order by which the card was issued.", HelpName = "ORDER" };
        const string What = "Shows an issued card: what is on it, version by version, and what waits for it.";
        var issuer = new Option<string?>("--issuer") { Description = "Whose card is meant, of a center with several issuers.", HelpName = "NAME" };
        return shell.Command("show", What, [id, customer, order, issuer], async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            var card = await FindAsync(center, call.Get(id), call.Get(customer), call.Get(order), await center.IssuerOfAsync(call.Get(issuer), cancellation), cancellation);
            var keys = await KeysOfAsync(card, center, cancellation);
            return await call.Answers.SayAsync(
                View(card, keys),
                string.Join('\n', [Line(card), .. keys.Select(set => $"  keys {set}"), .. card.Contents.Select(Line)]));
        });
    }

    /// <summary>The key sets that a card has by now, with their versions in the vault, those that it is opened with first.</summary>
    public static async Task<IReadOnlyList<string>> KeysOfAsync(IssuedCard card, OpenCenter center, CancellationToken cancellation) =>
        await CardKeys.OfAsync(card, center.Products, cancellation) is { } keys ? [.. keys.Held.Select(set => set.ToString())] : [];

    private static async Task<IssuedCard> FindAsync(
        OpenCenter center, string? hex, string? customer, string? order, IssuerId? issuer, CancellationToken cancellation)
    {
        var desk = center.Desk;
        if (hex is null && customer is null && order is null)
            throw new CommandException(ExitCode.Usage, "Say which card: CARD, --customer ID or --order ORDER.");
        if (hex is not null && await desk.CardAsync(CardText.Parse(hex), cancellation) is { } known && center.By.IsFor(known.Issuer)) return known;
        // An order says itself whose it is; a customer's id does not.
        if (issuer is null && order is not null) issuer = (await desk.GetAsync(new OrderId(order), cancellation))?.Issuer;
        var reference = new CardReference(customer, order is null ? null : new OrderId(order), hex is null ? null : CardText.Parse(hex)) { Issuer = issuer };
        var (card, refusal) = await desk.FindCardAsync(reference, cancellation);
        return card ?? throw new CommandException(ExitCode.Usage, $"No card is shown: {refusal}.");
    }

    private static object View(CardView card) => new
    {
        card = card.Card.ToString(), order = card.Order.Value, customer = card.Customer, sequence = card.Sequence, standing = card.Standing,
        issuer = card.Issuer?.Value, product = card.Product.ToString(), terminal = card.Terminal?.Value, issued = card.Issued?.UtcDateTime, voided = card.Voided?.UtcDateTime,
    };

    private static string Line(CardView card) =>
        $"card {card.Card}  {card.Standing}  customer {card.Customer}/{card.Sequence}  {(card.Issued is { } issued ? $"issued {issued:u}" : "never issued,")} as {card.Product}"
        + $"{(card.Terminal is { } terminal ? $" at {terminal}" : "")}, order {card.Order}{(card.Voided is { } voided ? $"  voided {voided:u}" : "")}";

    private static object View(IssuedCard card, IReadOnlyList<string> keys) => new
    {
        card = card.Card.ToString(),
        order = card.Order.Value,
        issuer = card.Issuer?.Value,
        customer = card.Customer,
        sequence = card.Sequence,
        standing = card.Standing,
        product = card.Product.ToString(),
        keys,
        contents = card.Contents.Select(it => new
        {
            order = it.Order.Value, product = it.Product.ToString(), rewrite = it.Rewrite, state = it.State, at = it.At?.UtcDateTime,
        }),
    };

    private static string Line(IssuedCard card) =>
        $"card {card.Card}  {card.Standing}  customer {card.Customer}/{card.Sequence}  has {card.Product}";

    private static string Line(CardContent content) => string.Create(CultureInfo.InvariantCulture,
        $"  {(content.At is { } at ? $"{at:u}" : "not yet"),-20}  {content.State,-11} "
        + $"{content.Rewrite ?? "issue"} of {content.Product}, order {content.Order}");
}

/// <summary>Cards as people write them.</summary>
internal static class CardText
{
    private const int MaxLength = 64;

    public static CardId Parse(string hex)
    {
        try
        {
            if (ByteString.FromHex(hex) is { Length: > 0 and <= MaxLength } bytes) return new CardId(bytes);
        }
        catch (FormatException e)
        {
            throw new CommandException(ExitCode.Usage, $"{hex} is no card: hexadecimal digits are expected.", e);
        }
        throw new CommandException(ExitCode.Usage, $"A card's identity has 1 to {MaxLength} bytes.");
    }
}
