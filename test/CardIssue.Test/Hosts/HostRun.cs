using System.Text.Json;
using CardIssue.CenterHost.Cli;
using CardIssue.TerminalHost.Cli;
using CardIssue.VirtualCard.Cli;

namespace CardIssue.Test.Hosts;

/// <summary>A program that runs in this process.</summary>
internal delegate Task<int> HostProgram(string[] args, string folder, TextWriter output, TextWriter error);

/// <summary>What a command line came to that ran in this process.</summary>
internal sealed record HostRun(int Code, string Output, string Error)
{
    public static readonly HostProgram
        Center = (args, _, output, error) => CenterHostCommand.RunAsync(args, output, error),
        Terminal = (args, folder, output, error) => TerminalHostCommand.RunAsync(args, output, error, folder),
        Card = (args, _, output, error) => VirtualCardCommand.RunAsync(args, output, error);

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    /// <summary>Runs it; one that hangs fails the test.</summary>
    public static async Task<HostRun> OfAsync(HostProgram program, string folder, params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await program(args, folder, output, error).WaitAsync(Longest);
        return new HostRun(code, output.ToString(), error.ToString());
    }

    /// <summary>What every end has in common: a known code, words and no stack trace; of a failure, with --json, an object as the last line.</summary>
    public void IsAnEnd(string what)
    {
        Assert.That(Code, Is.InRange(0, 6), $"{what}: {this}");
        Assert.That(Output + Error, Does.Not.Contain("   at ").And.Not.Contain("Exception"), what);
        if (Code == 0) return;
        Assert.That(Error.Trim(), Is.Not.Empty, what);
        Assert.That(Error.Split('\n').SelectMany(line => line).Where(char.IsControl), Is.Empty.Or.All.EqualTo('\r'), what);
        var last = JsonSerializer.Deserialize<JsonElement>(Output.TrimEnd().Split('\n')[^1]);
        Assert.That(last.GetProperty("ok").GetBoolean(), Is.False, what);
        if (last.TryGetProperty("findings", out _)) return;
        Assert.That(last.GetProperty("exitCode").GetInt32(), Is.EqualTo(Code), what);
        Assert.That(last.GetProperty("error").GetString(), Is.Not.Empty, what);
    }

    public override string ToString() => $"exit code {Code}\n{Output}\n{Error}";
}
