using System.CommandLine;
using CardIssue.Center.Issuers;
using CardIssue.Center.Products;
using CardIssue.CenterHost.Cli;
using CardIssue.CenterHost.Orders;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>product</c>: card products.</summary>
internal static class ProductCommands
{
    public static Command Make(Shell shell) => Shell.Group("product", "Card products.",
        ProductCheckCommand.Make(shell), ProductPreviewCommand.Make(shell), ProductTestCommand.Make(shell), List(shell));

    private static Command List(Shell shell)
    {
        var list = new ListOptions("product");
        return shell.Command("list", "Lists the products of the center.", list.With(), async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            var owners = await center.OwnersAsync(cancellation);
            var products = (await center.Products.ListAsync(cancellation)).Select(it => (Record: it, Issuer: IssuerOf(it, owners))).Where(it => center.By.IsFor(it.Issuer)).ToList();
            return await call.Answers.ListAsync(list.Of(call, products, it => it.Record.Ref.ToString()),
                it => new { product = it.Record.Ref.Name, version = it.Record.Ref.Version, issuer = it.Issuer?.Value, mode = it.Record.Mode, bytes = it.Record.Body.Length },
                it => $"{it.Record.Ref}  {it.Record.Mode}  {it.Record.Body.Length} bytes{(it.Issuer is { } issuer ? $"  issuer {issuer}" : "")}",
                "No products; they come in with order import.");
        });
    }

    private static IssuerId? IssuerOf(ProductRecord record, KeySetOwners owners) =>
        CardProductFile.Read(record.Body.Span, record.Ref.ToString()).Product is { } product ? owners.Of(product, out _) : null;
}
