using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CardIssue.Center.Orders;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Cards.Products.Emv;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.CenterHost.Orders;

/// <summary>Makes of a checked order what the store keeps: sealed data, a verifier of the code, and what an operator may see.</summary>
internal sealed class OrderIntake(IKeyVault vault, IOrderDesk desk, IssueCodes codes, DateTimeOffset expires)
{
    private const string SequenceField = "sequence";
    private static readonly string[] PanFields = ["pan", "cardNumber"];

    private readonly Dictionary<string, int> _next = new(StringComparer.Ordinal);

    /// <exception cref="CommandException">
    /// The order needs a new code, and there is no file for it; or the card that it rewrites is not there.
    /// </exception>
    public async Task<NewOrder> TakeAsync(OrderEntry entry, KnownProduct product, CancellationToken cancellation)
    {
        var card = entry.Rewrite is null ? null : await CardAsync(entry, entry.Rewrite, cancellation);
        var rewrite = card is null ? null : new RewriteOf(entry.Rewrite!.Name, card.Card);
        var fields = OrderData.Write(entry.Fields);
        var code = Encoding.ASCII.GetBytes(entry.IssueCode ?? codes.Make(entry.Order));
        try
        {
            var terms = new OrderTerms(
                entry.Order, entry.Customer, card?.Sequence ?? await SequenceAsync(entry, cancellation), Display(entry),
                    ProductTerms.Of(product.Record, product.Product)) { Rewrite = rewrite };
            return new NewOrder(entry.Order, entry.Customer, terms.Sequence, product.Record.Ref, vault.SealOrderData(terms, fields),
                vault.CreateIssueCodeVerifier(entry.Order, code), expires, terms.Display)
            {
                AccountDigest = entry.Account is { } account ? vault.DigestAccount(account) : default,
                MayRepeatAccount = product.Product.AllowRepeatedCardNumber,
                Rewrite = rewrite,
            };
        }
        finally
        {
            CryptographicOperations.ZeroMemory(fields);
            CryptographicOperations.ZeroMemory(code);
        }
    }

    /// <summary>The product, and the card number with its middle masked (PCI DSS 3.4.1: first six and last four at most).</summary>
    public static string Display(OrderEntry entry)
    {
        var reference = PanFields.Select(name => CardNumberMask.Of(entry.Fields.GetValueOrDefault(name))).FirstOrDefault(masked => masked is not null)
            ?? entry.Order.Value;
        var text = $"{entry.Product} {(entry.Rewrite is { } rewrite ? $"{rewrite.Name} " : "")}{reference}";
        return PlainText.Of(text, Limits.MaxDisplay);
    }

    /// <summary>The card that a rewrite is bound to from now on.</summary>
    private async Task<IssuedCard> CardAsync(OrderEntry entry, OrderRewrite rewrite, CancellationToken cancellation)
    {
        var (card, refusal) = await desk.FindCardAsync(new CardReference(entry.Customer, rewrite.Order, rewrite.Card), cancellation);
        return card ?? throw new CommandException(
            ExitCode.Refused, $"Line {entry.Line}, order {entry.Order}: {refusal}. Nothing was taken in.");
    }

    /// <summary>The card's own sequence number where the order gives it (EMV tag 5F34); else the next of its customer.</summary>
    private async Task<int> SequenceAsync(OrderEntry entry, CancellationToken cancellation)
    {
        if (entry.Fields.TryGetValue(SequenceField, out var text) && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var given)) return given;
        if (!_next.TryGetValue(entry.Customer, out var next)) next = await desk.NextSequenceAsync(entry.Customer, cancellation);
        _next[entry.Customer] = next + 1;
        return next;
    }
}
