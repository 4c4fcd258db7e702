using CardIssue.Core.Primitives;
using CardIssue.Terminal.Relay;
using CardIssue.Test.EndToEnd;

namespace CardIssue.Test.Walls;

using Products = EndToEnd.Products;

/// <summary>A callback of the host never harms an issue.</summary>
[TestFixture]
public sealed class CallbacksTest
{
    [Test]
    public async Task DisplayAndProgressThatThrowAlways_TheCardIsIssued()
    {
        await using var shop = await Shop.OpenAsync();
        shop.Display = new Throwing();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        using var code = SecretBytes.Copy("4711"u8);
        var outcome = await shop.Relay.IssueAsync(new IssueRequest("o-1", code, new OperatorId("olga")), new Throwing()).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.That((outcome.IsIssued, outcome.PrintFault), Is.EqualTo((true, (string?)null)));
    }

    [TestCase(typeof(IOException))]
    [TestCase(typeof(InvalidOperationException))]
    public async Task PrinterThatThrows_TheOutcomeSaysSo_AndHasTheReceipt(Type fault)
    {
        await using var shop = await OpenAsync(new Printer(_ => throw (Exception)Activator.CreateInstance(fault, "out of paper")!));
        var outcome = await IssueAsync(shop, 1);
        Assert.That((outcome.IsIssued, outcome.PrintFault), Is.EqualTo((true, "out of paper")));
        Assert.That(outcome.Receipt, Does.StartWith("CARD ISSUED"));
        shop.Reader.Remove();
        Assert.That((await IssueAsync(shop, 2)).IsIssued, Is.True);
    }

    [Test]
    public async Task PrinterThatNeverReturns_TheOutcomeSaysSo_TheNextCardIsIssued()
    {
        using var never = new ManualResetEventSlim();
        await using var shop = await OpenAsync(new Printer(_ => { never.Wait(); return ValueTask.CompletedTask; }));
        var outcome = await IssueAsync(shop, 1);
        Assert.That(outcome.PrintFault, Does.Contain("did not print within"));
        shop.Reader.Remove();
        Assert.That((await IssueAsync(shop, 2)).IsIssued, Is.True);
        never.Set();
    }

    [Test]
    public async Task PrinterThatPrints_TheOutcomeSaysNothing()
    {
        var printed = new List<string>();
        await using var shop = await OpenAsync(new Printer(receipt => { printed.Add(receipt); return ValueTask.CompletedTask; }));
        var outcome = await IssueAsync(shop, 1);
        Assert.That(outcome.PrintFault, Is.Null);
        Assert.That(printed, Is.EqualTo((string[])[outcome.Receipt]));
    }

    private static async Task<Shop> OpenAsync(Printer printer)
    {
        var shop = await Shop.OpenAsync();
        (shop.Printer, shop.Printing) = (printer, TimeSpan.FromMilliseconds(300));
        await shop.RestartTerminalAsync();
        return shop;
    }

    private static async Task<IssueOutcome> IssueAsync(Shop shop, uint number)
    {
        await shop.OrderAsync($"o-{number}", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(number));
        return await shop.IssueAsync($"o-{number}");
    }

    private sealed class Throwing : IProgress<IssueProgress>
    {
        public void Report(IssueProgress value) => throw new InvalidOperationException($"planted at {value.Notice}");
    }

    private sealed class Printer(Func<string, ValueTask> print) : IReceiptPrinter
    {
        public ValueTask PrintAsync(string receipt, CancellationToken cancellation) => print(receipt);
    }
}
