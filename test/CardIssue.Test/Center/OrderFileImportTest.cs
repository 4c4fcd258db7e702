using System.Text;
using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Products;
using CardIssue.Center.Vault;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Primitives;
using CardIssue.Test.Center.Engines;
using CardIssue.Test.EndToEnd;

namespace CardIssue.Test.Center;

/// <summary>A file of orders: looked at as a whole, taken in by commits, gone on with where it was cut, and each file once.</summary>
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
        Assert.That(await import.FindAsync(Digest), Is.EqualTo(new TakenFile("day.csv", 2, 2, "ann", bench.Time.GetUtcNow())));
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

    public enum Cut
    {
        Between,
        Within,
    }

    /// <summary>Cut behind each of its commits, and in the middle of each: as if the process had been killed there.</summary>
    [Test]
    public async Task FileOfSeveralCommits_CutAnywhere_GoesOnWhereItWasCut_AndComesToTheSame([Values] EngineKind engine, [Values] Cut cut)
    {
        const int Count = 8;
        await using var bench = await StoreBench.OpenAsync(engine);
        for (var commits = 1; commits < 4; commits++)
        {
            var (file, prefix) = (DigestOf(commits), $"f{commits}-");
            var import = new OrderFileImport(bench.Database)
            {
                OrdersAtOnce = 2, Between = (taken, _) => cut is Cut.Between && taken == 2 * commits ? throw new KilledException() : Task.CompletedTask,
            };
            var seals = 0;
            // Each is sealed once to be looked at, and once to be taken in.
            var cutFile = File(() => cut is Cut.Within && ++seals == Count + (2 * commits) + 2 ? throw new KilledException() : true);
            Assert.That(async () => await import.RunAsync(cutFile, bench.Ann), Throws.InstanceOf<KilledException>());
            await bench.RestartAsync();
            import = new OrderFileImport(bench.Database) { OrdersAtOnce = 2, Between = Go };
            var half = (await import.FindAsync(file))!;
            Assert.That((half.Taken, half.Orders, half.IsWhole), Is.EqualTo((2L * commits, (long)Count, false)));
            Assert.That(await TakenAsync(), Is.EqualTo(Whole().Take(2 * commits)));

            var outcome = await import.RunAsync(File(() => true), bench.Bob);

            Assert.That((outcome.Imported, outcome.Refusals.Count, outcome.Before), Is.EqualTo(((long)Count, 0, (TakenFile?)null)));
            Assert.That(await TakenAsync(), Is.EqualTo(Whole()));
            var logged = await bench.Database.ReadAsync(
                store => store.Query("SELECT detail FROM log_entries WHERE kind = 'OrdersImported' ORDER BY sequence", row => (string)row[0]), default);
            Assert.That(logged.TakeLast(4).Zip([2, 4, 6, 8]), Has.All.Matches<(string Detail, int Taken)>(
                it => it.Detail.Contains($"\"orders\":2,\"taken\":{it.Taken},\"of\":{Count},", StringComparison.Ordinal)));
            Assert.That((await import.RunAsync(File(() => true), bench.Ann)).Before!.Taken, Is.EqualTo(Count), "it is known when it comes again");

            ComingOrders File(Func<bool> sealing) => new("day.csv", file, [StoreBench.Product], Enumerable.Range(1, Count).Select(i => new ComingOrder(
                new OrderId($"{prefix}{i}"), $"{prefix}c{i % 2}", StoreBench.Product.Ref, null,
                given => sealing() ? bench.New($"{prefix}{i}", $"{prefix}c{i % 2}", given) : null!) { Line = i, Column = 1 }));

            // Each customer's cards are numbered through, as in a file that was never cut.
            IEnumerable<string> Whole() => Enumerable.Range(1, Count).Select(i => $"{prefix}{i} {prefix}c{i % 2}/{(i - 1) / 2}");

            async Task<IEnumerable<string>> TakenAsync() => (await bench.Desk.ListAsync(null, 100))
                .Where(order => order.Order.Value.StartsWith(prefix, StringComparison.Ordinal))
                .Select(order => $"{order.Order} {order.Customer}/{order.Sequence}");
        }
        var log = new StoredLog(bench.Database, bench.Log, bench.Keys, bench.Time);
        Assert.That((await log.VerifyAsync()).Findings, Is.Empty);
    }

    [Test]
    public async Task FileThatWasCut_ComesWithOtherCodes_OrChanged_TakesNothingMoreIn()
    {
        await using var bench = await StoreBench.OpenAsync();
        var (one, other) = (DigestOf(0), DigestOf(1));
        var cut = new OrderFileImport(bench.Database) { OrdersAtOnce = 1, Between = (_, _) => throw new KilledException() };
        Assert.That(async () => await cut.RunAsync(Of(bench, "o1", "o2") with { Content = one }, bench.Ann), Throws.InstanceOf<KilledException>());
        var outcome = await new OrderFileImport(bench.Database).RunAsync(Of(bench, "o1", "o2") with { Content = other }, bench.Ann);
        Assert.That((outcome.Imported, outcome.Refusals.Single().Message),
            Is.EqualTo((1L, "1 of its 2 orders are in, and the others go on only with the same products and the same codes")));
        outcome = await new OrderFileImport(bench.Database).RunAsync(Of(bench, "o1", "o2", "o3") with { Digest = other, Content = one }, bench.Ann);
        Assert.That((outcome.Imported, outcome.Refusals.Single().Message), Is.EqualTo((0L, "its order id is known already")), "another file of the same name");
        Assert.That(await bench.Desk.ListAsync(null, 10), Has.Count.EqualTo(1));
        Assert.That((await new OrderFileImport(bench.Database).RunAsync(Of(bench, "o1", "o2") with { Content = one }, bench.Ann)).Imported, Is.EqualTo(2));
    }

    [Test]
    public async Task SameFile_TwiceAtOnce_IsTakenInOnce_WhoeverIsQuicker([Values] EngineKind engine)
    {
        await using var bench = await StoreBench.OpenAsync(engine);
        string[] names = ["o1", "o2", "o3", "o4", "o5"];
        var quick = new OrderFileImport(bench.Database) { OrdersAtOnce = 2, Between = Go };
        // The other one comes when this has taken one in, and takes in the others, two at a time.
        var slow = new OrderFileImport(bench.Database)
        {
            OrdersAtOnce = 1, Between = (taken, _) => taken == 1 ? quick.RunAsync(Of(bench, names), bench.Bob) : Task.CompletedTask,
        };
        var outcome = await slow.RunAsync(Of(bench, names), bench.Ann);
        Assert.That((outcome.Imported, outcome.Before), Is.EqualTo((5L, (TakenFile?)null)));
        Assert.That((await bench.Desk.ListAsync(null, 10)).Select(order => order.Order.Value), Is.EqualTo(names));
        // It comes when this has looked at all of them, and taken in none.
        var late = Of(names.Select((name, i) => One(bench, $"{name}b", i + 1))) with { Digest = DigestOf(9) };
        outcome = await quick.RunAsync(
            late with { Beginning = () => Assert.That(slow.RunAsync(late, bench.Bob).GetAwaiter().GetResult().Imported, Is.EqualTo(5)) }, bench.Ann);
        Assert.That((outcome.Imported, outcome.Before!.By), Is.EqualTo((0L, "bob")));
        Assert.That(await bench.Desk.ListAsync(null, 100), Has.Count.EqualTo(10));
    }

    [Test]
    public async Task OrderOfTheFile_ComesInOtherwiseMeanwhile_IsRefusedWithItsLine_AndSoIsTheFileBehindIt([Values] EngineKind engine)
    {
        await using var bench = await StoreBench.OpenAsync(engine);
        var import = new OrderFileImport(bench.Database) { OrdersAtOnce = 2, Between = (_, _) => bench.ImportAsync(bench.New("o4", "c9")) };
        var outcome = await import.RunAsync(Of(bench, "o1", "o2", "o3", "o4", "o5"), bench.Ann);
        Assert.That((outcome.Imported, outcome.Refusals.Single()), Is.EqualTo((2L, new FileRefusal(4, 1, new OrderId("o4"), "its order id is known already"))));
        Assert.That((await bench.Desk.ListAsync(null, 10)).Select(order => order.Order.Value), Is.EqualTo(new[] { "o1", "o2", "o4" }));
        outcome = await import.RunAsync(Of(bench, "o1", "o2", "o3", "o4", "o5"), bench.Ann);
        Assert.That((outcome.Imported, outcome.Refusals.Single().Line), Is.EqualTo((2L, 4)), "as long as it stands against it");
        Assert.That((await import.RunAsync(Of(bench, "o3", "o5") with { Digest = DigestOf(1) }, bench.Ann)).Imported, Is.EqualTo(2));
    }

    /// <summary>Whoever takes a file in is told what is in of it, also where he may not go on.</summary>
    [Test]
    public async Task PersonIsLocked_BetweenTwoCommits_TheRestIsRefused_AndWhatIsInIsTold()
    {
        await using var bench = await StoreBench.OpenAsync();
        await TestPeople.AddAsync(bench.Database, bench.RecordKeys, ("carl", PersonRoles.Clerk));
        var carl = TestPeople.Of(bench.Database, "carl", PersonRoles.Clerk);
        var import = new OrderFileImport(bench.Database) { OrdersAtOnce = 2, Between = (_, _) => bench.People.LockAsync(carl.Name, bench.Ann) };
        var outcome = await import.RunAsync(Of(bench, "o1", "o2", "o3"), carl);
        Assert.That((outcome.Imported, outcome.Refusals.Single().Message), Is.EqualTo((2L, "carl has not the role for it")));
    }

    /// <summary>What stands between orders of one file is found before the first is in: card numbers, and what earlier rewrites leave on a card.</summary>
    [Test]
    public async Task OrdersThatDoNotGoTogether_AreToldBeforeTheFirstIsIn()
    {
        await using var bench = await StoreBench.OpenAsync();
        var (one, two) = (RecordOf(Rewrites.Product("endToEnd")), RecordOf(Rewrites.Product("endToEnd", version: 2)));
        Assert.That((await bench.Orders.ImportAsync(one, [bench.New("issue", "c1") with { Product = one.Ref }])).Refusal, Is.Null);
        await bench.IssueAsync("issue", StoreBench.Card(1));
        var account = ByteString.Own([.. Enumerable.Repeat((byte)5, NewOrder.AccountDigestLength)]);
        ComingOrder[] orders =
        [
            Rewrite("r1", two, "points", 1), Rewrite("r2", two, "block", 2), Rewrite("r3", one, "points", 3), Account("a1", 4), Account("a2", 5),
        ];
        var begun = false;
        var outcome = await new OrderFileImport(bench.Database) { OrdersAtOnce = 1 }.RunAsync(
            Of(orders) with { Products = [one, two, StoreBench.Product], Beginning = () => begun = true }, bench.Ann);
        Assert.That(outcome.Refusals.Select(refusal => $"{refusal.Line} {refusal.Order}: {refusal.Message}"), Is.EqualTo(new[]
        {
            $"3 r3: card {StoreBench.Card(1)} has product {two.Ref}, and points of {one.Ref} does not begin from that",
            "5 a2: its card number and sequence number are those of order a1 of the file",
        }));
        Assert.That((outcome.Imported, begun), Is.EqualTo((0L, false)));
        Assert.That(await bench.Desk.ListAsync(null, 10), Has.Count.EqualTo(1));
        outcome = await new OrderFileImport(bench.Database) { OrdersAtOnce = 1, Between = Go }.RunAsync(Of(orders[..2]) with { Products = [two] }, bench.Ann);
        Assert.That((outcome.Imported, outcome.Refusals.Count), Is.EqualTo((2L, 0)));

        ComingOrder Rewrite(string order, ProductRecord product, string name, int line) => new(new OrderId(order), "c1", product.Ref, 1,
            given => bench.New(order, "c1", given) with { Product = product.Ref, Rewrite = new RewriteOf(name, StoreBench.Card(1)) }) { Line = line, Column = 1 };

        ComingOrder Account(string order, int line) => new(
            new OrderId(order), order, StoreBench.Product.Ref, 1, given => bench.New(order, order, given) with { AccountDigest = account }) { Line = line, Column = 1 };
    }

    /// <summary>At the counter nobody waits for an import: neither while it looks at the orders, nor between its commits.</summary>
    [Test]
    public async Task Import_HeldInTheLook_AndBetweenItsCommits_TerminalIssuesMeanwhile([Values] EngineKind engine)
    {
        await using var shop = await Shop.OpenAsync(postgres: EngineUnderTest.PlaceOf(engine));
        await shop.OrderAsync("O-1", EndToEnd.Products.EndToEnd());
        await shop.OrderAsync("O-2", EndToEnd.Products.EndToEnd(), new Dictionary<string, string>(EndToEnd.Products.Fields));
        var (looks, looked, held, issued) = (new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource());
        var import = new OrderFileImport(shop.Database) { OrdersAtOnce = 1, Between = HoldAsync };
        var importing = Task.Run(() => import.RunAsync(Of(Orders()), TestPeople.Of(shop.Database)));
        await looks.Task.WaitAsync(Soon);
        await IssueAsync("O-1", 1);
        Assert.That(held.Task.IsCompleted, Is.False);
        looked.SetResult();
        await held.Task.WaitAsync(Soon);
        await IssueAsync("O-2", 2);
        Assert.That((await import.FindAsync(Digest))!.Taken, Is.EqualTo(1));
        issued.SetResult();
        Assert.That((await importing.WaitAsync(Soon)).Imported, Is.EqualTo(2));
        Assert.That((await shop.Log.VerifyAsync()).Findings, Is.Empty);

        async Task IssueAsync(string order, uint card)
        {
            shop.Reader.Insert(Shop.Card(card));
            var outcome = await shop.IssueAsync(order);
            Assert.That(outcome.IsIssued, Is.True, outcome.ToString());
            shop.Reader.Remove();
        }

        async Task HoldAsync(long taken, CancellationToken cancellation)
        {
            held.TrySetResult();
            await issued.Task;
        }

        IEnumerable<ComingOrder> Orders()
        {
            yield return Coming("f1", 1);
            looks.TrySetResult();
            looked.Task.Wait();
            yield return Coming("f2", 2);
        }

        static ComingOrder Coming(string order, int line) => new(new OrderId(order), order, StoreBench.Product.Ref, 1, given => new NewOrder(
            new OrderId(order), order, given, StoreBench.Product.Ref, ByteString.Copy("sealed"u8), StoreBench.Verifier, DateTimeOffset.UtcNow.AddDays(1),
            "Gold card")) { Line = line, Column = 1 };
    }

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    private static ByteString DigestOf(int file) => ByteString.Own([.. Enumerable.Repeat((byte)file, OrderFileImport.DigestLength)]);

    private static Task Go(long taken, CancellationToken cancellation) => Task.CompletedTask;

    private static ProductRecord RecordOf(string text)
    {
        var body = ByteString.Own(Encoding.UTF8.GetBytes(text));
        return ProductRecord.Of(CardProductFile.Read(body.Span, "p").Product!, body);
    }

    private static ComingOrders Of(StoreBench bench, params string[] orders) => Of(orders.Select((order, i) => One(bench, order, i + 1)));

    private static ComingOrders Of(IEnumerable<ComingOrder> orders) => new("day.csv", Digest, [StoreBench.Product], orders);

    private static ComingOrder One(StoreBench bench, string order, int line, int? sequence = 1, string? customer = null) => new(
        new OrderId(order), customer ?? order, StoreBench.Product.Ref, sequence, given => bench.New(order, customer ?? order, given)) { Line = line, Column = 1 };

    /// <summary>Stands for the end of the process.</summary>
    private sealed class KilledException : Exception;
}
