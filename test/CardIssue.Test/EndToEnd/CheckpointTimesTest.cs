using CardIssue.Center.Log;
using CardIssue.Center.Storage;

namespace CardIssue.Test.EndToEnd;

/// <summary>When a server makes checkpoints of the log: by volume, long before their time.</summary>
[TestFixture]
public sealed class CheckpointTimesTest
{
    private const int Entries = 8;

    [Test]
    public async Task SoManyEntries_ServerMakesACheckpoint_AndNotBefore()
    {
        await using var shop = await Shop.OpenAsync(options =>
        {
            (options.Checkpoint, options.CheckpointEntries, options.RegistryLook) = (TimeSpan.FromDays(1), Entries, TimeSpan.FromMilliseconds(20));
        });
        await shop.HasAccessAsync();
        await shop.StopTerminalAsync();
        await shop.QuietAsync();
        for (var made = await SettledAsync(shop); made < 4;)
        {
            while (await shop.Log.CountSinceCheckpointAsync() < Entries - 1) await AppendAsync(shop);
            Assert.That(await SettledAsync(shop), Is.EqualTo(made), "one entry is missing");
            await AppendAsync(shop);
            Assert.That(await SettledAsync(shop), Is.EqualTo(++made));
            Assert.That(await shop.Log.CountSinceCheckpointAsync(), Is.Zero);
        }
        Assert.That((await shop.Log.VerifyAsync()).Findings, Is.Empty);
    }

    private static Task<LogRow> AppendAsync(Shop shop) => shop.Log.AppendAsync(new LogEntry("test", null, null, null, LogDirection.None, 0, "Test"), default);

    /// <summary>The number of the latest one, when the server has looked several times.</summary>
    private static async Task<long> SettledAsync(Shop shop)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(200));
        return await shop.Database.ReadAsync(LogTable.LastCheckpoint, default);
    }
}
