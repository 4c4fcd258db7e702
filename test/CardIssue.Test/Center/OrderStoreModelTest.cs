using CardIssue.Center.Orders;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Test.Center.Engines;

namespace CardIssue.Test.Center;

/// <summary>Random operations on the store and on a model of a few lines that was written from the changes' documents, not from the store.</summary>
[TestFixture(EngineKind.Sqlite), TestFixture(EngineKind.Postgres), Parallelizable]
public class OrderStoreModelTest(EngineKind engine)
{
    private const int Runs = 4, Operations = 250, Orders = 3, Cards = 3, Terminals = 2;

    private sealed class ModelOrder
    {
        public OrderState State = OrderState.Ready;
        public long Fence;
        public bool Held;
        public int Terminal;
        public DateTimeOffset Lease;
        public CardId? Card;
        public int Confirmed, InDoubt, Attempt = 1, Furthest, Unproved;
        public OrderState BeforeWaiting;
        public OrderProgress Progress => new(Confirmed, InDoubt, Attempt, Furthest, Unproved);
    }

    [Test]
    public async Task RandomOperations_StoreAndModel_Agree()
    {
        for (var run = 0; run < (engine is EngineKind.Postgres ? 1 : Runs); run++)
        {
            var seed = Random.Shared.Next();
            TestContext.Out.WriteLine($"seed {seed}");
            await RunAsync(seed);
        }
    }

    private async Task RunAsync(int seed)
    {
        var random = new Random(seed);
        await using var bench = await StoreBench.OpenAsync(engine);
        bench.Options.CardTries = 10;
        await bench.ImportAsync([.. Enumerable.Range(0, Orders).Select(i => bench.New($"o{i}", $"c{i}"))]);
        var model = Enumerable.Range(0, Orders).Select(_ => new ModelOrder()).ToArray();
        var tries = new Dictionary<CardId, int>();
        var reached = new SortedDictionary<OrderState, int>();
        for (var step = 0; step < Operations; step++)
        {
            var number = random.Next(Orders);
            var order = model[number];
            var where = $"seed {seed}, step {step}, order {number}";
            switch (random.Next(10))
            {
                case 0:
                    bench.Time.Advance(bench.Options.Lease / 3);
                    break;
                case 1:
                    await bench.RestartAsync();
                    break;
                case 2 when order.State == OrderState.Waiting:
                    await bench.Desk.RetryAsync(new OrderId($"o{number}"), bench.Ann, "test");
                    (order.State, order.Held, order.Attempt) = (order.BeforeWaiting == OrderState.Claimed ? OrderState.Ready : order.BeforeWaiting, false, 1);
                    break;
                case 2 or 3:
                    await ClaimAsync(bench, order, number, random.Next(Terminals), where);
                    break;
                default:
                    await SaveAsync(bench, model, number, tries, random, where);
                    break;
            }
            var view = await bench.ViewAsync($"o{number}");
            Assert.That((view.State, view.Fence, view.Card, view.Progress, view.Session is not null),
                Is.EqualTo((order.State, order.Fence, order.Card, order.Progress, order.Held)), where);
            reached[order.State] = reached.GetValueOrDefault(order.State) + 1;
        }
        TestContext.Out.WriteLine(string.Join(", ", reached.Select(state => $"{state.Key} {state.Value}")));
    }

    private static async Task ClaimAsync(StoreBench bench, ModelOrder order, int number, int terminal, string where)
    {
        var now = bench.Time.GetUtcNow();
        DeclineCode? expected = order.State switch
        {
            OrderState.Issued => DeclineCode.AlreadyIssued,
            OrderState.Waiting => DeclineCode.Waiting,
            _ => order.Held && order.Lease > now ? DeclineCode.Busy : null,
        };
        Assert.That(await bench.DeclineAsync($"o{number}", $"t{terminal}"), Is.EqualTo(expected), where);
        if (expected is not null) return;
        if (order.State == OrderState.Ready) order.State = OrderState.Claimed;
        (order.Held, order.Terminal, order.Lease) = (true, terminal, now + bench.Options.Lease);
        var fence = (await bench.ViewAsync($"o{number}")).Fence;
        Assert.That(fence, Is.GreaterThan(order.Fence), where);
        order.Fence = fence;
    }

    private static async Task SaveAsync(
        StoreBench bench, ModelOrder[] model, int number, Dictionary<CardId, int> tries, Random random, string where)
    {
        var order = model[number];
        var card = order.Card is { } bound && random.Next(5) > 0 ? bound : StoreBench.Card(random.Next(Cards));
        var change = Change(order, card, random);
        var fence = order.Fence - (random.Next(12) == 0 ? 1 : 0);
        where += $", {change} under {fence}";
        var id = new OrderId($"o{number}");
        if (!order.Held || fence != order.Fence)
        {
            Assert.That(await bench.Orders.SaveAsync(id, fence, change), Is.InstanceOf<SaveOutcome.ClaimLost>(), where);
            return;
        }
        if (!Allowed(order, change))
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => bench.Orders.SaveAsync(id, fence, change), where);
            return;
        }
        var outcome = await bench.Orders.SaveAsync(id, fence, change);
        if (change is OrderChange.Authenticating or OrderChange.Bound)
        {
            if (model.Where(other => other != order).Any(other => other.Card == card))
            {
                Assert.That(outcome, Is.InstanceOf<SaveOutcome.CardInUse>(), where);
                return;
            }
            if (change is OrderChange.Authenticating && tries.GetValueOrDefault(card) >= bench.Options.CardTries)
            {
                Assert.That(outcome, Is.InstanceOf<SaveOutcome.CardBarred>(), where);
                return;
            }
        }
        Assert.That(outcome, Is.InstanceOf<SaveOutcome.Saved>(), where);
        if (change is OrderChange.Authenticating) tries[card] = tries.GetValueOrDefault(card) + 1;
        if (change is OrderChange.Bound { IsOpen: true } or OrderChange.Opened or OrderChange.Numbering) tries.Remove(card);
        order.Lease = bench.Time.GetUtcNow() + bench.Options.Lease;
        Do(order, change);
        Assert.That(await bench.Orders.CardTriesAsync(card), Is.EqualTo(tries.GetValueOrDefault(card)), where);
    }

    private static OrderChange Change(ModelOrder order, CardId card, Random random)
    {
        var attempt = random.Next(1, 4);
        var near = order.Confirmed + random.Next(0, 3);
        return random.Next(15) switch
        {
            0 => new OrderChange.Authenticating(card),
            1 => new OrderChange.Bound(card, random.Next(2) == 0),
            2 => new OrderChange.Opened(card, random.Next(2) == 0),
            3 or 4 => new OrderChange.Leaving(order.Confirmed + 1, attempt, random.Next(4) == 0),
            5 => new OrderChange.Leaving(near, attempt),
            6 or 7 => new OrderChange.Confirmed(near, random.Next(4) == 0),
            8 => new OrderChange.NotDone(order.InDoubt, attempt),
            9 => new OrderChange.Rewound(random.Next(-1, order.Confirmed + 2), attempt),
            10 => new OrderChange.Closing(attempt),
            11 => new OrderChange.Issued(card),
            12 when random.Next(3) == 0 => new OrderChange.Waiting(near),
            13 => new OrderChange.Numbering(card),
            _ => random.Next(3) == 0 ? new OrderChange.Released() : new OrderChange.Confirmed(order.InDoubt),
        };
    }

    private static bool Allowed(ModelOrder order, OrderChange change)
    {
        var writing = order.State is OrderState.Writing;
        var closing = order.State is OrderState.Closing;
        var bound = order.State == OrderState.Bound || writing || closing;
        var next = order.Confirmed + 1;
        return change switch
        {
            OrderChange.Authenticating(var card) => order.State == OrderState.Claimed || (bound && card == order.Card),
            OrderChange.Bound or OrderChange.Numbering => order.State == OrderState.Claimed,
            OrderChange.Opened(var card, _) => bound && card == order.Card,
            OrderChange.Leaving(var record, _, _) => (order.State == OrderState.Bound || writing || (closing && order.Furthest > record)) && record == next && (order.InDoubt == 0 || order.InDoubt == next),
            OrderChange.Confirmed(var record, true) => closing && record == next && order.InDoubt == next && order.Furthest == next + 1,
            OrderChange.Confirmed(var record, _) =>
                (writing || closing) && record == next && (order.InDoubt == next || (order.InDoubt == 0 && next <= order.Unproved)),
            OrderChange.NotDone(var record, _) => (writing || closing) && record != 0 && record == order.InDoubt,
            OrderChange.Rewound(var kept, _) => (writing || closing) && kept >= 0 && kept <= order.Confirmed,
            OrderChange.Closing => order.Confirmed > 0 && ((writing && order.InDoubt == 0)
                || (closing && (order.InDoubt != 0 ? order.InDoubt == order.Furthest : order.Confirmed < order.Furthest))),
            OrderChange.Issued(var card) =>
                closing && card == order.Card && (order.InDoubt != 0 ? order.InDoubt : order.Confirmed) == order.Furthest,
            OrderChange.Waiting => order.State == OrderState.Claimed || bound,
            _ => true,
        };
    }

    private static void Do(ModelOrder order, OrderChange change)
    {
        switch (change)
        {
            case OrderChange.Bound(var card, _): (order.State, order.Card) = (OrderState.Bound, card); break;
            case OrderChange.Opened(_, false): order.Unproved = order.Furthest; break;
            case OrderChange.Leaving(var record, var attempt, var closes):
                Sent(order, closes ? OrderState.Closing : OrderState.Writing, record, attempt);
                if (closes) order.Furthest = Math.Max(order.Furthest, record + 1);
                break;
            case OrderChange.Closing(var attempt): Sent(order, OrderState.Closing, order.Confirmed + 1, attempt); break;
            case OrderChange.Confirmed(var record, var closes): (order.Confirmed, order.InDoubt) = (record, closes ? record + 1 : 0); break;
            case OrderChange.NotDone(_, var attempt): (order.InDoubt, order.Attempt) = (0, attempt); break;
            case OrderChange.Rewound(var kept, var attempt):
                (order.State, order.Confirmed, order.InDoubt, order.Attempt) = (OrderState.Writing, kept, 0, attempt);
                break;
            case OrderChange.Issued: (order.State, order.Confirmed, order.InDoubt) = (OrderState.Issued, order.Furthest, 0); break;
            case OrderChange.Waiting: (order.BeforeWaiting, order.State) = (order.State, OrderState.Waiting); break;
            case OrderChange.Released:
                order.Held = false;
                if (order.State == OrderState.Claimed) order.State = OrderState.Ready;
                break;
            default: break;
        }
    }

    private static void Sent(ModelOrder order, OrderState state, int record, int attempt) =>
        (order.State, order.InDoubt, order.Attempt, order.Furthest) = (state, record, attempt, Math.Max(order.Furthest, record));
}
