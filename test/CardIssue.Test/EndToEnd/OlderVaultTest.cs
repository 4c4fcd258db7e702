using CardIssue.Center.Orders;
using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Relay;

namespace CardIssue.Test.EndToEnd;

/// <summary>A host whose vault is a copy from before a key was made anew at another host (<c>vault rotate</c>).</summary>
[TestFixture, Parallelizable]
public sealed class OlderVaultTest
{
    [Test]
    public async Task CodeOfAKeyThatThisHostLacks_TypedAgainAndAgain_IsTheCentersLack_AndIsGoodOnceTheVaultIsCopied()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        var (order, vault) = (new OrderId("o-1"), Path.Combine(shop.Folder, "vault"));
        var elsewhere = $"{vault}-elsewhere";
        File.Copy(vault, elsewhere);
        using (var passphrase = SecretBytes.Copy("correct horse battery"u8))
        using (var other = FileKeyVault.Open(elsewhere, passphrase))
        {
            other.RotateIssueCodeKey();
            var verifier = other.CreateIssueCodeVerifier(order, "4711"u8);
            Assert.That(await shop.Desk.RenewCodeAsync(order, verifier, DateTimeOffset.UtcNow.AddDays(1), TestPeople.Of(shop.Database)), Is.EqualTo(DeskOutcome.Done));
        }
        for (var i = 0; i <= new OrderOptions().CodeAttemptsPerCustomer; i++)
            Assert.That((await shop.IssueAsync("o-1")).Detail, Is.EqualTo(nameof(DeclineCode.CenterLacks)), $"try {i}");
        await shop.LogsAsync(row => row.Entry.Kind == "Declining" && row.Entry.Detail.Contains("Copy vault.json", StringComparison.Ordinal));

        File.Move(elsewhere, vault, overwrite: true);
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
    }
}
