using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Center.Engines;
using Npgsql;

namespace CardIssue.Test.EndToEnd;

/// <summary>The database server goes away in the middle of an issue, and comes back: it costs the time that it was away, and nothing else.</summary>
[Parallelizable]
public sealed class StoreAwayTest
{
    private static readonly TimeSpan Away = TimeSpan.FromSeconds(2);

    private string _place = null!, _server = null!, _name = null!;

    [SetUp]
    public void Make()
    {
        _place = EngineUnderTest.PlaceOf(EngineKind.Postgres);
        _name = new NpgsqlConnectionStringBuilder(_place).Database!;
        _server = new NpgsqlConnectionStringBuilder(_place) { Database = "postgres" }.ConnectionString;
    }

    /// <summary>Before the order is claimed; before a record leaves; before the card is closed.</summary>
    [TestCase("S240")]
    [TestCase("S260")]
    [TestCase("S290")]
    public async Task StoreAway_WhileACardIsIssued_TheSessionWaits_AndTheCardIsIssuedAtOnceAfter(string step)
    {
        await using var shop = await Shop.OpenAsync(postgres: _place);
        await shop.OrderAsync("O-1", Products.EndToEnd());
        Task? away = null;
        shop.WhenShown(step, () => away = Go());
        shop.Reader.Insert(Shop.Card(1));
        var outcome = await shop.IssueAsync("O-1");
        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.ToString());
        Assert.That(away, Is.Not.Null, string.Join('\n', shop.Shown));
        await away!;
        Assert.That(shop.Shown, Has.None.Contains("LineLost"), "the line stood, and the terminal did nothing but wait");
        var history = (await shop.Desk.HistoryAsync(new Core.Primitives.OrderId("O-1"))).Select(row => row.Change).ToList();
        Assert.That(history.Count(change => change == "Claimed"), Is.EqualTo(1), string.Join(", ", history));
        Assert.That((await shop.Log.VerifyAsync()).Findings, Is.Empty);
    }

    [Test]
    public async Task StoreAway_TerminalAsksForAccess_IsToldToComeAgain_AndIsLetInWhenItIsBack()
    {
        await using var shop = await Shop.OpenAsync(postgres: _place);
        await shop.OrderAsync("O-1", Products.EndToEnd());
        // A center that has not begun to serve does not begin without its store; this one serves.
        await shop.HasAccessAsync();
        await shop.StopTerminalAsync();
        Leave();
        try
        {
            shop.StartTerminal();
            // It asks again and again; away until it has been told.
            await shop.IsRefusedAsync(IssueReason.AccessNotNow);
        }
        finally
        {
            Return();
        }
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("O-1")).Ending, Is.EqualTo(IssueEnding.Issued));
    }

    /// <summary>Away when this returns, and back after a while.</summary>
    private Task Go()
    {
        Leave();
        return Task.Run(async () =>
        {
            await Task.Delay(Away);
            Return();
        });
    }

    /// <summary>Nobody finds the database any more when this returns, and whoever was in it is thrown out.</summary>
    private void Leave() => Rename(_name, $"{_name}_away");

    private void Return() => Rename($"{_name}_away", _name);

    private void Rename(string from, string to)
    {
        PostgresServer.Execute(_server, $"ALTER DATABASE {from} ALLOW_CONNECTIONS false");
        PostgresServer.Execute(_server, $"SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = '{from}'");
        PostgresServer.Execute(_server, $"ALTER DATABASE {from} RENAME TO {to}");
        PostgresServer.Execute(_server, $"ALTER DATABASE {to} ALLOW_CONNECTIONS true");
    }
}
