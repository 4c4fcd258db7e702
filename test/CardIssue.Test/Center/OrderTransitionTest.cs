using System.Reflection;
using CardIssue.Center.Orders;
using CardIssue.Center.Products;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Test.Center;

/// <summary>Every change in every state, and every number of a change from both sides of its bound.</summary>
[TestFixture]
public sealed class OrderTransitionTest
{
    private static readonly CardId Card1 = StoreBench.Card(1), Card2 = StoreBench.Card(2);
    private static readonly OrderClaim Claim = new("s1", "h1", new TerminalId("t1"), new OperatorId("op"), DateTimeOffset.UnixEpoch);

    /// <summary>The changes, each with a progress that it fits, so that only the state can stand against it.</summary>
    private static readonly (string Name, OrderChange Change, OrderProgress Progress)[] Changes =
    [
        ("Authenticating", new OrderChange.Authenticating(Card1), new OrderProgress(1, 2, 1, 2)),
        ("Spared", new OrderChange.Spared(Card1), new OrderProgress(1, 2, 1, 2)),
        ("Bound", new OrderChange.Bound(Card1), OrderProgress.None),
        ("Numbering", new OrderChange.Numbering(Card2), OrderProgress.None),
        ("Opened", new OrderChange.Opened(Card1, true), new OrderProgress(1, 2, 1, 2)),
        ("Leaving", new OrderChange.Leaving(2, 1), new OrderProgress(1, 0, 1, 1)),
        ("Confirmed", new OrderChange.Confirmed(2), new OrderProgress(1, 2, 1, 2)),
        ("NotDone", new OrderChange.NotDone(2, 1), new OrderProgress(1, 2, 1, 2)),
        ("Rewound", new OrderChange.Rewound(0, 1), new OrderProgress(1, 2, 1, 2)),
        ("Closing", new OrderChange.Closing(1), new OrderProgress(1, 0, 1, 2)),
        ("Issued", new OrderChange.Issued(Card1), new OrderProgress(1, 2, 1, 2)),
        ("Waiting", new OrderChange.Waiting(1), new OrderProgress(1, 2, 1, 2)),
        ("Released", new OrderChange.Released(), new OrderProgress(1, 2, 1, 2)),
    ];

    /// <summary>What becomes of the state; a dash where the change is refused. Columns as <see cref="Changes"/>.</summary>
    private const string Table = """
                     Authenticating Spared      Bound Numbering Opened  Leaving Confirmed NotDone Rewound Closing Issued Waiting Released
        Ready        -              -           -     -         -       -       -         -       -       -       -      -       Ready
        Claimed      Claimed        Claimed     Bound Claimed   -       -       -         -       -       -       -      Waiting Ready
        Bound        Bound          Bound       -     -         Bound   Writing -         -       -       -       -      Waiting Bound
        Writing      Writing        Writing     -     -         Writing Writing Writing   Writing Writing Closing -      Waiting Writing
        Closing      Closing        Closing     -     -         Closing -       Closing   Closing Writing Closing Issued Waiting Closing
        Issued       -              -           -     -         -       -       -         -       -       -       -      -       Issued
        Waiting      -              -           -     -         -       -       -         -       -       -       -      -       Waiting
        Voided       -              -           -     -         -       -       -         -       -       -       -      -       Voided
        Quarantined  -              -           -     -         -       -       -         -       -       -       -      -       Quarantined
        Rewritten    -              -           -     -         -       -       -         -       -       -       -      -       Rewritten
        Cancelled    -              -           -     -         -       -       -         -       -       -       -      -       Cancelled
        """;

    [Test]
    public void EveryChange_InEveryState_IsTheNextStateOrARefusal()
    {
        var rows = Table.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToList();
        Assert.That(rows[0], Is.EqualTo(Changes.Select(change => change.Name)));
        Assert.That(rows.Skip(1).Select(row => row[0]), Is.EqualTo(Enum.GetNames<OrderState>()));
        foreach (var row in rows.Skip(1))
        {
            var state = Enum.Parse<OrderState>(row[0]);
            foreach (var (i, (name, change, progress)) in Changes.Index())
            {
                // Only what is claimed for a card can be bound: a claimed order has none.
                var order = Order(state, progress) with { Card = state is OrderState.Ready or OrderState.Claimed ? null : Card1 };
                if (row[i + 1] == "-") Assert.That(() => OrderTransition.Apply(order, change), Refuses, $"{name} in {state}");
                else Assert.That(OrderTransition.Apply(order, change).State.ToString(), Is.EqualTo(row[i + 1]), $"{name} in {state}");
            }
        }
    }

    /// <summary>A rewrite has its card from the start, binds no other, and ends in a state of its own.</summary>
    [Test]
    public void Rewrite_IsOpenedNotBound_SpendsItsCodeThen_AndEndsRewritten()
    {
        var claimed = Order(OrderState.Claimed, OrderProgress.None) with { Card = Card1, Rewrite = "points", RewriteNumber = 1 };
        Assert.That(() => OrderTransition.Apply(claimed, new OrderChange.Bound(Card1)), Refuses);
        Assert.That(() => OrderTransition.Apply(claimed, new OrderChange.Numbering(Card1)), Refuses);
        Assert.That(() => OrderTransition.Apply(claimed, new OrderChange.Authenticating(Card2)), Refuses);
        Assert.That(() => OrderTransition.Apply(claimed, new OrderChange.Opened(Card2, true)), Refuses);
        Assert.That(() => OrderTransition.Apply(claimed, new OrderChange.Leaving(1, 1)), Refuses, "not before its card was there");
        var opened = OrderTransition.Apply(claimed, new OrderChange.Opened(Card1, true));
        Assert.That((opened.State, opened.CodeSpent, opened.Card), Is.EqualTo((OrderState.Bound, true, Card1)));
        var closing = opened with { State = OrderState.Closing, Progress = new OrderProgress(1, 2, 1, 2) };
        Assert.That(OrderTransition.Apply(closing, new OrderChange.Issued(Card1)).State, Is.EqualTo(OrderState.Rewritten));
    }

    [Test]
    public void EveryKindOfChange_IsInTheTable() => Assert.That(
        typeof(OrderChange).GetNestedTypes(BindingFlags.Public | BindingFlags.NonPublic).Select(type => type.Name).Order(), Is.EqualTo(Changes.Select(change => change.Name).Order()));

    private static IEnumerable<TestCaseData> Numbers()
    {
        TestCaseData Fits(string name, OrderState state, OrderProgress before, OrderChange change, OrderProgress after) =>
            new TestCaseData(state, before, change, (OrderProgress?)after).SetArgDisplayNames(name);
        TestCaseData Not(string name, OrderState state, OrderProgress before, OrderChange change) =>
            new TestCaseData(state, before, change, null).SetArgDisplayNames(name);
        const OrderState Writing = OrderState.Writing, Closing = OrderState.Closing;

        yield return Fits("Leaving_TheNext", Writing, new(1, 0, 2, 1, 1), new OrderChange.Leaving(2, 1), new(1, 2, 1, 2, 1));
        yield return Fits("Leaving_TheNextOfAnEarlierPass", Writing, new(1, 0, 2, 5, 1), new OrderChange.Leaving(2, 3), new(1, 2, 3, 5, 1));
        yield return Fits("Leaving_TheFirst", OrderState.Bound, OrderProgress.None, new OrderChange.Leaving(1, 1), new(0, 1, 1, 1));
        yield return Fits("Leaving_AgainWhatIsInDoubt", Writing, new(1, 2, 1, 2), new OrderChange.Leaving(2, 2), new(1, 2, 2, 2));
        yield return Not("Leaving_WhatIsConfirmed", Writing, new(1, 0, 1, 1), new OrderChange.Leaving(1, 1));
        yield return Not("Leaving_TheOneAfterTheNext", Writing, new(1, 0, 1, 1), new OrderChange.Leaving(3, 1));
        yield return Not("Leaving_WhileAnotherIsInDoubt", Writing, new(1, 3, 1, 3), new OrderChange.Leaving(2, 1));
        yield return Not("Leaving_AtAttemptZero", Writing, new(1, 0, 1, 1), new OrderChange.Leaving(2, 0));

        yield return Fits("Confirmed_WhatIsInDoubt", Writing, new(1, 2, 2, 3, 1), new OrderChange.Confirmed(2), new(2, 0, 2, 3, 1));
        yield return Fits("Confirmed_WhatALookFoundOfAnEarlierPass", Writing, new(1, 0, 1, 3, 2), new OrderChange.Confirmed(2),
            new(2, 0, 1, 3, 2));
        yield return Not("Confirmed_WhatNeverLeft", Writing, new(1, 0, 1, 3, 1), new OrderChange.Confirmed(2));
        yield return Not("Confirmed_AnotherThanIsInDoubt", Writing, new(1, 3, 1, 3, 3), new OrderChange.Confirmed(2));
        yield return Not("Confirmed_OneMoreThanIsInDoubt", Writing, new(1, 2, 1, 3), new OrderChange.Confirmed(3));
        yield return Not("Confirmed_BeyondTheNext", Writing, new(1, 3, 1, 3), new OrderChange.Confirmed(3));
        yield return Not("Confirmed_Again", Writing, new(1, 0, 1, 3, 3), new OrderChange.Confirmed(1));

        yield return Fits("NotDone_WhatIsInDoubt", Writing, new(1, 2, 1, 2, 1), new OrderChange.NotDone(2, 2), new(1, 0, 2, 2, 1));
        yield return Fits("NotDone_TheClosing", Closing, new(1, 2, 1, 2), new OrderChange.NotDone(2, 1), new(1, 0, 1, 2));
        yield return Not("NotDone_AnotherRecord", Writing, new(1, 2, 1, 2), new OrderChange.NotDone(1, 2));
        yield return Not("NotDone_NothingInDoubt", Writing, new(1, 0, 1, 2), new OrderChange.NotDone(0, 2));
        yield return Not("NotDone_AtAttemptZero", Writing, new(1, 2, 1, 2), new OrderChange.NotDone(2, 0));

        yield return Fits("Rewound_ToTheStart", Writing, new(2, 3, 1, 3, 1), new OrderChange.Rewound(0, 2), new(0, 0, 2, 3, 1));
        yield return Fits("Rewound_ToWhereItIs", Writing, new(2, 3, 1, 3, 1), new OrderChange.Rewound(2, 1), new(2, 0, 1, 3, 1));
        yield return Not("Rewound_Forward", Writing, new(2, 3, 1, 3), new OrderChange.Rewound(3, 1));
        yield return Not("Rewound_BelowTheStart", Writing, new(2, 3, 1, 3), new OrderChange.Rewound(-1, 1));
        yield return Not("Rewound_AtAttemptZero", Writing, new(2, 3, 1, 3), new OrderChange.Rewound(0, 0));

        yield return Fits("Closing_AfterTheLast", Writing, new(2, 0, 3, 2, 1), new OrderChange.Closing(1), new(2, 3, 1, 3, 1));
        yield return Fits("Closing_OfAnEarlierPass", Writing, new(2, 0, 3, 5), new OrderChange.Closing(2), new(2, 3, 2, 5));
        yield return Fits("Closing_AgainInDoubt", Closing, new(2, 3, 1, 3), new OrderChange.Closing(2), new(2, 3, 2, 3));
        yield return Fits("Closing_AgainNotDone", Closing, new(2, 0, 1, 3), new OrderChange.Closing(2), new(2, 3, 2, 3));
        yield return Not("Closing_WithARecordInDoubt", Writing, new(2, 3, 1, 3), new OrderChange.Closing(1));
        yield return Not("Closing_WithARecordInDoubtAfterAClosing", Closing, new(1, 3, 1, 3), new OrderChange.Closing(1));
        yield return Not("Closing_WhatIsConfirmed", Closing, new(3, 0, 1, 3), new OrderChange.Closing(1));
        yield return Not("Closing_WithoutARecord", Writing, new(0, 0, 1, 2), new OrderChange.Closing(1));
        yield return Not("Closing_AtAttemptZero", Writing, new(2, 0, 3, 2), new OrderChange.Closing(0));

        yield return Fits("Issued_ClosingInDoubt", Closing, new(2, 3, 2, 3, 1), new OrderChange.Issued(Card1), new(3, 0, 2, 3, 1));
        yield return Fits("Issued_ClosingConfirmed", Closing, new(3, 0, 2, 3), new OrderChange.Issued(Card1), new(3, 0, 2, 3));
        yield return Not("Issued_ClosingNotDone", Closing, new(2, 0, 2, 3), new OrderChange.Issued(Card1));
        yield return Not("Issued_ARecordInDoubt", Closing, new(1, 3, 2, 3), new OrderChange.Issued(Card1));
        yield return Not("Issued_AnotherCard", Closing, new(2, 3, 2, 3), new OrderChange.Issued(Card2));

        yield return Fits("Opened_Proved", Writing, new(1, 2, 1, 3, 1), new OrderChange.Opened(Card1, true), new(1, 2, 1, 3, 1));
        yield return Fits("Opened_NotProved", Writing, new(1, 2, 1, 3, 1), new OrderChange.Opened(Card1, false), new(1, 2, 1, 3, 3));
        yield return Not("Opened_AnotherCard", Writing, new(1, 2, 1, 2), new OrderChange.Opened(Card2, true));
        yield return Not("Authenticating_AnotherCard", Writing, new(1, 2, 1, 2), new OrderChange.Authenticating(Card2));
        yield return Fits("Waiting_KeepsTheProgress", Writing, new(1, 2, 3, 4, 2), new OrderChange.Waiting(2), new(1, 2, 3, 4, 2));
        yield return Fits("Released_KeepsTheProgress", Writing, new(1, 2, 3, 4, 2), new OrderChange.Released(), new(1, 2, 3, 4, 2));
    }

    [TestCaseSource(nameof(Numbers))]
    public void NumbersOfAChange_AreTakenOrRefused(OrderState state, OrderProgress before, OrderChange change, OrderProgress? after)
    {
        var order = Order(state, before);
        if (after is null) Assert.That(() => OrderTransition.Apply(order, change), Refuses);
        else Assert.That(OrderTransition.Apply(order, change).Progress, Is.EqualTo(after));
    }

    /// <summary>What else a change changes, and that it changes nothing more.</summary>
    [Test]
    public void WhatAChangeBrings_IsInTheOrder_AndNothingElse()
    {
        var claimed = Order(OrderState.Claimed, OrderProgress.None) with { Card = null };
        Assert.That(Apply(claimed, new OrderChange.Bound(Card1)),
            Is.EqualTo(claimed with { State = OrderState.Bound, Card = Card1, CodeSpent = true }));
        Assert.That(Apply(claimed, new OrderChange.Authenticating(Card1)), Is.EqualTo(claimed));
        Assert.That(Apply(claimed, new OrderChange.Numbering(Card1)), Is.EqualTo(claimed));
        Assert.That(Apply(claimed, new OrderChange.Released()), Is.EqualTo(claimed with { State = OrderState.Ready, Claim = null }));
        Assert.That(Apply(claimed, new OrderChange.Waiting(0)),
            Is.EqualTo(claimed with { State = OrderState.Waiting, HeldState = OrderState.Claimed, WaitingRecord = 0 }));
        var writing = Order(OrderState.Writing, new OrderProgress(1, 2, 1, 2));
        Assert.That(Apply(writing, new OrderChange.Released()), Is.EqualTo(writing with { Claim = null }));
        Assert.That(Apply(writing, new OrderChange.Waiting(2)),
            Is.EqualTo(writing with { State = OrderState.Waiting, HeldState = OrderState.Writing, WaitingRecord = 2 }));
        Assert.That(Apply(writing, new OrderChange.Opened(Card1, true)), Is.EqualTo(writing));
        var closing = Order(OrderState.Closing, new OrderProgress(1, 2, 1, 2));
        Assert.That(Apply(closing, new OrderChange.Issued(Card1)),
            Is.EqualTo(closing with { State = OrderState.Issued, Progress = new OrderProgress(2, 0, 1, 2) }));
        Assert.That(() => Apply(Order(OrderState.Claimed, OrderProgress.None), new OrderChange.Bound(Card1)), Refuses, "it has a card");
        Assert.That(() => Apply(Order(OrderState.Claimed, OrderProgress.None), new OrderChange.Numbering(Card1)), Refuses, "it has a card");
    }

    private static OrderRow Apply(OrderRow order, OrderChange change) => OrderTransition.Apply(order, change);

    private static NUnit.Framework.Constraints.IResolveConstraint Refuses =>
        Throws.InvalidOperationException.With.Message.Contains("disagree");

    private static OrderRow Order(OrderState state, OrderProgress progress) => new()
    {
        Order = new OrderId("o1"), Customer = "c1", Sequence = 1, Product = new ProductRef("gold", 1), Mode = ProductMode.EndToEnd,
            Display = "",
        CodeExpires = DateTimeOffset.UnixEpoch, State = state, Card = Card1, Progress = progress, Claim = Claim,
            Imported = DateTimeOffset.UnixEpoch,
    };
}
