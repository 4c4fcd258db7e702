using System.Diagnostics;
using System.Text;
using CardIssue.Center.Vault;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Modules;
using CardIssue.TerminalHost.Operators;
using CardIssue.Test.Keys;
using CardIssue.Test.Modules;

namespace CardIssue.Test.Hosts;

/// <summary>Prompts, at a terminal of their own (util-linux' script): typed secrets, Ctrl-C, and the terminal's echo afterwards.</summary>
[TestFixture, Platform("Linux")]
public sealed class HostPromptTest
{
    /// <summary>What runs the tests may ignore Ctrl-C, as a shell makes its background jobs do; then so would what is started here.</summary>
    public const string InterruptedByDefault = "--default-signal=INT";

    private const string Typed = "heron on a grey morning", Init = "init --id a --person ann --person bob";
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);
    private string _folder = "";

    [SetUp]
    public void MakeFolder()
    {
        if (!File.Exists("/usr/bin/script")) Assert.Ignore("There is no /usr/bin/script (util-linux).");
        _folder = Directory.CreateTempSubdirectory("cardissue-prompt-").FullName;
    }

    [TearDown]
    public void DeleteFolder()
    {
        if (_folder.Length > 0) Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public async Task NewVault_PassphraseTypedDifferentlyTheSecondTime_IsNotMade()
    {
        var screen = await TypeAsync(
            "CenterHost", Init, ("passphrase: ", $"{Typed}\n"), ("once more: ", "heron on a gray morning\n"));
        Assert.That(screen, Does.Contain("typed differently the second time").And.Contain("code 2").And.Not.Contain("heron"));
        Assert.That(File.Exists(Path.Combine(_folder, "center", "vault.json")), Is.False);
    }

    [Test]
    public async Task NewVault_SamePassphraseTypedTwice_IsMadeAndOpensByIt()
    {
        var screen = await TypeAsync("CenterHost", Init, ("passphrase: ", $"{Typed}\n"), ("once more: ", $"{Typed}\n"),
            ("of ann: ", $"{Typed}\n"), ("once more: ", $"{Typed}\n"), ("of bob: ", $"{Typed}\n"), ("once more: ", $"{Typed}\n"));
        Assert.That(screen, Does.Contain("code 0").And.Not.Contain("heron"));
        using var passphrase = SecretBytes.Copy(Encoding.ASCII.GetBytes(Typed));
        using var vault = FileKeyVault.Open(Path.Combine(_folder, "center", "vault.json"), passphrase);
        Assert.That(vault.Identity.Id, Is.EqualTo(new CenterId("a")));
    }

    [Test]
    public async Task NewModule_SamePassphraseTypedTwice_IsMadeAndOpensByIt()
    {
        using var made = await HostFolder.MakeAsync();
        var command = $"module init --id T-9 --data t --center '{made["center/center.json"]}'";
        var screen = await TypeAsync("TerminalHost", command, ("passphrase: ", $"{Typed}\n"), ("once more: ", $"{Typed}\n"));
        Assert.That(screen, Does.Contain("code 0").And.Not.Contain("heron"));
        using var passphrase = SecretBytes.Copy(Encoding.ASCII.GetBytes(Typed));
        using var module = SoftwareModuleFile.Open(Path.Combine(_folder, "t", "module.json"), passphrase);
        Assert.That(module.Identity.Id, Is.EqualTo(new TerminalId("T-9")));
    }

    [Test]
    public async Task Prompt_CtrlC_EndsInOrderWithTheEchoBack()
    {
        var screen = await TypeAsync("CenterHost", Init, ("passphrase: ", "heron\u0003"));
        Assert.That(screen, Does.Contain("Interrupted.").And.Contain("code 5").And.Not.Contain("heron"));
        Assert.That(screen.Split("code 5")[1].Split([' ', '\r', '\n', ';']), Does.Contain("echo").And.Not.Contain("-echo"));
    }

    [Test]
    public async Task Watch_CtrlCTwice_EndsInOrderWithTheScreenOfBeforeAndTheEchoBack()
    {
        await MakeModuleAsync();
        const string Watch = "watch --data . --operator olga --connect 127.0.0.1:1 --reader tcp:127.0.0.1:1 --language ja";

        var screen = await TypeAsync("TerminalHost", Watch, ("passphrase: ", $"{Typed}\n"), ("受付番号", "O-1\u0003"), ("終了しますか", "\u0003"));

        Assert.That(screen, Does.Contain("\e[?1049h").And.Contain("O-1").And.Contain("\e[?1049l").And.Contain("code 0"));
        Assert.That(screen.Split("code 0")[1].Split([' ', '\r', '\n', ';']), Does.Contain("echo").And.Not.Contain("-echo"));
    }

    /// <summary>Nobody need be named before: who works here says so at the screen.</summary>
    [Test]
    public async Task Watch_OperatorsLogIn_NameAndPasswordAreAskedForAndOrdersFollow()
    {
        await MakeModuleAsync();
        using (var password = SecretBytes.Copy("password of olga"u8))
            new OperatorList(Path.Combine(_folder, "operators.json")).Write([KnownOperator.Make(new OperatorId("olga"), password, PassphraseFileTest.Cheapest)]);

        var screen = await TypeAsync("TerminalHost", "watch --data . --connect 127.0.0.1:1 --reader tcp:127.0.0.1:1",
            ("passphrase: ", $"{Typed}\n"), ("Your name", "olga\r"), ("Password", "password of olga\r"), ("at the counter: olga", "\u0003"), ("End work?", "\u0003"));

        Assert.That(screen, Does.Contain("code 0").And.Not.Contain("password of"));
    }

    private async Task MakeModuleAsync()
    {
        using (var signing = P256PrivateKey.Generate())
            await File.WriteAllBytesAsync(Path.Combine(_folder, "center.json"),
                new CenterIdentity(new CenterId("C-1"), signing.PublicKey, signing.PublicKey, ByteString.Copy(new byte[32])).Write());
        TlsModule.Create(Path.Combine(_folder, "module.json"), Path.Combine(_folder, "terminal.json"), "T-9", Path.Combine(_folder, "center.json"), Typed).Dispose();
    }

    /// <summary>Types each answer when its question is there; returns what was on the screen, then the exit code and the terminal's settings.</summary>
    private async Task<string> TypeAsync(string program, string command, params (string Question, string Answer)[] talk)
    {
        // The shell gets Ctrl-C too: without a trap, dash would end with it and never tell the program's exit code (bash goes on).
        var start = new ProcessStartInfo("env", [InterruptedByDefault, "/usr/bin/script", "-qc", $"stty rows 30 cols 100; trap : INT; dotnet '{Repository.Program(program)}' {command}; echo code $?; stty -a", "/dev/null"])
        {
            WorkingDirectory = _folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("CARDISSUE_", StringComparison.Ordinal)).ToList()) start.Environment.Remove(name);
        (start.Environment["TERM"], start.Environment["LC_ALL"]) = ("xterm-256color", "C.UTF-8");
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Longest);
        var screen = new StringBuilder();
        var part = new char[1_024];
        var (asked, seen) = (0, 0);
        try
        {
            while (await process.StandardOutput.ReadAsync(part, limit.Token) is > 0 and var length)
            {
                screen.Append(part, 0, length);
                var at = asked < talk.Length ? screen.ToString().IndexOf(talk[asked].Question, seen, StringComparison.Ordinal) : -1;
                if (at < 0) continue;
                seen = at + talk[asked].Question.Length;
                // The program begins to read a moment after it asked; what comes before that the terminal would show.
                await Task.Delay(500, limit.Token);
                await process.StandardInput.WriteAsync(talk[asked++].Answer);
                await process.StandardInput.FlushAsync(limit.Token);
            }
            await process.WaitForExitAsync(limit.Token);
            return screen.ToString();
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException($"The program did not end; {asked} of {talk.Length} answers were typed, and the screen is:\n{screen}", e);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}
