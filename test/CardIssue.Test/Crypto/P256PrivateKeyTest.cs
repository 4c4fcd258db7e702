using CardIssue.Core.Crypto;

namespace CardIssue.Test.Crypto;

[TestFixture]
public sealed class P256PrivateKeyTest
{
    /// <summary>The library's objects are kept between two uses, and are not for several threads.</summary>
    [Test]
    public void UsedByManyAtOnce_EachGetsItsOwnAnswer()
    {
        using var key = P256PrivateKey.Generate();
        using var other = P256PrivateKey.Generate();
        Parallel.For(0, 64, i =>
        {
            byte[] message = [(byte)i];
            Assert.That(key.PublicKey.Verify(message, key.Sign(message)), Is.True);
            using var peer = P256PrivateKey.Generate();
            using var agreed = key.Agree(peer.PublicKey);
            using var theirs = peer.Agree(key.PublicKey);
            Assert.That(agreed.Span.SequenceEqual(theirs.Span), Is.True);
        });
        Assert.That(other.PublicKey.Verify([1], key.Sign([1])), Is.False);
    }

    [Test]
    public void Disposed_SignsAndAgreesNoMore()
    {
        using var other = P256PrivateKey.Generate();
        var key = P256PrivateKey.Generate();
        key.Sign([1]);
        key.Agree(other.PublicKey).Dispose();
        key.Dispose();
        Assert.That(() => key.Sign([1]), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(() => key.Agree(other.PublicKey), Throws.InstanceOf<ObjectDisposedException>());
    }
}
