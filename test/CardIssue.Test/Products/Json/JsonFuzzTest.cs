using System.Text;
using CardIssue.Core.Cards.Products.Json;

namespace CardIssue.Test.Products.Json;

public sealed class JsonFuzzTest
{
    private static readonly string[] Scraps =
        ["{", "}", "[", "]", ",", ":", "\"", "null", "true", "-1", "1e99", "\"\"", "\"\\uD800\"", "//", "\0", "\u00FC", "\"FF\"", "99999999999", "\r", "{}", "[]"];

    /// <summary>Reading a damaged file gives mistakes or a product; it never throws, and a mistake never quotes a customer's data.</summary>
    [Test]
    public void DamagedSamples_Read_NeverThrow()
    {
        var seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var products = new[] { Samples.EndToEnd, Samples.Module }.Select(text => Samples.Product(text).Product!).ToDictionary(p => p.Name);
        for (var round = 0; round < 1_500; round++)
        {
            var product = CardProductFile.Read(Damaged(Samples.EndToEnd, random), "p");
            Assert.That(product.Product is null, Is.EqualTo(product.Mistakes.Count > 0), $"seed {seed}, round {round}");
            Assert.That(product.Mistakes.Select(m => m.Message), Has.None.Empty, $"seed {seed}, round {round}");
            var orders = OrdersFile.Read(Damaged(Samples.Orders, random), "o", products.GetValueOrDefault);
            Assert.That(orders.Orders is null, Is.EqualTo(orders.Mistakes.Count > 0), $"seed {seed}, round {round}");
            Assert.That(orders.Mistakes.Select(m => m.Message), Has.None.Empty, $"seed {seed}, round {round}");
            Assert.That(orders.Mistakes.Any(m => m.ToString().Contains("476173", StringComparison.Ordinal)), Is.False, $"seed {seed}, round {round}");
        }
    }

    private static byte[] Damaged(string text, Random random)
    {
        var bytes = Encoding.UTF8.GetBytes(text).ToList();
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            var scrap = Encoding.UTF8.GetBytes(Scraps[random.Next(Scraps.Length)]);
            switch (random.Next(6))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes.RemoveRange(at, Math.Min(random.Next(1, 40), bytes.Count - at)); break;
                case 2: bytes.InsertRange(at, scrap); break;
                case 3: bytes.InsertRange(at, bytes.GetRange(random.Next(at + 1), Math.Min(random.Next(1, 60), bytes.Count - at))); break;
                case 4: Swap(bytes, random); break;
                default: Replace(bytes, at, scrap); break;
            }
            if (bytes.Count == 0) break;
        }
        return [.. bytes];
    }

    /// <summary>Puts a scrap in the place of a whole string: the JSON often stays good, and what it says does not.</summary>
    private static void Replace(List<byte> bytes, int from, byte[] scrap)
    {
        var start = bytes.IndexOf((byte)'"', from);
        var end = start < 0 ? -1 : bytes.IndexOf((byte)'"', start + 1);
        if (end < 0) return;
        bytes.RemoveRange(start, end - start + 1);
        bytes.InsertRange(start, scrap);
    }

    private static void Swap(List<byte> bytes, Random random)
    {
        var (a, b) = (random.Next(bytes.Count), random.Next(bytes.Count));
        (bytes[a], bytes[b]) = (bytes[b], bytes[a]);
    }
}
