// One card, issued in one process: a center, a terminal with its secure module, a simulated card, and a line between them.
// How center and terminal are put together is in CardIssue.Testing (TestCenter, TestCounter). In life the line is TLS (CardIssue.Transport), the reader
// PC/SC (CardIssue.Reader), and center and terminal are far apart.
using CardIssue.Center.Vault;
using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Primitives;
using CardIssue.Testing;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Crypto;
using Cards = CardIssue.Testing.Cards.State;

using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(1));
var folder = Directory.CreateTempSubdirectory("cardissue-quickstart-");
try
{
    // The center: vault, store, log, products and orders. Its card master key is a test key.
    var masterKey = Convert.FromHexString("000102030405060708090A0B0C0D0E0F");
    var key = new TestKey("issuer-test", 0x30, CardKeyAlgorithm.Aes128, masterKey);
    await using var center = await TestCenter.OpenAsync(folder.FullName, [key], stop.Token);
    var (product, body) = await ProductAsync("visa-like-module.product.json");
    // The file has orders for another product, too: that one is only looked up here.
    var (other, _) = await ProductAsync("visa-like-e2e.product.json");
    var reading = OrdersFile.Read(await FileAsync("orders.json"), "orders.json", name => name == product.Name ? product : other);
    var entry = reading.Orders!.First(order => order.Product == product.Name);
    var order = new TestOrder(entry.Order, entry.Customer, entry.IssueCode!, entry.Fields, entry.Account);
    await center.ImportAsync(product, body, order, stop.Token);

    // The terminal, its reader with a factory-fresh card in it, and both ends at work.
    await using var counter = await TestCounter.OpenAsync(center, folder.FullName, stop.Token);
    counter.Reader.Insert(FreshCard(masterKey, serial: 1));

    // One card: S230 to S300.
    var outcome = await counter.IssueAsync(order, new TestSteps((step, text) => Console.WriteLine($"{step.At:HH:mm:ss.fff} {text}")), stop.Token);
    Console.WriteLine(outcome.IsIssued ? outcome.Receipt : $"not issued: {outcome.Ending} {outcome.Detail}");
    return outcome.IsIssued ? 0 : 4;
}
finally
{
    folder.Delete(recursive: true);
}

static CardSimulator FreshCard(byte[] masterKey, uint serial)
{
    var keys = Cards.CardKeySet.Derive(0x30, Diversification.Kdf3, masterKey, CardProfile.Kdd(serial).Span);
    return CardSimulator.Create(CardProfile.BlankEmv(serial, [keys]));
}

static async Task<(CardProduct Product, ByteString Body)> ProductAsync(string file)
{
    var body = await FileAsync(file);
    return (CardProductFile.Read(body, file).Product!, ByteString.Copy(body));
}

static Task<byte[]> FileAsync(string file) => File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, file));
