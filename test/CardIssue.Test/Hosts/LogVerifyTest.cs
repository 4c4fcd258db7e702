using System.Text.Json;

namespace CardIssue.Test.Hosts;

/// <summary><c>log verify</c> and the checkpoints that it goes by: what nothing vouches for, a changed identity, another place for checkpoints.</summary>
[TestFixture, Parallelizable]
public sealed class LogVerifyTest
{
    private const string Settings = """{"Argon2":{"MemoryKiB":19456,"Passes":2,"Lanes":1}""";

    private HostFolder _folder = null!;

    [SetUp]
    public async Task MakeAsync() => _folder = await HostFolder.MakeAsync();

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public async Task NoCheckpointAndNoVault_Verify_EndsWith8_AndWithEitherItIsWhole()
    {
        Directory.CreateDirectory(_folder["new"]);
        File.WriteAllText(_folder["new/centerhost.json"], Settings + "}");
        await DoAsync(0, ["init", "--id", "other", .. _folder.First(), "--data", _folder["new"], "--passphrase-file", _folder["passphrase"]]);

        var nothing = await DoAsync(8, "log", "verify", "--data", _folder["new"]);
        Assert.That(nothing.Error, Does.Contain("There is no checkpoint").And.Contain("--vault"));
        await DoAsync(0, "log", "verify", "--vault", "--data", _folder["new"], "--passphrase-file", _folder["passphrase"]);
        await DoAsync(0, "log", "checkpoint", "--data", _folder["new"], "--passphrase-file", _folder["passphrase"], "--as", "ann", "--password-file", _folder["ann.password"]);
        await DoAsync(0, "log", "verify", "--data", _folder["new"]);
    }

    [Test]
    public async Task IdentityOfAnotherCenter_EveryCommand_GoesByTheVault()
    {
        File.Copy(_folder["center/center.json"], _folder["right.json"]);
        Directory.CreateDirectory(_folder["other"]);
        File.WriteAllText(_folder["other/centerhost.json"], Settings + "}");
        await DoAsync(0, ["init", "--id", "main", .. _folder.First(), "--data", _folder["other"], "--passphrase-file", _folder["passphrase"]]);
        File.Copy(_folder["other/center.json"], _folder["center/center.json"], overwrite: true);

        Assert.That((await DoAsync(6, "log", "verify", "--data", _folder["center"])).Error, Does.Contain("BadSignature"));
        await DoAsync(0, "log", "verify", "--data", _folder["center"], "--center", _folder["right.json"]);
        Assert.That((await _folder.RunAsync(HostRun.Center, "log", "verify", "--vault")).Code, Is.EqualTo(6));
        foreach (var command in new[] { new[] { "status" }, ["line", "add", "9", "--listen", "tls:127.0.0.1:0"], ["backup", _folder["b"]], ["serve", "--line", "1=tls:127.0.0.1:0"] })
        {
            var run = await _folder.RunAsync(HostRun.Center, command);
            Assert.That((run.Code, run.Error.Contains("center.json is not the identity of", StringComparison.Ordinal)), Is.EqualTo((3, true)), run.ToString());
        }
    }

    [Test]
    public async Task CheckpointsInAnotherDirectory_AreExportedAndReadThere_AndNowhere_IsSaid()
    {
        File.WriteAllText(_folder["center/centerhost.json"],
            Settings + ""","Center":{"Log":{"CheckpointDirectory":""" + JsonSerializer.Serialize(_folder["elsewhere"]) + "}}}");
        var made = Json(await RunAsync(0, "log", "checkpoint"));
        Assert.That(made.GetProperty("file").GetString(), Is.EqualTo(Path.Combine(_folder["elsewhere"], "checkpoint-0000000002.json")).And.Exist);
        Assert.That(Json(await RunAsync(0, "status")).GetProperty("lastCheckpoint").GetProperty("number").GetInt32(), Is.EqualTo(2));
        Assert.That(Json(await RunAsync(0, "log", "verify")).GetProperty("checkpoints").GetInt32(), Is.EqualTo(3), "two of the store, and the exported one");

        File.WriteAllText(_folder["center/centerhost.json"], Settings + ""","Center":{"Log":{"CheckpointDirectory":""}}}""");
        Assert.That(Json(await RunAsync(0, "log", "checkpoint")).TryGetProperty("file", out _), Is.False);
        Assert.That(Json(await RunAsync(0, "status")).TryGetProperty("lastCheckpoint", out _), Is.False);
        Assert.That(Directory.GetFiles(_folder["center/checkpoints"]), Has.Length.EqualTo(1));
    }

    private async Task<HostRun> RunAsync(int code, params string[] args)
    {
        var run = await _folder.RunAsync(HostRun.Center, args);
        Assert.That(run.Code, Is.EqualTo(code), run.ToString());
        return run;
    }

    /// <summary>Exactly this command line.</summary>
    private async Task<HostRun> DoAsync(int code, params string[] args)
    {
        var run = await HostRun.OfAsync(HostRun.Center, _folder.Folder, args);
        Assert.That(run.Code, Is.EqualTo(code), run.ToString());
        return run;
    }

    private static JsonElement Json(HostRun run) => JsonSerializer.Deserialize<JsonElement>(run.Output.TrimEnd().Split('\n')[^1]);
}
