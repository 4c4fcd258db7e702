using System.CommandLine;
using CardIssue.CenterHost.Cli;
using CardIssue.CenterHost.Orders;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>product</c>: card products.</summary>
internal static class ProductCommands
{
    public static Command Make(Shell shell) => Shell.Group("product", "Card products.", Check(shell), List(shell));

    private static Command Check(Shell shell)
    {
        var file = new Argument<FileInfo>("FILE") { Description = "The product's file." };
        return shell.Command("check", "Says what is wrong with a product's file; nothing is taken in.", [file], async (call, _) =>
        {
            var read = ProductSource.Read(call.Get(file)!);
            if (read.Product is not { } product) return await Mistakes.TellAsync(call, read.Mistakes);
            return await call.Answers.SayAsync(
                new { ok = true, product = product.Product.Name, version = product.Product.Version, mode = product.Product.Mode, records = product.Product.Records.Count },
                $"{call.Get(file)}: {product.Product.Name}/{product.Product.Version} is in order: {product.Product.Records.Count} records, {product.Product.Mode}.");
        });
    }

    private static Command List(Shell shell) => shell.Command("list", "Lists the products of the center.", [], async (call, cancellation) =>
    {
        await using var center = await call.OpenAsync(cancellation);
        return await call.Answers.ListAsync(await center.Products.ListAsync(cancellation),
            product => new { product = product.Ref.Name, version = product.Ref.Version, mode = product.Mode, bytes = product.Body.Length },
            product => $"{product.Ref}  {product.Mode}  {product.Body.Length} bytes", "No products; they come in with order import.");
    });
}
