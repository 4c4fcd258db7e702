using System.Net;
using CardIssue.Center.Orders;
using CardIssue.Center.Sessions;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Relay;

namespace CardIssue.Test.EndToEnd;

/// <summary>What those may who are not let in, and who is not let in any more.</summary>
[TestFixture]
public sealed class DoorTest
{
    private const int Attempts = 10;

    [Test]
    public async Task HelloAgainAndAgain_BeforeAccess_TheLineEndsAtTheThird()
    {
        await using var shop = await Shop.OpenAsync();
        using var module = shop.Module.OpenModule();
        await using var line = await shop.Listener.CreateConnector(IPAddress.Loopback).ConnectAsync(default);
        var hello = MessageCodec.Encode(new Hello(1, 1, module.Identity.Id, module.BeginAdmission(), 8));
        for (var i = 0; i < 3; i++) await line.SendAsync(hello, default);
        Assert.That(await RawAccess.NextAsync(line), Is.InstanceOf<Challenge>());
        Assert.That(async () => await RawAccess.NextAsync(line), Throws.InstanceOf<LineException>());
    }

    [Test]
    public async Task LongFrame_BeforeAccess_TheLineEnds()
    {
        await using var shop = await Shop.OpenAsync();
        await using var line = await shop.Listener.CreateConnector(IPAddress.Loopback).ConnectAsync(default);
        await line.SendAsync(new byte[2_000], default);
        Assert.That(async () => await RawAccess.NextAsync(line), Throws.InstanceOf<LineException>());
    }

    [Test]
    public async Task ManyWrongProofs_FewRowsAndACount_AndTheHonestTerminalAtTheSameAddressIsLetIn()
    {
        await using var shop = await Shop.OpenAsync(attempts: Attempts);
        await shop.ShowsAsync("AccessGranted");
        await shop.OrderAsync("o-1", Products.EndToEnd());
        var before = (await shop.Log.VerifyAsync()).Entries;
        var codes = new List<RefusalCode>();
        for (var i = 0; i < 200; i++)
        {
            using var module = shop.Module.OpenModule();
            await using var line = await shop.Listener.CreateConnector(IPAddress.Loopback).ConnectAsync(default);
            codes.Add(((Refused)await RawAccess.AskAsync(line, module, shop.Vault.Identity.Id, new LineNumber(7), spoil: true)).Code);
        }
        Assert.That(codes.Take(Attempts), Is.All.EqualTo(RefusalCode.NotKnown));
        Assert.That(codes.Skip(Attempts), Is.All.EqualTo(RefusalCode.TooMany));

        await shop.RestartTerminalAsync();
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
        await shop.RestartCenterAsync();
        var rows = await shop.Log.ReadAsync(new LogQuery());
        Assert.That(rows.Count(row => row.Entry.Kind == "Refusing"), Is.EqualTo(Attempts));
        Assert.That(rows.Single(row => row.Entry.Kind == "RefusedMany").Entry.Detail, Does.Contain("\"count\":190,\"from\":\"127.0.0.1\""));
        TestContext.Progress.WriteLine($"200 wrong proofs and one issue: {rows.Count - before} rows");
        Assert.That(rows.Count - before, Is.LessThan((Attempts * 5) + 70));
        Assert.That((await shop.Log.VerifyAsync()).IsOk, Is.True);
    }

    [Test]
    public async Task ComersThatSayNothing_AreCountedAndNotLoggedOneByOne()
    {
        await using var shop = await Shop.OpenAsync(attempts: Attempts);
        await shop.ShowsAsync("AccessGranted");
        for (var i = 0; i < 50; i++)
        {
            var line = await shop.Listener.CreateConnector(IPAddress.Parse("10.0.0.9")).ConnectAsync(default);
            await SessionsAsync(shop, 2);
            await line.DisposeAsync();
            await SessionsAsync(shop, 1);
        }
        await shop.RestartCenterAsync();
        var rows = await shop.Log.ReadAsync(new LogQuery());
        Assert.That(rows.Count(row => row.Entry.Kind == "Unadmitted"), Is.EqualTo(Attempts));
        Assert.That(rows.Single(row => row.Entry.Kind == "RefusedMany").Entry.Detail, Does.Contain("\"count\":40,\"from\":\"10.0.0.9\""));
    }

    [Test]
    public async Task UnadmittedLines_AtTheirCap_TheLongestOfTheFullestPlaceIsClosed_AndOneFromElsewhereIsLetIn()
    {
        await using var shop = await Shop.OpenAsync(options => (options.MaxUnadmitted, options.MaxUnadmittedPerPlace) = (4, 3));
        await shop.ShowsAsync("AccessGranted");
        var idle = new List<ILine>();
        for (var i = 0; i < 6; i++) idle.Add(await shop.Listener.CreateConnector(IPAddress.Parse("10.0.0.9")).ConnectAsync(default));
        Assert.That(async () => await RawAccess.NextAsync(idle[0]), Throws.InstanceOf<LineException>());
        await shop.OrderAsync("o-1", Products.EndToEnd());
        await shop.RestartTerminalAsync();
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
        foreach (var line in idle) await line.DisposeAsync();
    }

    [Test]
    public async Task OneTerminal_LetInAgainAndAgain_ItsOldestSessionsEnd_AndItGoesOnInTheNewest()
    {
        await using var shop = await Shop.OpenAsync(options => options.MaxSessionsPerTerminal = 3);
        await shop.ShowsAsync("AccessGranted");
        var lines = new List<ILine>();
        for (var i = 0; i < 8; i++)
        {
            using var module = shop.Module.OpenModule();
            lines.Add(await shop.Listener.CreateConnector(IPAddress.Loopback).ConnectAsync(default));
            Assert.That(await RawAccess.AskAsync(lines[i], module, shop.Vault.Identity.Id, new LineNumber(7)), Is.InstanceOf<Admitted>());
        }
        Assert.That(async () => { while (true) await RawAccess.NextAsync(lines[0]); }, Throws.InstanceOf<LineException>());
        await shop.ShowsAsync("AccessGranted", times: 2);
        await SessionsAsync(shop, 3);
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
        foreach (var line in lines) await line.DisposeAsync();
    }

    [Test]
    public async Task TerminalDisabled_InMidIssue_LosesItsSession_AndIssuesWhenItIsLetInAgain()
    {
        await using var shop = await Shop.OpenAsync(options => options.RegistryLook = TimeSpan.FromMilliseconds(50));
        var issuing = await DisabledInMidIssueAsync(shop);
        await shop.ShowsAsync("LineLost");
        await LoggedAsync(shop, "may no longer come in: Disabled");
        for (var i = 0; i < 100 && shop.Server.Sessions > 0; i++) await Task.Delay(20);
        Assert.That((await shop.ViewAsync("o-1")).Session, Is.Null);
        Assert.That((await issuing).Ending, Is.EqualTo(IssueEnding.AccessRefused));
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.ViewAsync("o-1")).State, Is.EqualTo(OrderState.Ready));
        await shop.Registry.EnableAsync(Shop.TerminalName, true);
        await shop.ShowsAsync("AccessGranted", times: 2);
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
    }

    [Test]
    public async Task TerminalDisabled_LongBeforeTheNextLookAtTheRegistry_NothingMoreLeavesForIt()
    {
        await using var shop = await Shop.OpenAsync(options => options.RegistryLook = CenterSessionOptions.MaxRegistryLook);
        var issuing = await DisabledInMidIssueAsync(shop);
        var card = Shop.Card(1);
        shop.Reader.Insert(card);
        Assert.That((await issuing).Ending, Is.EqualTo(IssueEnding.AccessRefused));
        Assert.That(card.Commands, Is.AtMost(Opening), "the card got more than the opening that was at the terminal already");
        await LoggedAsync(shop, "may no longer come in: Disabled");
        Assert.That((await shop.ViewAsync("o-1")).State, Is.EqualTo(OrderState.Ready));
    }

    [Test]
    public async Task Registry_KnowsTheCertificatesOfEnabledTerminals_AndTellsWhatChanged()
    {
        await using var shop = await Shop.OpenAsync(line: ShopLine.Loopback(7, withTls: true));
        var door = new TerminalDoor(shop.Registry, new AdmissionCounts(new AdmissionOptions(), TimeProvider.System));
        Assert.That(await Knows(ShopLine.TerminalCertificate), Is.True);
        Assert.That(await Knows(ByteString.Own(new byte[32])), Is.False);
        Assert.That(await Knows(default), Is.False);
        var seen = await shop.Registry.ChangedSinceAsync(-1);
        Assert.That(seen.Terminals.Select(terminal => terminal.Terminal), Is.EqualTo(new[] { Shop.TerminalName }));
        Assert.That((await shop.Registry.ChangedSinceAsync(seen.Revision)).Terminals, Is.Empty);
        await shop.Registry.EnableAsync(Shop.TerminalName, false);
        Assert.That((await shop.Registry.ChangedSinceAsync(seen.Revision)).Terminals.Single().Enabled, Is.False);
        Assert.That(await Knows(ShopLine.TerminalCertificate), Is.False, "it is disabled");

        ValueTask<bool> Knows(ByteString certificate) => door.KnowsAsync(new LinePeer(new LineNumber(7), IPAddress.Loopback, certificate, certificate), default);
    }

    /// <summary>An order that waits for its card when the terminal is disabled.</summary>
    /// <summary>Commands of an opening: SELECT, two identities asked for, INITIALIZE UPDATE. In the clear, and at the terminal before a card is in.</summary>
    private const int Opening = 4;

    private static async Task<Task<IssueOutcome>> DisabledInMidIssueAsync(Shop shop)
    {
        await shop.OrderAsync("o-1", Products.EndToEnd());
        var waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        shop.WhenShown("InsertCard", waiting.SetResult);
        var issuing = shop.IssueAsync("o-1");
        await waiting.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await shop.Registry.EnableAsync(Shop.TerminalName, false);
        return issuing;
    }

    /// <summary>What ends a session is written when it has ended, a little after the terminal has lost it.</summary>
    private static async Task LoggedAsync(Shop shop, string text)
    {
        for (var i = 0; i < 100 && !await IsLoggedAsync(); i++) await Task.Delay(50);
        Assert.That(await IsLoggedAsync(), text);

        async Task<bool> IsLoggedAsync() =>
            (await shop.Log.ReadAsync(new LogQuery())).Any(row => row.Entry.Detail.Contains(text, StringComparison.Ordinal));
    }

    private static async Task SessionsAsync(Shop shop, int count)
    {
        for (var i = 0; i < 1_000 && shop.Server.Sessions != count; i++) await Task.Delay(5);
        Assert.That(shop.Server.Sessions, Is.EqualTo(count));
    }
}
