using System.Text.Json;

namespace CardIssue.Test.Hosts;

/// <summary>A center's folder that was put back to an older copy, beside a checkpoint that was exported since: what the commands say, and how it is settled.</summary>
[TestFixture, Parallelizable]
public sealed class CenterHostPutBackTest
{
    [Test]
    public async Task FolderPutBack_AnyCommandThatOpensIt_SaysSo_UntilItIsSettled()
    {
        using var folder = await HostFolder.MakeAsync();
        using var copy = await PutBackAsync(folder);
        var found = await copy.RunAsync(HostRun.Center, "line", "add", "8", "--listen", "tls:127.0.0.1:0");
        Assert.That(found.Error, Does.Contain("put back to an older copy").And.Contain("checkpoint 2"), found.ToString());
        var status = await copy.RunAsync(HostRun.Center, "status");
        Assert.That(Of(status, "putBack")?.GetProperty("by").GetString(), Is.EqualTo("checkpoint 2"), status.ToString());
        var asked = await copy.RunAsync(HostRun.Center, "order", "settle", "--reason", "no orders were open");
        Assert.That(asked.Code, Is.Zero, asked.ToString());
        Assert.That(Of(await copy.RunAsync(HostRun.Center, "status"), "putBack"), Is.Not.Null, "nothing is settled by one");
        var bob = CenterHostProcess.People[1];
        var settled = await copy.RunAsync(HostRun.Center, "approval", "approve", $"{Of(asked, "approval")}", "--as", bob, "--password-file", copy[$"{bob}.password"]);
        Assert.That(settled.Code, Is.Zero, settled.ToString());
        Assert.That(Of(await copy.RunAsync(HostRun.Center, "status"), "putBack"), Is.Null);
    }

    [Test]
    public async Task FolderPutBack_OrdersAreImportedAgain_AreQuarantined_AndNothingIsSettledBeforeThem()
    {
        using var folder = await HostFolder.MakeAsync();
        using var copy = await PutBackAsync(folder);
        var import = await copy.RunAsync(HostRun.Center, "order", "import", "--product", copy["product.json"], "--product", copy["module.product.json"],
            "--orders", copy["orders.json"]);
        Assert.That(import.Code, Is.Zero, import.ToString());
        Assert.That(Of(await copy.RunAsync(HostRun.Center, "status"), "putBack")?.GetProperty("quarantined").GetInt32(), Is.GreaterThan(0), "what is imported is quarantined");
        var early = await copy.RunAsync(HostRun.Center, "order", "settle", "--reason", "too early");
        early.IsAnEnd("orders are quarantined");
        Assert.That(early.Code, Is.EqualTo(4), early.ToString());
    }

    /// <summary>A copy of the folder that the center is put back to, with what was exported after it was taken.</summary>
    private static async Task<HostFolder> PutBackAsync(HostFolder folder)
    {
        var copy = folder.Copy();
        Assert.That((await folder.RunAsync(HostRun.Center, "line", "add", "9", "--listen", "tls:127.0.0.1:0")).Code, Is.Zero);
        Assert.That((await folder.RunAsync(HostRun.Center, "log", "checkpoint")).Code, Is.Zero);
        foreach (var exported in Directory.GetFiles(folder["center/checkpoints"]))
            File.Copy(exported, Path.Combine(copy["center/checkpoints"], Path.GetFileName(exported)), overwrite: true);
        return copy;
    }

    private static JsonElement? Of(HostRun run, string name) =>
        JsonSerializer.Deserialize<JsonElement>(run.Output.TrimEnd().Split('\n')[^1]).TryGetProperty(name, out var value) && value.ValueKind is not JsonValueKind.Null
            ? value : null;
}
