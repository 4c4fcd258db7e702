using CardIssue.Core.Crypto;
using NSubstitute;

namespace CardIssue.Test.Crypto;

[TestFixture]
public sealed class KeptTest
{
    [Test]
    public void GivenBack_IsTakenAgain()
    {
        using var kept = new Kept<IDisposable>(() => Substitute.For<IDisposable>());
        var first = kept.Take();
        kept.GiveBack(first);
        Assert.That(kept.Take(), Is.SameAs(first));
    }

    [Test]
    public void TakenByTwo_EachHasItsOwn_AndOneIsKept()
    {
        using var kept = new Kept<IDisposable>(() => Substitute.For<IDisposable>());
        var (first, second) = (kept.Take(), kept.Take());
        Assert.That(second, Is.Not.SameAs(first));
        kept.GiveBack(first);
        kept.GiveBack(second);
        second.Received(1).Dispose();
        first.DidNotReceive().Dispose();
    }

    [Test]
    public void DisposedMeanwhile_WhatIsGivenBackIsDisposed()
    {
        var kept = new Kept<IDisposable>(() => Substitute.For<IDisposable>());
        var taken = kept.Take();
        kept.Dispose();
        kept.GiveBack(taken);
        taken.Received(1).Dispose();
    }
}
