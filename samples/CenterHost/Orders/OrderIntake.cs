using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CardIssue.Center.Orders;
using CardIssue.Center.Vault;
using CardIssue.Core.Cards.Products.Emv;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.CenterHost.Orders;

/// <summary>An order of a file that was checked, with its issue code, and its card where it is a rewrite. Its fields are never shown.</summary>
/// <param name="Order">Its number.</param>
/// <param name="Customer">The customer's id.</param>
/// <param name="Product">The product's name.</param>
/// <param name="Code">The one-time issue code.</param>
/// <param name="Fields">The customer's fields.</param>
internal sealed record TakenOrder(OrderId Order, string Customer, string Product, string Code, IReadOnlyDictionary<string, string> Fields)
{
    public int Line { get; init; }

    public int Column { get; init; }

    /// <summary>The card's sequence number; null for the customer's next.</summary>
    public int? Sequence { get; init; }

    public RewriteOf? Rewrite { get; init; }

    public CardAccount? Account { get; init; }

    /// <summary>The branch that it is to be issued at; null for any.</summary>
    public BranchId? Branch { get; init; }

    public override string ToString() => $"order {Order}, line {Line}";
}

/// <summary>Makes of a checked order what the store keeps: sealed data, a verifier of the code, and what an operator may see.</summary>
internal sealed class OrderIntake(IKeyVault vault, IOrderDesk desk, IssueCodes codes, DateTimeOffset expires)
{
    private const string SequenceField = "sequence";
    private static readonly string[] PanFields = ["pan", "cardNumber"];

    /// <summary>Gives an order its code, and finds the card that it rewrites.</summary>
    /// <param name="entry">The order.</param>
    /// <param name="issuer">Whose it is.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The order; else why the card is not there, for people.</returns>
    /// <exception cref="Cli.CommandException">The order needs a new code, and there is no file for it.</exception>
    public async Task<(TakenOrder? Order, string? Refusal)> TakeAsync(OrderEntry entry, IssuerId? issuer, CancellationToken cancellation)
    {
        IssuedCard? card = null;
        if (entry.Rewrite is { } rewrite)
        {
            (card, var refusal) = await desk.FindCardAsync(new CardReference(entry.Customer, rewrite.Order, rewrite.Card) { Issuer = issuer }, cancellation);
            if (card is null) return (null, refusal);
        }
        return (new TakenOrder(entry.Order, entry.Customer, entry.Product, entry.IssueCode ?? codes.Make(entry.Order), entry.Fields)
        {
            Line = entry.Line,
            Column = entry.Column,
            Sequence = card?.Sequence ?? GivenSequence(entry),
            Rewrite = card is null ? null : new RewriteOf(entry.Rewrite!.Name, card.Card),
            Account = entry.Account,
            Branch = entry.Branch,
        }, null);
    }

    /// <summary>Seals an order for the sequence number of its card.</summary>
    public NewOrder Seal(TakenOrder order, KnownProduct product, int sequence)
    {
        var (fields, code) = (OrderData.Write(order.Fields), Encoding.ASCII.GetBytes(order.Code));
        try
        {
            var terms = new OrderTerms(order.Order, order.Customer, sequence, Display(order), product.Terms) { Rewrite = order.Rewrite, Issuer = product.Issuer };
            return new NewOrder(order.Order, order.Customer, sequence, product.Record.Ref, vault.SealOrderData(terms, fields),
                vault.CreateIssueCodeVerifier(order.Order, code), expires, terms.Display)
            {
                AccountDigest = order.Account is { } account ? vault.DigestAccount(account) : default,
                MayRepeatAccount = product.Product.AllowRepeatedCardNumber,
                Rewrite = order.Rewrite,
                Issuer = product.Issuer,
                Branch = order.Branch,
            };
        }
        finally
        {
            CryptographicOperations.ZeroMemory(fields);
            CryptographicOperations.ZeroMemory(code);
        }
    }

    /// <summary>The order as the store takes it in.</summary>
    public ComingOrder Coming(TakenOrder order, KnownProduct product) => new(
        order.Order, order.Customer, product.Record.Ref, order.Sequence, sequence => Seal(order, product, sequence))
    {
        Line = order.Line,
        Column = order.Column,
    };

    /// <summary>The product, and the card number with its middle masked (PCI DSS 3.4.1: first six and last four at most).</summary>
    private static string Display(TakenOrder order) => Display(order.Product, order.Rewrite?.Name, order.Fields, order.Order);

    /// <inheritdoc cref="Display(TakenOrder)"/>
    public static string Display(OrderEntry entry) => Display(entry.Product, entry.Rewrite?.Name, entry.Fields, entry.Order);

    private static string Display(string product, string? rewrite, IReadOnlyDictionary<string, string> fields, OrderId order)
    {
        var reference = PanFields.Select(name => CardNumberMask.Of(fields.GetValueOrDefault(name))).FirstOrDefault(masked => masked is not null)
            ?? order.Value;
        return PlainText.Of($"{product} {(rewrite is null ? "" : $"{rewrite} ")}{reference}", ProtocolLimits.MaxDisplay);
    }

    /// <summary>The card's own sequence number where the order gives it (EMV tag 5F34).</summary>
    private static int? GivenSequence(OrderEntry entry) => entry.Fields.TryGetValue(SequenceField, out var text)
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : null;
}
