using System.Diagnostics;

namespace CardIssue.Test.Hosts;

/// <summary><c>centerhost serve</c>, whose file of settings is changed meanwhile.</summary>
[TestFixture, FixtureLifeCycle(LifeCycle.InstancePerTestCase), Parallelizable]
public sealed class CenterHostSettingsTest : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly CenterHostProcess _host = new();

    public void Dispose() => _host.Dispose();

    [Test]
    public async Task SettingsChanged_WhileItServes_AreTaken_AndWrongOnesLeaveThoseOfBefore()
    {
        Assert.That((await _host.RunAsync("init", "--id", "main")).Code, Is.Zero);
        using var center = _host.Begin("serve", "--line", "3=tls:127.0.0.1:0");
        try
        {
            Assert.That(await center.StandardOutput.ReadLineAsync().WaitAsync(Longest), Does.StartWith("ready line 3"));
            Set("""{"Center":{"Orders":{"CardTries":2},"Store":{"MaxBatch":9}},"Monitoring":{"Listen":"9"},"Logging":{"LogLevel":{"Default":"Warning"}}}""");
            await SaysAsync(center, "in force from now on: Orders:CardTries");
            await SaysAsync(center, "next start on: Store:MaxBatch");
            await SaysAsync(center, "next start on: Monitoring:Listen");
            Set("""{"Center":{"Orders":{"CardTries":200}}}""");
            await SaysAsync(center, "those of before stay in force: OrderOptions: CardTries is 200");
            Set("""{"Center":{"Orders":""");
            await SaysAsync(center, "this is no JSON");
            File.Delete(Settings);
            await SaysAsync(center, "is gone");
            // What is in force at the warning level is not said; what can't be taken is.
            Set("""{"Center":{"Orders":{"CardTries":4}},"Monitoring":{"Listen":"9"},"Logging":{"LogLevel":{"Default":"Warning"}}}""");
            await SaysAsync(center, "next start on: Monitoring:Listen", never: "in force from now on");
            Assert.That(center.HasExited, Is.False);
            var log = await _host.RunAsync("log", "show", "--kind", "SettingsChanged", "--json");
            Assert.That(log.Json.Select(line => line.GetProperty("detail").ToString().Contains("Orders:CardTries", StringComparison.Ordinal)), Is.EqualTo(new[] { true, true }), log.ToString());
        }
        finally
        {
            center.Kill(entireProcessTree: true);
        }
    }

    private string Settings => Path.Combine(_host.Data, "centerhost.json");

    private void Set(string json) => File.WriteAllText(Settings, json);

    private static async Task SaysAsync(Process center, string words, string? never = null)
    {
        for (string? line; (line = await center.StandardError.ReadLineAsync().WaitAsync(Longest)) is not null;)
        {
            if (never is not null) Assert.That(line, Does.Not.Contain(never));
            if (line.Contains(words, StringComparison.Ordinal)) return;
        }
        Assert.Fail($"it ended and did not say: {words}");
    }
}
