using System.Diagnostics;
using System.Text.Json;

namespace CardIssue.Test.Hosts;

/// <summary>What a run of the built program came to.</summary>
internal sealed record CenterHostRun(int Code, string Output, string Error)
{
    /// <summary>The output's lines, each JSON.</summary>
    public JsonElement[] Json => [.. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line))];

    public override string ToString() => $"exit code {Code}\n{Output}\n{Error}";
}

/// <summary>
/// Runs the built <c>centerhost</c>, with its center in a folder of its own. What goes on, and what a command line alone decides, are processes;
/// the commands that lead up to a test run in this one, by the same code, and cost no start of a program each.
/// </summary>
internal sealed class CenterHostProcess : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    // The least that is allowed: the default takes seconds on a small machine.
    private const string Cheapest = """{"Argon2":{"MemoryKiB":19456,"Passes":2,"Lanes":1}}""";

    private readonly string[] _within;

    /// <param name="within">A command line that the program's own is put behind, such as ip netns exec NAME.</param>
    public CenterHostProcess(params string[] within)
    {
        _within = within;
        Write("passphrase", "correct horse battery\n");
        foreach (var person in People) Write($"{person}.password", $"{PasswordOf(person)}\n");
    }

    /// <summary>The center's first people, both supervisors and key custodians.</summary>
    public static IReadOnlyList<string> People { get; } = ["ann", "bob"];

    public static string PasswordOf(string person) => $"a long password of {person}'s";

    public string Folder { get; } = Directory.CreateTempSubdirectory("cardissue-centerhost-").FullName;

    /// <summary>The center's directory.</summary>
    public string Data => Path.Combine(Folder, "center");

    public string File(string name) => Path.Combine(Folder, name);

    public string Write(string name, string text)
    {
        System.IO.File.WriteAllText(File(name), text);
        return File(name);
    }

    /// <summary>Runs a command of this center with its passphrase, in this process.</summary>
    public async Task<CenterHostRun> RunAsync(params string[] args)
    {
        var settings = Path.Combine(Data, "centerhost.json");
        Directory.CreateDirectory(Data);
        if (!System.IO.File.Exists(settings)) await System.IO.File.WriteAllTextAsync(settings, Cheapest);
        string[] first = args is ["init", ..] ? First() : [];
        string[] person = args.Contains("--as") || first.Length > 0 ? [] : ["--as", People[0]];
        string[] password = args.Contains("--password-file") || first.Length > 0 ? [] : ["--password-file", File($"{People[0]}.password")];
        var run = await HostRun.OfAsync(HostRun.Center, Folder, [.. args, .. first, .. person, .. password, "--data", Data, "--passphrase-file", File("passphrase")]);
        return new CenterHostRun(run.Code, run.Output, run.Error);
    }

    /// <summary>What <c>init</c> and <c>person begin</c> are told of the first people.</summary>
    public string[] First() => [.. People.SelectMany(person => new[] { "--person", person, "--person-password-file", File($"{person}.password") })];

    /// <summary>Runs a command as the second of the people.</summary>
    public Task<CenterHostRun> RunAsBobAsync(params string[] args) => RunAsync([.. args, "--as", "bob", "--password-file", File("bob.password")]);

    /// <summary>A command that asks, and the other's approval of it.</summary>
    public async Task<CenterHostRun> ApprovedAsync(params string[] args)
    {
        var asked = await RunAsync([.. args, "--json"]);
        Assert.That(asked.Code, Is.Zero, asked.ToString());
        return await RunAsBobAsync("approval", "approve", Number(asked));
    }

    /// <summary>Enters the key of a ceremony's file: one asks, the other approves, then it is done.</summary>
    public async Task<CenterHostRun> EnterTestKeyAsync(string file)
    {
        var asked = await RunAsync("key", "ceremony", "--file", file, "--json");
        if (asked.Code != 0) return asked;
        var approved = await RunAsBobAsync("approval", "approve", Number(asked));
        return approved.Code != 0 ? approved : await RunAsync("key", "ceremony", "--file", file, "--approval", Number(asked));
    }

    private static string Number(CenterHostRun asked) => asked.Json[^1].GetProperty("approval").GetInt64().ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Runs exactly this command line, as a process.</summary>
    public async Task<CenterHostRun> RunPlainAsync(params string[] args)
    {
        using var process = Process.Start(Start(args))!;
        using var limit = new CancellationTokenSource(Longest);
        try
        {
            process.StandardInput.Close();
            var (output, error) = (process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
            await process.WaitForExitAsync(limit.Token);
            return new CenterHostRun(process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Starts a command of this center that goes on.</summary>
    public Process Begin(params string[] args) => BeginIn(Data, args);

    /// <summary>The same of another directory, such as a second host's.</summary>
    public Process BeginIn(string data, params string[] args) => Process.Start(Start([.. args, "--data", data, "--passphrase-file", File("passphrase")]))!;

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private ProcessStartInfo Start(string[] args)
    {
        string[] command = [.. _within, "dotnet", Repository.Program("CenterHost"), .. args];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = Folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("CARDISSUE_", StringComparison.Ordinal)).ToList()) start.Environment.Remove(name);
        start.Environment["CARDISSUE_Argon2__MemoryKiB"] = "19456";
        start.Environment["CARDISSUE_Argon2__Passes"] = "2";
        start.Environment["CARDISSUE_Argon2__Lanes"] = "1";
        start.Environment["CARDISSUE_PERSON"] = People[0];
        start.Environment["CARDISSUE_PASSWORD_FILE"] = File($"{People[0]}.password");
        return start;
    }
}
