using System.Diagnostics;
using System.Text;
using CardIssue.Test.Hosts;
using CardIssue.VirtualCard.Cli;

namespace CardIssue.Test.Guides;

/// <summary>
/// Runs a guide's blocks as bash would, as far as guides need it, with the programs in this process: a start of each would cost seconds. Variables
/// that the programs read stand on their command lines, for this process has none of its own.
/// </summary>
internal sealed class GuideShell(string place, string samples) : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal) { ["SAMPLES"] = samples };
    private CancellationTokenSource _stop = new();
    private readonly List<Task<int>> _background = [];

    /// <summary>All that was said, but for what goes into files.</summary>
    public StringBuilder Screen { get; } = new();

    /// <summary>Runs a block; what fails fails the test.</summary>
    public async Task RunAsync(GuideBlock block)
    {
        foreach (var line in block.Text.Replace("\\\n", "", StringComparison.Ordinal).Split('\n')) await RunLineAsync(line, $"{block}: {line}");
    }

    /// <summary>Runs a line that may fail. The exit code.</summary>
    public Task<int> EndAsync(string line) => StartAsync(Words(line), inBackground: false, line).WaitAsync(Longest);

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    private async Task RunLineAsync(string line, string at)
    {
        var words = Words(line);
        switch (words)
        {
            case []:
                break;
            case ["export", var set]:
                _variables[set[..set.IndexOf('=', StringComparison.Ordinal)]] = set[(set.IndexOf('=', StringComparison.Ordinal) + 1)..];
                break;
            case ["unset", var name]:
                _variables.Remove(name);
                break;
            case ["echo", var text, [ '>', .. var file ]]:
                await File.WriteAllTextAsync(In(file), $"{text}\n");
                break;
            case ["until", "grep", "-q", var text, var log, ..]:
                await UntilSaidAsync(text, In(log.TrimEnd(';')), at);
                break;
            case ["python3", .. var rest]:
                await RunPythonAsync(rest, at);
                break;
            case ["kill", ..]:
                await _stop.CancelAsync();
                foreach (var ended in _background) Assert.That(await ended.WaitAsync(Longest), Is.Zero, at);
                _background.Clear();
                _stop.Dispose();
                _stop = new CancellationTokenSource();
                break;
            default:
                await RunProgramAsync(words, at);
                break;
        }
    }

    /// <summary>Waits for what a program in the background says.</summary>
    private static async Task UntilSaidAsync(string text, string log, string at)
    {
        using var limit = new CancellationTokenSource(Longest);
        for (var said = ""; !said.Contains(text, StringComparison.Ordinal); said = await ReadAsync(log))
        {
            Assert.That(limit.IsCancellationRequested, Is.False, $"{at}\n{said}");
            await Task.Delay(10);
        }

        static async Task<string> ReadAsync(string log)
        {
            if (!File.Exists(log)) return "";
            using var reader = new StreamReader(new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return await reader.ReadToEndAsync();
        }
    }

    /// <summary>A program in Python is a process.</summary>
    private async Task RunPythonAsync(List<string> words, string at)
    {
        var start = new ProcessStartInfo("python3", words.Where(word => word[0] is not '<'))
        {
            WorkingDirectory = place, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        try
        {
            foreach (var file in words.Where(word => word[0] is '<')) await process.StandardInput.WriteAsync(await File.ReadAllTextAsync(In(file[1..])));
            process.StandardInput.Close();
            var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync()).WaitAsync(Longest);
            Screen.Append(string.Concat(said));
            await process.WaitForExitAsync().WaitAsync(Longest);
            Assert.That(process.ExitCode, Is.Zero, $"{at}\n{Screen}");
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    private async Task RunProgramAsync(List<string> words, string at)
    {
        // A block says with || what comes of a command that need not succeed.
        var mayFail = words.IndexOf("||");
        if (mayFail >= 0) words = words[..mayFail];
        var inBackground = words[^1] is "&";
        var running = StartAsync(words, inBackground, at);
        if (inBackground) _background.Add(running);
        else Assert.That(await running.WaitAsync(Longest), mayFail < 0 ? Is.Zero : Is.AnyOf(0, 1), $"{at}\n{Screen}");
    }

    private Task<int> StartAsync(List<string> words, bool inBackground, string at)
    {
        var args = words[1..].TakeWhile(word => word[0] is not ('>' or '&')).ToList();
        var program = Program(words[0], args, at);
        args = [.. args.Select((arg, i) => i > 0 && (args[i - 1] is "--out" or "--codes" || Path.Exists(In(arg))) ? In(arg) : arg)];
        var stop = inBackground ? _stop.Token : CancellationToken.None;
        var log = words.Find(word => word[0] is '>');
        return Task.Run(async () =>
        {
            await using TextWriter output = log is null ? new StringWriter(Screen) : new StreamWriter(In(log.TrimStart('>')), append: log.StartsWith(">>", StringComparison.Ordinal)) { AutoFlush = true };
            return await program([.. args], TextWriter.Synchronized(output), stop);
        });
    }

    private Func<string[], TextWriter, CancellationToken, Task<int>> Program(string name, List<string> args, string at)
    {
        switch (name)
        {
            case "centerhost":
                if (args is not (["product", "check" or "test", ..] or ["log", "verify", ..])) Default(args, "--as", "ann");
                if (args.Contains("--as") || args.Contains("--data")) Default(args, "--password-file", "ann.secret");
                if (args is not ["product", "check" or "test", ..]) Default(args, "--data", "center");
                if (args is ["product", "check", ..] && args.Contains("--data")) Default(args, "--as", "ann");
                Default(args, "--passphrase-file", "vault.secret");
                return (line, output, stop) => CardIssue.CenterHost.Cli.CenterHostCommand.RunAsync(line, output, output, stop);
            case "terminalhost":
                Default(args, "--data", "terminal");
                if (_variables.TryGetValue("CARDISSUE_READER", out var reader)) Default(args, "--reader", reader);
                return (line, output, stop) => CardIssue.TerminalHost.Cli.TerminalHostCommand.RunAsync(line, output, output, place, stop);
            case "virtualcard":
                return (line, output, stop) => VirtualCardCommand.RunAsync(line, output, output, stop);
            default:
                throw new NotSupportedException($"{at}: this shell knows no {name}.");
        }
    }

    private static void Default(List<string> args, string option, string value)
    {
        if (!args.Contains(option)) args.AddRange([option, value]);
    }

    private string In(string name) => Path.Combine(place, name);

    /// <summary>The words of a line, without its comment.</summary>
    private List<string> Words(string line)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var (quoted, any) = (false, false);
        foreach (var at in line)
        {
            if (at is '"') (quoted, any) = (!quoted, true);
            else if (!quoted && at is '#' && !any) break;
            else if (!quoted && at is ' ')
            {
                if (any) words.Add(word.ToString());
                word.Clear();
                any = false;
            }
            else
            {
                word.Append(at);
                any = true;
            }
        }
        if (any) words.Add(word.ToString());
        return [.. words.Select(text => text.Replace("$SAMPLES", _variables["SAMPLES"], StringComparison.Ordinal))];
    }
}
