using System.CommandLine;
using CardIssue.CenterHost.Cli;
using CardIssue.CenterHost.Orders;

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
            return await call.Answers.ListAsync(list.Of(call, await center.Products.ListAsync(cancellation), product => product.Ref.ToString()),
                product => new { product = product.Ref.Name, version = product.Ref.Version, mode = product.Mode, bytes = product.Body.Length },
                product => $"{product.Ref}  {product.Mode}  {product.Body.Length} bytes", "No products; they come in with order import.");
        });
    }
}
