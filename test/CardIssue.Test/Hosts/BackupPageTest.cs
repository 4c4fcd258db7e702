using System.Text.Json;

namespace CardIssue.Test.Hosts;

/// <summary>The commands of BACKUP.md, in their order, as somebody runs them whose disk failed; and what else can go wrong with
/// them.</summary>
[TestFixture, Parallelizable]
public sealed class BackupPageTest
{
    private HostFolder _folder = null!;

    [SetUp]
    public async Task Make() => _folder = await HostFolder.MakeAsync();

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public async Task EveryCommandOfThePage_InItsOrder_Works()
    {
        await ImportAsync();
        var lines = (await File.ReadAllLinesAsync(Path.Combine(Repository.Root, "BACKUP.md")))
            .Select(line => line.Trim()).Where(line => line.StartsWith("centerhost ", StringComparison.Ordinal)).ToList();
        Assert.That(lines, Has.Count.GreaterThan(8));
        foreach (var line in lines)
        {
            if (line.StartsWith("centerhost restore", StringComparison.Ordinal) && !line.Contains("--data", StringComparison.Ordinal)) await SpoilStoreAsync();
            var run = await RunAsync(line);
            Assert.That(run.Code, Is.Zero, $"{line}: {run}");
            if (line.Contains("--state quarantined", StringComparison.Ordinal)) Assert.That(run.Output, Does.Contain("quarantined").IgnoreCase, line);
        }
        var orders = (await _folder.RunAsync(HostRun.Center, "order", "list")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(orders.Select(order => JsonSerializer.Deserialize<JsonElement>(order).GetProperty("state").GetString()), Is.Not.Empty.And.All.EqualTo("ready"));
    }

    [Test]
    public async Task WhatCannotBe_IsTold()
    {
        await Ends(0, "backup", _folder["b"]);
        await Ends(3, "backup", _folder["b"]);
        await Ends(3, "backup", _folder["code/b"]);
        await Ends(6, "restore", _folder["center"]);
        await Ends(2, "order", "reconcile", "--reason", "r");
        await Ends(2, "order", "reconcile", "o-1", "--from-log", _folder["b"], "--reason", "r");
        await Ends(4, "order", "reconcile", "--from-log", _folder["b"], "--reason", "r");
        await Ends(0, "line", "add", "7", "--listen", "tls:127.0.0.1:0");
        await Ends(4, "restore", _folder["b"]);
        await using (var served = new FileStream(_folder["center/serve.lock"], FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
            await Ends(3, "restore", _folder["b"], "--over-newer");
        await Ends(0, "restore", _folder["b"], "--over-newer");
        await Ends(6, "order", "reconcile", "--from-log", _folder["code"], "--reason", "r");
        File.Delete(_folder["b/vault.json"]);
        await Ends(6, "restore", _folder["b"], "--over-newer");
    }

    private async Task Ends(int code, params string[] args)
    {
        var run = await _folder.RunAsync(HostRun.Center, args);
        run.IsAnEnd(string.Join(' ', args));
        Assert.That(run.Code, Is.EqualTo(code), $"{string.Join(' ', args)}: {run}");
    }

    private async Task ImportAsync()
    {
        var run = await _folder.RunAsync(HostRun.Center, "order", "import", "--orders", _folder["orders.json"], "--product", _folder["product.json"],
            "--product", _folder["module.product.json"]);
        Assert.That(run.Code, Is.Zero, run.ToString());
    }

    /// <summary>The disk has written over the beginning of the store.</summary>
    private async Task SpoilStoreAsync()
    {
        foreach (var rest in new[] { "center/center.db-wal", "center/center.db-shm" }) File.Delete(_folder[rest]);
        await File.WriteAllBytesAsync(_folder["center/center.db"], new byte[16_384]);
    }

    /// <summary>A line of the page, in the test's folder.</summary>
    private Task<HostRun> RunAsync(string line)
    {
        var words = line.Split('#')[0].Replace("\"disk failed\"", "disk-failed", StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..]
            .Select(word => word.StartsWith("backups/", StringComparison.Ordinal) || word is "later.jsonl" or "try" ? _folder[word] : word).ToArray();
        if (words.Contains("--as")) words = [.. words, "--password-file", _folder[$"{words[Array.IndexOf(words, "--as") + 1]}.password"]];
        return words.Contains("--data")
            ? HostRun.OfAsync(HostRun.Center, _folder.Folder, [.. words, "--passphrase-file", _folder["passphrase"], "--json"])
            : _folder.RunAsync(HostRun.Center, words);
    }
}
