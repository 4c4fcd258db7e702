using System.Text;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Products.Json;

/// <summary>The files under samples/orders.</summary>
internal static class Samples
{
    public static readonly string Folder = Path.Combine(Repository.Root, "samples", "orders");
    public static readonly string EndToEnd = Text("visa-like-e2e.product.json"), Module = Text("visa-like-module.product.json"), Orders = Text("orders.json"),
        Debit = Text("debit-scp02.product.json"), DebitOwnKeys = Text("debit-own-keys.product.json"), Rewrites = Text("rewrite-orders.json");

    public static string Text(string file) => File.ReadAllText(Path.Combine(Folder, file));

    public static CardProductReading Product(string json) => CardProductFile.Read(Encoding.UTF8.GetBytes(json), "p.json");

    public static OrdersReading ReadOrders(string json) => OrdersFile.Read(Encoding.UTF8.GetBytes(json), "o.json", Find);

    public static CardProduct? Find(string name) => new[] { EndToEnd, Module }.Select(text => Product(text).Product!).FirstOrDefault(product => product.Name == name);

    /// <summary>Changes one place of a text; fails when it is not there.</summary>
    public static string Change(string text, string old, string changed)
    {
        var at = text.IndexOf(old, StringComparison.Ordinal);
        Assert.That(at, Is.GreaterThanOrEqualTo(0), $"The sample has no {old}");
        return text[..at] + changed + text[(at + old.Length)..];
    }

    /// <summary>Line and column of the first <paramref name="what"/> from the first <paramref name="after"/> on.</summary>
    public static (int Line, int Column) PlaceOf(string text, string what, string after = "")
    {
        var at = text.IndexOf(what, text.IndexOf(after, StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.That(at, Is.GreaterThanOrEqualTo(0), $"The text has no {what}");
        var before = text[..at];
        return (before.Count(c => c == '\n') + 1, at - before.LastIndexOf('\n'));
    }

    /// <summary>Secret data as it stands in the order.</summary>
    public sealed class NoEncryption : IDataEncryption
    {
        public ByteString Encrypt(ReadOnlySpan<byte> plain) => ByteString.Copy(plain);
    }
}
