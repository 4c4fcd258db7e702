using System.CommandLine;

namespace CardIssue.TerminalHost.Cli;

/// <summary>The command line: enroll, module, reader, check, issue, watch, operator, service.</summary>
public static class TerminalHostCommand
{
    private const string About =
        $$$"""
        A terminal that issues IC cards: the center sends, the terminal passes on and stores nothing.

        Settings come from the command line, then from the environment (CARDISSUE_CONNECT, CARDISSUE_CONNECT_TIMEOUT, …),
        then from appsettings.json in the working directory ({"connect": "…", "connectTimeout": 30, …}).
        Secrets come from files, a prompt or standard input, never from the command line.
        {{{ExitCodeText.Help}}}
        """;

    /// <summary>How long a command may take to end in order after Ctrl-C: the center is told that the order is cancelled.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>Runs one command line. Returns the exit code.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="output">Where answers go.</param>
    /// <param name="error">Where errors and warnings go.</param>
    /// <param name="folder">Where the settings file is; null for the working directory.</param>
    /// <param name="cancellation">Ends it, as Ctrl-C does.</param>
    public static Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, string? folder = null, CancellationToken cancellation = default)
    {
        SodiumArgon2.Use();
        return CommandRun.RunAsync(new CommandProgram(() => MakeRoot(HostSettings.Load(folder ?? Directory.GetCurrentDirectory()), output), _ => null, Grace), args, output, error, cancellation);
    }

    private static RootCommand MakeRoot(HostSettings settings, TextWriter output) => new(About)
    {
        EnrollCommand.Make(settings, output), ModuleCommands.Make(settings, output), ReaderCommands.Make(settings, output), CheckCommand.Make(settings, output),
        IssueCommand.Make(settings, output), WatchCommand.Make(settings, output), OperatorCommands.Make(settings, output), ServiceCommand.Make(settings, output),
    };
}
