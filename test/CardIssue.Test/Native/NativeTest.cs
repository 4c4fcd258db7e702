using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using CardIssue.Center.Orders;
using CardIssue.Terminal.Relay;
using CardIssue.Test.EndToEnd;
using CardIssue.Test.Hosts;
using CardIssue.Test.Parts;

namespace CardIssue.Test.Native;

/// <summary>The terminal as machine code, a program and a library of C, against a center in this process and a virtual card.</summary>
[TestFixture, Parallelizable]
[Platform("Linux", Reason = "Published for this system, and linked by its compiler.")]
public sealed partial class NativeTest
{
    private const long MostBytes = 20_000_000;

    /// <summary>In MB. The aim is 40, which the bench holds it to; a busy machine frees memory later.</summary>
    private const double MostResident = 60;

    private TlsShop _shop = null!;
    private string _folder = null!;

    [OneTimeSetUp]
    public async Task OpenAsync()
    {
        Part.Require("cc", "gcc");
        _folder = await NativePublish.FolderAsync();
        _shop = await TlsShop.OpenAsync(orders: 4);
    }

    [OneTimeTearDown]
    public async Task CloseAsync()
    {
        if (_shop is not null) await _shop.DisposeAsync();
    }

    [TearDown]
    public void TakeTheCardOut() => _shop.Slot.Remove();

    [TestCase("terminalhost")]
    [TestCase("libcardissue.so")]
    public void File_AsMachineCode_IsSmall(string file) => Assert.That(new FileInfo(Path.Combine(_folder, file)).Length, Is.LessThanOrEqualTo(MostBytes));

    [Test]
    public async Task TerminalHost_AsMachineCode_IssuesACardAndTellsItInJson()
    {
        _shop.Slot.Insert(Shop.Card(91));
        var (code, said, error) = await RunApartAsync(Path.Combine(_folder, "terminalhost"), "",
            ["issue", "--json", "--order", "O-1", "--code-file", "code", "--operator", "olga", "--connect", _shop.Center, "--reader", _shop.Reader, "--passphrase-file", "pass"]);
        Assert.That(code, Is.Zero, said + error);
        var lines = said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line)).ToList();
        Assert.That(lines[^1].GetProperty("receipt").GetString(), Does.StartWith("CARD ISSUED"));
        Assert.That(lines[..^1].Select(line => line.GetProperty("type").GetString()), Is.All.EqualTo("step"));
        Assert.That((await _shop.Shop.ViewAsync("O-1")).State, Is.EqualTo(OrderState.Issued));
    }

    [TestCase("module", "show", "--json", "--passphrase-file", "pass")]
    [TestCase("reader", "list", "--json", "--reader", "READER")]
    [TestCase("reader", "enroll", "--offline", "--json", "--reader", "READER")]
    [TestCase("reader", "enroll", "--json", "--reader", "READER", "--connect", "CENTER", "--passphrase-file", "pass")]
    [TestCase("check", "--json", "--reader", "READER", "--connect", "CENTER", "--passphrase-file", "pass")]
    public async Task Command_AsMachineCode_SaysWhatTheProgramOfDotnetSays(params string[] args)
    {
        args = [.. args.Select(arg => arg is "READER" ? _shop.Reader : arg is "CENTER" ? _shop.Center : arg)];
        var (code, said) = await RunAsync(Path.Combine(_folder, "terminalhost"), "", args);
        var compared = await HostRun.OfAsync(HostRun.Terminal, _shop.Host.Folder, [.. args.Select(arg => arg is "pass" ? _shop.Host.File(arg) : arg), "--data", _shop.Host.File("terminal")]);
        Assert.That((code, said), Is.EqualTo((compared.Code, compared.Output + compared.Error)));
    }

    [Test]
    public async Task Service_AsMachineCode_IssuesACardInLittleMemory()
    {
        using var service = await ServiceProcess.StartAsync(_shop, Path.Combine(_folder, "terminalhost"));
        var (peer, _) = await ServicePeer.EnterAsync(service, byPipe: true);
        using var _ = peer;
        _shop.Slot.Insert(Shop.Card(93));
        await peer.AskAsync(new { @do = "issue", reference = "O-4", code = TlsShop.Code, @operator = "olga" });
        Assert.That(await peer.OutcomeAsync(), Is.EqualTo((true, 0)));
        var resident = service.ResidentMegabytes;
        TestContext.Progress.WriteLine($"terminalhost as machine code, after a card: {resident:F1} MB resident.");
        Assert.That(resident, Is.LessThanOrEqualTo(MostResident));
        Assert.That(service.Files, Has.Some.EndsWith("libsodium.so"), "keys are opened the slow way");
        Assert.That((await service.StopAsync()).Code, Is.Zero);
    }

    [Test]
    public async Task CSample_CompiledByTheSystemsCompiler_IssuesACard()
    {
        var program = _shop.Host.File("issue");
        await NativePublish.CompileAsync(Path.Combine(Repository.Root, "samples", "CTerminal", "issue.c"), program);
        _shop.Slot.Insert(Shop.Card(92));
        string[] args = [_shop.Host.File("terminal"), _shop.Host.File("pass"), _shop.Center, _shop.Reader, "O-2", "olga"];
        var (code, said) = await RunAsync(program, $"{TlsShop.Code}\n", args);
        Assert.That(code, Is.Zero, said);
        Assert.That(said, Does.Contain("S280 writing record 1").And.Contain("CARD ISSUED"));
        Assert.That((await _shop.Shop.ViewAsync("O-2")).State, Is.EqualTo(OrderState.Issued));

        var (again, why) = await RunAsync(program, $"{TlsShop.Code}\n", args);
        Assert.That((again, why), Is.EqualTo((1, why)));
        Assert.That(why, Does.Contain("reason 204: declined"));
        var (wrong, fault) = await RunAsync(program, "4711\n", [_shop.Host.File("nowhere"), .. args[1..]]);
        Assert.That(wrong, Is.EqualTo(2));
        Assert.That(fault, Does.Contain("nowhere/module.json does not exist"));
    }

    [Test]
    public async Task CSample_BuiltForALaterLibrary_SaysSo()
    {
        var source = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "samples", "CTerminal", "issue.c"));
        await File.WriteAllTextAsync(_shop.Host.File("later.c"), source.Replace("#include \"cardissue.h\"", "#include \"cardissue.h\"\n#undef CARDISSUE_ABI\n#define CARDISSUE_ABI 2", StringComparison.Ordinal));
        await NativePublish.CompileAsync(_shop.Host.File("later.c"), _shop.Host.File("later"));
        Assert.That(await RunAsync(_shop.Host.File("later"), "", []), Is.EqualTo((2, "The library is older than this program: its interface is 1, and 2 is needed.\n")));
    }

    /// <summary>It lies beside the library, not beside the program, and on no path of the system's.</summary>
    [Test]
    public async Task Libsodium_BesideTheLibrary_IsFoundByWhateverProgramLoadsIt()
    {
        var (code, loaded) = await Part.RunAsync(new Dictionary<string, string>(), "readelf", "-d", Path.Combine(_folder, "libcardissue.so"));
        Assert.That(code, Is.Zero, loaded);
        Assert.That(loaded, Does.Contain("runpath: [$ORIGIN]"));
        Assert.That(Path.Combine(_folder, "libsodium.so"), Does.Exist);
    }

    /// <summary>misuse.c says what it does: each of its lines is a call that had to fail, or to end, in a certain way.</summary>
    [Test]
    public async Task CProgram_ThatMisusesTheLibrary_GetsErrorsAndNoCrash()
    {
        var program = _shop.Host.File("misuse");
        await NativePublish.CompileAsync(Path.Combine(Repository.Root, "test", "CardIssue.Test", "Native", "misuse.c"), program);
        var (code, said) = await RunAsync(program, "", [_shop.Host.File("terminal"), TlsShop.Passphrase, _shop.Center, _shop.Reader, "O-3", TlsShop.Code]);
        Assert.That(code, Is.Zero, said);
        Assert.That(said, Does.EndWith("all as it should be\n"));
    }

    [Test]
    public async Task Header_Functions_AreThoseThatTheLibraryExports()
    {
        var (code, symbols) = await Part.RunAsync(new Dictionary<string, string>(), "nm", "-D", "--defined-only", Path.Combine(_folder, "libcardissue.so"));
        Assert.That(code, Is.Zero, symbols);
        var exported = symbols.Split('\n').Select(line => line.Split(' ')[^1].Split('@')[0]).Where(name => name.StartsWith("cardissue_", StringComparison.Ordinal));
        Assert.That(Function().Matches(Header).Select(match => match.Groups[1].Value), Is.EquivalentTo(exported));
    }

    [Test]
    public void Header_Numbers_AreThoseOfTheLibrary()
    {
        Assert.That(Numbers("STATE"), Is.EqualTo(Enum.GetValues<RelayState>().Select(state => (Word(state), (int)state))));
        Assert.That(Numbers("ENDING"), Is.EqualTo(Enum.GetValues<IssueEnding>().Select(ending => (Word(ending), (int)ending))));
    }

    private static string Header => File.ReadAllText(Path.Combine(Repository.Root, "samples", "NativeTerminal", "cardissue.h"));

    private static IEnumerable<(string Name, int Number)> Numbers(string kind) =>
        Regex.Matches(Header, $@"CARDISSUE_{kind}_(\w+) = (\d+)").Select(match => (match.Groups[1].Value, int.Parse(match.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture)));

    private static string Word(Enum value) => string.Concat(value.ToString().Select((c, i) => i > 0 && char.IsUpper(c) ? $"_{c}" : $"{char.ToUpperInvariant(c)}"));

    private async Task<(int Code, string Said)> RunAsync(string program, string input, string[] args)
    {
        var (code, output, error) = await RunApartAsync(program, input, args);
        return (code, output + error);
    }

    private async Task<(int Code, string Output, string Error)> RunApartAsync(string program, string input, string[] args)
    {
        var start = new ProcessStartInfo(program, args)
        {
            WorkingDirectory = _shop.Host.Folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("CARDISSUE_", StringComparison.Ordinal)).ToList()) start.Environment.Remove(name);
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, output, await error);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    [GeneratedRegex(@"^CARDISSUE_API int32_t CARDISSUE_CALL (cardissue_\w+)\(", RegexOptions.Multiline)]
    private static partial Regex Function();
}
