using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Center;
using CardIssue.Testing.Cards;

namespace CardIssue.Test.EndToEnd;

/// <summary>What a terminal's module fails in is no try of a card and none of a customer's: the terminal is held, by name.</summary>
[TestFixture, Parallelizable]
public sealed class TerminalFaultsTest
{
    private readonly ModuleFaults _faults = new();

    [Test]
    public async Task ModuleThatRefusesEveryTicket_IsHeld_AndNoCardIsBarred()
    {
        await using var shop = await OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd(mode: "module"));
        _faults.Tickets = true;
        for (var i = 0; i < new OrderOptions().TerminalFaults; i++)
        {
            shop.Reader.Insert(Shop.Card(1));
            ThatIs(await shop.IssueAsync("o-1"), IssueEnding.Aborted, nameof(AbortCode.ModuleRefused));
            await shop.UnclaimedAsync("o-1");
            shop.Reader.Remove();
            await shop.ShowsAsync("Ready", i + 1);
        }
        Assert.That((await shop.ViewAsync("o-1")).State, Is.EqualTo(OrderState.Ready));
        Assert.That(await CountAsync(shop, "card_tries"), Is.Zero, "no authentication reached a card");
        Assert.That(await CountAsync(shop, "code_attempts"), Is.Zero);
        await shop.LogsAsync(row => row.Entry is { Kind: "TerminalHeld" } && row.Entry.Terminal == Shop.TerminalName);
        Assert.That((await shop.Registry.GetAsync(Shop.TerminalName))!.Hold!.Fault, Does.Contain("ModuleRefused"));

        _faults.Tickets = false;
        await shop.RestartTerminalAsync();
        await shop.RestartCenterAsync();
        ThatIs(await shop.IssueAsync("o-1"), IssueEnding.Declined, nameof(DeclineCode.TerminalHeld));
        var ann = TestPeople.Of(shop.Database, "ann");
        Assert.That(await shop.Registry.ReleaseAsync(Shop.TerminalName, ann, "key renewed"), Is.EqualTo(TerminalChange.Done));
        Assert.That(await shop.Registry.ReleaseAsync(Shop.TerminalName, ann, "again"), Is.EqualTo(TerminalChange.NotHeld));
        shop.Reader.Insert(Shop.Card(1));
        ThatIs(await shop.IssueAsync("o-1"), IssueEnding.Issued, "");
        Assert.That((await shop.Log.VerifyAsync()).Findings, Is.Empty);
    }

    [TestCase(ScriptKind.Record)]
    [TestCase(ScriptKind.Close)]
    public async Task ModuleThatRefusesOnce_CostsNoCardAndHoldsNothing(ScriptKind kind)
    {
        await using var shop = await OpenAsync();
        if (kind is ScriptKind.Close) await shop.OrderAsync("o-1", ClosedByItself(), new Dictionary<string, string> { ["pan"] = Products.Fields["pan"] });
        else await shop.OrderAsync("o-1", Products.EndToEnd(mode: "module"));
        _faults.Commands = (kind, 1);
        var card = Shop.Card(1);
        shop.Reader.Insert(card);
        ThatIs(await shop.IssueAsync("o-1"), IssueEnding.Aborted, nameof(AbortCode.ModuleRefused));
        await shop.UnclaimedAsync("o-1");
        Assert.That(await CountAsync(shop, "terminal_faults"), Is.EqualTo(1));
        Assert.That((await shop.ViewAsync("o-1")).State, Is.EqualTo(kind is ScriptKind.Close ? OrderState.Closing : OrderState.Writing));
        Assert.That((await shop.Registry.GetAsync(Shop.TerminalName))!.Hold, Is.Null);
        shop.Reader.Remove();
        await shop.ShowsAsync("Ready");
        shop.Reader.Insert(card);
        ThatIs(await shop.IssueAsync("o-1"), IssueEnding.Issued, "");
        Assert.That(await CountAsync(shop, "card_tries"), Is.Zero);
        Assert.That(await CountAsync(shop, "terminal_faults"), Is.Zero, "its module opened a card");
    }

    /// <summary>
    /// What fails behind an authentication that the card took costs it nothing. Some cards answer that with a MAC before 9000.
    /// </summary>
    [TestCase(false)]
    [TestCase(true)]
    public async Task ModuleThatRefusesBehindTheAuthentication_CostsNoTry(bool answersWithMac)
    {
        await using var shop = await OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd(mode: "module"));
        (_faults.Commands, _faults.Spared) = ((ScriptKind.Authenticate, 1), 1);
        var card = CardSimulator.Create(Shop.Card(1).State with { AnswersAuthenticationWithMac = answersWithMac });
        shop.Reader.Insert(card);

        ThatIs(await shop.IssueAsync("o-1"), IssueEnding.Aborted, nameof(AbortCode.ModuleRefused));

        _faults.Spared = 0;
        await shop.UnclaimedAsync("o-1");
        Assert.That(await CountAsync(shop, "card_tries"), Is.Zero, "it was opened");
        shop.Reader.Remove();
        await shop.ShowsAsync("Ready");
        shop.Reader.Insert(card);
        ThatIs(await shop.IssueAsync("o-1"), IssueEnding.Issued, "");
    }

    /// <summary>One record that is read back, which is judged before the closing leaves in a script of its own.</summary>
    private static string ClosedByItself()
    {
        var product = Products.ReadBack("module").ReplaceLineEndings("\n");
        var (holder, end) = (product.IndexOf(",\n    { \"name\": \"holder\"", StringComparison.Ordinal), product.IndexOf("\n  ],\n  \"close\"", StringComparison.Ordinal));
        return product.Remove(holder, end - holder);
    }

    [Test]
    public async Task IssueCodeThatDoesNotOpen_IsTheTerminalsFault_AndNoTryOfTheCustomers()
    {
        await using var shop = await OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        _faults.Codes = true;
        for (var i = 0; i < new OrderOptions().TerminalFaults; i++)
            ThatIs(await shop.IssueAsync("o-1"), IssueEnding.Declined, nameof(DeclineCode.CodeUnreadable));
        Assert.That(await CountAsync(shop, "code_attempts"), Is.Zero);
        await shop.LogsAsync(row => row.Entry.Step == 230 && row.Entry.Detail.Contains("the sealed issue code does not open", StringComparison.Ordinal));
        _faults.Codes = false;
        ThatIs(await shop.IssueAsync("o-1"), IssueEnding.Declined, nameof(DeclineCode.TerminalHeld));
        Assert.That((await shop.Registry.GetAsync(Shop.TerminalName))!.Hold!.Fault, Does.Contain("CodeUnreadable"));
    }

    private async Task<Shop> OpenAsync()
    {
        var shop = await Shop.OpenAsync();
        shop.WrapModule = module => new RefusingModule(module, _faults);
        await shop.RestartTerminalAsync();
        return shop;
    }

    private static void ThatIs(IssueOutcome outcome, IssueEnding ending, string detail) =>
        Assert.That((outcome.Ending, outcome.Detail), Is.EqualTo((ending, detail)));

    private static Task<long> CountAsync(Shop shop, string table) =>
        shop.Database.ReadAsync(store => store.Number($"SELECT count(*) FROM {table}"), default);
}
