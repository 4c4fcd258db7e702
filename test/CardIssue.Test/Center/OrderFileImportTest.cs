using CardIssue.Center.Orders;
using CardIssue.Core.Primitives;
using CardIssue.Test.Center.Engines;

namespace CardIssue.Test.Center;

/// <summary>A file of orders: all of it or none, however long, and each file once.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class OrderFileImportTest
{
    private static readonly ByteString Digest = ByteString.Own(new byte[OrderFileImport.DigestLength]);

    [Test]
    public async Task Orders_TakenIn_AreThere_AndTheFileIsKnownWhenItComesAgain([Values] EngineKind engine)
    {
        await using var bench = await StoreBench.OpenAsync(engine);
        var import = new OrderFileImport(bench.Database);
        Assert.That(await import.FindAsync(Digest), Is.Null);
        var outcome = await import.RunAsync(Of(bench, "o1", "o2"), bench.Ann);
        Assert.That((outcome.Imported, outcome.Refusals.Count, outcome.Before), Is.EqualTo((2L, 0, (TakenFile?)null)));
        Assert.That((await bench.Desk.ListAsync(null, 10)).Select(order => order.Order.Value), Is.EqualTo(new[] { "o1", "o2" }));
        Assert.That(await import.FindAsync(Digest), Is.EqualTo(new TakenFile("day.csv", 2, "ann", bench.Time.GetUtcNow())));
        outcome = await import.RunAsync(Of(bench, "o3"), bench.Bob);
        Assert.That((outcome.Imported, outcome.Before!.By), Is.EqualTo((0L, "ann")));
        Assert.That(await bench.Desk.GetAsync(new OrderId("o3")), Is.Null);
    }

    [Test]
    public async Task OrdersWithoutSequenceNumber_TakenIn_GetTheCustomersNext()
    {
        await using var bench = await StoreBench.OpenAsync();
        await bench.ImportAsync(bench.New("before", "c1", 4));
        ComingOrder[] orders = [One(bench, "o1", 1, null, "c1"), One(bench, "o2", 2, null, "c1"), One(bench, "o3", 3, null, "c2")];
        Assert.That((await new OrderFileImport(bench.Database).RunAsync(Of(orders), bench.Ann)).Imported, Is.EqualTo(3));
        Assert.That((await bench.Desk.ListAsync(null, 10)).Select(order => $"{order.Order} {order.Customer}/{order.Sequence}"),
            Is.EqualTo(new[] { "before c1/4", "o1 c1/5", "o2 c1/6", "o3 c2/0" }));
    }

    [Test]
    public async Task OrdersThatDoNotFit_TakenIn_AreAllToldWithTheirLines_AndNothingIsThere()
    {
        await using var bench = await StoreBench.OpenAsync();
        await bench.ImportAsync(bench.New("known", "c0"));
        ComingOrder[] orders =
        [
            One(bench, "o1", 2), One(bench, "known", 3), One(bench, "o1", 4), One(bench, "o4", 5, 1, "o1"),
            .. Enumerable.Range(0, OrderFileImport.MaxRefusals).Select(i => One(bench, "o1", 6 + i)),
        ];
        var outcome = await new OrderFileImport(bench.Database).RunAsync(Of(orders), bench.Ann);
        Assert.That(outcome.Refusals.Take(3).Select(refusal => $"{refusal.Line} {refusal.Order}: {refusal.Message}"), Is.EqualTo(new[]
        {
            "3 known: its order id is known already", "4 o1: an earlier order of the file has its order id",
            "5 o4: the customer has an order with sequence number 1 already",
        }));
        Assert.That((outcome.Imported, outcome.Refusals.Count, outcome.More), Is.EqualTo((0L, OrderFileImport.MaxRefusals, 3L)));
        Assert.That((await bench.Desk.ListAsync(null, 10)).Select(order => order.Order.Value), Is.EqualTo(new[] { "known" }));
        Assert.That(await new OrderFileImport(bench.Database).FindAsync(Digest), Is.Null, "it may be mended and come again");
    }

    [Test]
    public async Task Cancelled_InTheMiddle_LeavesNothing()
    {
        await using var bench = await StoreBench.OpenAsync();
        using var stop = new CancellationTokenSource();
        var coming = Of(Orders());
        Assert.That(async () => await new OrderFileImport(bench.Database).RunAsync(coming, bench.Ann, stop.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(await bench.Desk.ListAsync(null, 10), Is.Empty);
        Assert.That((await new OrderFileImport(bench.Database).RunAsync(Of(bench, "o0"), bench.Ann)).Imported, Is.EqualTo(1), "the store goes on");

        IEnumerable<ComingOrder> Orders()
        {
            for (var i = 0; i < 100; i++)
            {
                if (i == 50) stop.Cancel();
                yield return One(bench, $"o{i}", i + 1);
            }
        }
    }

    /// <summary>Memory is shared with other tests; what is alive of the orders that went through is counted instead.</summary>
    [Test]
    public async Task ManyOrders_TakenIn_AreNeverInMemoryTogether()
    {
        const int Count = 4_000, Look = 1_000;
        await using var bench = await StoreBench.OpenAsync();
        var made = new List<WeakReference>();
        var most = 0;
        Assert.That((await new OrderFileImport(bench.Database).RunAsync(Of(Orders()), bench.Ann)).Imported, Is.EqualTo(Count));
        Assert.That(most, Is.LessThan(Look / 2));

        IEnumerable<ComingOrder> Orders()
        {
            for (var i = 0; i < Count; i++)
            {
                if (i > 0 && i % Look == 0)
                {
                    GC.Collect();
                    most = Math.Max(most, made.Count(one => one.IsAlive));
                }
                yield return Remembered(One(bench, $"o{i}", i + 1));
            }
        }

        ComingOrder Remembered(ComingOrder order) => order with
        {
            Seal = sequence =>
            {
                var sealedOrder = order.Seal(sequence);
                made.Add(new WeakReference(sealedOrder));
                return sealedOrder;
            },
        };
    }

    private static ComingOrders Of(StoreBench bench, params string[] orders) => Of(orders.Select((order, i) => One(bench, order, i + 1)));

    private static ComingOrders Of(IEnumerable<ComingOrder> orders) => new("day.csv", Digest, [StoreBench.Product], orders);

    private static ComingOrder One(StoreBench bench, string order, int line, int? sequence = 1, string? customer = null) => new(
        new OrderId(order), customer ?? order, StoreBench.Product.Ref, sequence, given => bench.New(order, customer ?? order, given)) { Line = line, Column = 1 };
}
