using System.CommandLine;
using System.Globalization;
using CardIssue.Core.Cards;
using CardIssue.Core.Keys;
using CardIssue.CommandLine;

namespace CardIssue.TerminalHost.Cli;

/// <summary>The command line: module, reader, check, issue, watch.</summary>
internal static class TerminalHostCommand
{
    private const string About =
        """
        A terminal that issues IC cards: the center sends, the terminal passes on and stores nothing.

        Settings come from the command line, then from the environment (CARDISSUE_CONNECT, CARDISSUE_CONNECT_TIMEOUT, …),
        then from appsettings.json in the working directory ({"connect": "…", "connectTimeout": 30, …}).
        Secrets come from files, a prompt or standard input, never from the command line.
        Exit codes: 0 ok; 1 failed; 2 wrong usage or input file; 3 file trouble, also a module that does not open;
        4 refused (access, order, card or reader); 5 interrupted.
        """;

    /// <summary>How long a command may take to end in order after Ctrl-C: the center is told that the order is cancelled.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>Runs one command line. Returns the exit code.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        try
        {
            var settings = HostSettings.Load(Directory.GetCurrentDirectory());
            var root = new RootCommand(About)
            {
                ModuleCommands.Make(settings, output), ReaderCommands.Make(settings, output), CheckCommand.Make(settings, output),
                IssueCommand.Make(settings, output), WatchCommand.Make(settings, output),
            };
            // English whatever the system speaks, as the rest of the program; and no response files: an argument that begins with @ is one.
            CultureInfo.CurrentUICulture = CultureInfo.InvariantCulture;
            var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
            if (parsed.Errors.Count == 0)
                return await parsed.InvokeAsync(new InvocationConfiguration
                {
                    Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = Grace,
                });
            foreach (var fault in UsageFaults.Of(parsed)) await error.WriteLineAsync(fault);
            await error.WriteLineAsync("Try --help.");
            return (int)ExitCode.Usage;
        }
        catch (CommandException e)
        {
            return await FailAsync(error, e.Code, e.Message);
        }
        catch (PassphraseFileException e)
        {
            return await FailAsync(error, e.Fault is PassphraseFault.TooWeak ? ExitCode.Usage : ExitCode.File, e.Message);
        }
        catch (CardException e)
        {
            return await FailAsync(error, ExitCode.Failed, e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return await FailAsync(error, ExitCode.File, e.Message);
        }
        catch (OperationCanceledException)
        {
            return await FailAsync(error, ExitCode.Interrupted, "Interrupted.");
        }
    }

    private static async Task<int> FailAsync(TextWriter error, ExitCode code, string message)
    {
        await error.WriteLineAsync(message);
        return (int)code;
    }
}
