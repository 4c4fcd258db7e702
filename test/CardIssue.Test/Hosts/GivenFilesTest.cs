namespace CardIssue.Test.Hosts;

/// <summary>A file that a program is given, and a command that reads it.</summary>
/// <param name="Name">The file, in a <see cref="HostFolder"/>.</param>
/// <param name="Program">The program.</param>
/// <param name="Args">The command line; FILE stands for the file, FOLDER for the folder.</param>
/// <param name="Content">The exit code where the file can't be that one. 3 where it is the program's own sealed file or store.</param>
/// <param name="Any">The contents that can be that file: a text that is no JSON, or settings where nothing is set.</param>
internal sealed record GivenFile(string Name, HostProgram Program, string[] Args, int Content, params string[] Any)
{
    public string[] In(HostFolder folder) =>
        [.. Args.Select(arg => arg.Replace("FILE", folder[Name], StringComparison.Ordinal).Replace("FOLDER", folder.Folder, StringComparison.Ordinal))];

    public override string ToString() => $"{Name} in {Args[0]} {Args[1]}";
}

/// <summary>Whatever stands where a program looks for a file: one line, the documented exit code, never a stack trace, never a wait without an end.</summary>
[TestFixture, Parallelizable(ParallelScope.All)]
public sealed class GivenFilesTest
{
    private static readonly string[] Texts = ["words", "null", "number", "string", "array", "object", "surrogate", "not UTF-8", "mark only"];

    private static readonly GivenFile[] Files =
    [
        new("center/center.json", HostRun.Center, ["line", "list"], 2),
        new("center/centerhost.json", HostRun.Center, ["line", "list"], 2, "missing", "object"),
        new("center/vault.json", HostRun.Center, ["key", "list"], 3),
        new("passphrase", HostRun.Center, ["key", "list", "--passphrase-file", "FILE"], 2, Texts),
        new("terminal/terminal.json", HostRun.Center, ["terminal", "add", "--file", "FILE", "--line", "1"], 2),
        new("product.json", HostRun.Center, ["product", "check", "FILE"], 2),
        new("orders.json", HostRun.Center, ["order", "import", "--orders", "FILE", "--product", "FOLDER/product.json", "--product", "FOLDER/module.product.json"], 2),
        new("ceremony.json", HostRun.Center, ["key", "ceremony", "--file", "FILE"], 2),
        new("component", HostRun.Center, ["key", "enter", "--key-set", "typed", "--kvn", "31", "--number", "1", "--kcv", "EDCC64", "--component-file", "FILE"], 2),
        new("checkpoint.json", HostRun.Center, ["log", "verify", "--checkpoint", "FILE"], 2),
        new("appsettings.json", HostRun.Terminal, ["module", "show", "--passphrase-file", "FOLDER/passphrase"], 2, "missing", "object"),
        new("terminal/module.json", HostRun.Terminal, ["module", "show", "--passphrase-file", "FOLDER/passphrase"], 3),
        new("center/center.json", HostRun.Terminal, ["module", "import", "--center", "FILE"], 2),
        new("terminal/terminal.json", HostRun.Terminal, ["reader", "enroll", "--offline", "--reader", "tcp:127.0.0.1:1?serial=S"], 2),
        new("passphrase", HostRun.Terminal, ["module", "show", "--passphrase-file", "FILE"], 2, Texts),
        new("code", HostRun.Terminal, ["issue", "--order", "O", "--operator", "o", "--code-file", "FILE", "--connect", "tcp:127.0.0.1:1", "--connect-timeout", "1", "--reader", "tcp:127.0.0.1:1"], 2, Texts),
        new("card.json", HostRun.Card, ["dump", "FILE"], 3),
        new("key.hex", HostRun.Card, ["new", "--out", "FOLDER/new.json", "--key-file", "FILE"], 2),
        new("key.hex", HostRun.Card, ["new", "--out", "FOLDER/new.json", "--master-key-file", "FILE"], 2),
    ];

    private HostFolder _good = null!;

    [OneTimeSetUp]
    public async Task Make() => _good = await HostFolder.MakeAsync();

    [OneTimeTearDown]
    public void Delete() => _good.Dispose();

    [TestCaseSource(nameof(Files))]
    public async Task NoSuchFile_Command_IsAFileThatCannotBeRead(object file)
    {
        // A pipe that nobody writes to takes its time: all at once.
        var given = (GivenFile)file;
        await Task.WhenAll(BadFiles.Places.Select(async kind =>
        {
            var run = await RunAsync(given, kind);
            var expected = given.Any.Contains(kind) ? 0 : 3;
            // Of what the library opens itself only the content is known to be wrong; and checkpoints may be given as their directory.
            var ofContent = kind == "pipe" || (kind == "directory" && given.Name == "checkpoint.json");
            Assert.That(run.Code, Is.EqualTo(expected).Or.EqualTo(ofContent ? given.Content : expected), $"{kind}: {run}");
        }));
    }

    [TestCaseSource(nameof(Files))]
    public async Task WrongContent_Command_IsToldAsThat(object file)
    {
        var given = (GivenFile)file;
        foreach (var kind in BadFiles.Contents)
        {
            var run = await RunAsync(given, kind);
            // A text may be a passphrase, a wrong one, or a code, for which the center is then asked.
            if (given.Any.Contains(kind)) Assert.That(run.Code, Is.AnyOf(0, 1, 4), $"{kind}: {run}");
            else Assert.That(run.Code, Is.EqualTo(given.Content), $"{kind}: {run}");
        }
    }

    [TestCaseSource(nameof(Files))]
    public async Task ByteOrderMark_JsonFile_IsReadAllTheSame(object file)
    {
        var given = (GivenFile)file;
        if (given.Name is "code" or "passphrase" or "component" or "terminal/module.json" or "center/vault.json") return;
        using var folder = _good.Copy();
        var path = folder[given.Name];
        await File.WriteAllBytesAsync(path, [0xEF, 0xBB, 0xBF, .. await File.ReadAllBytesAsync(path)]);
        var run = await folder.RunAsync(given.Program, given.In(folder));
        Assert.That(run.Code, Is.Zero, run.ToString());
    }

    [TestCaseSource(nameof(Files))]
    public async Task AnyValueOfAnotherKind_JsonFile_IsAnEndWithAKnownCode(object file)
    {
        var given = (GivenFile)file;
        // The orders' reader has its own tests; a command for each change would open a vault.
        if (!given.Name.EndsWith(".json", StringComparison.Ordinal) || given.Name is "orders.json" or "terminal/module.json" or "center/vault.json") return;
        using var folder = _good.Copy();
        var path = folder[given.Name];
        var good = await File.ReadAllTextAsync(path);
        foreach (var (what, json) in BadFiles.Changed(good).Where((_, i) => given.Name != "product.json" || i % 5 == 0))
        {
            await File.WriteAllTextAsync(path, json);
            (await folder.RunAsync(given.Program, given.In(folder))).IsAnEnd($"{given}: {what}");
            await File.WriteAllTextAsync(path, good);
        }
    }

    private async Task<HostRun> RunAsync(GivenFile given, string kind)
    {
        using var folder = _good.Copy();
        BadFiles.Make(kind, folder[given.Name]);
        var run = await folder.RunAsync(given.Program, given.In(folder));
        run.IsAnEnd($"{given}, {kind}");
        return run;
    }
}
