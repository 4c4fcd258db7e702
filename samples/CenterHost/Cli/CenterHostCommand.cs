using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Commands;
using CardIssue.Core.Keys;
using CardIssue.CommandLine;
using Microsoft.Extensions.Options;

namespace CardIssue.CenterHost.Cli;

/// <summary>The command line.</summary>
internal static class CenterHostCommand
{
    private const string About =
        """
        The CardIssue center: its vault, terminals, orders, log, and the lines that it serves.

        Settings: centerhost.json in the center's directory, or environment variables such as CARDISSUE_Center__FeedPause=00:00:02.
        Secrets come from files, standard input (-) or a prompt, never from the command line.
        Exit codes: 0 ok, 1 failed, 2 wrong usage or input file, 3 file or store trouble, 4 refused, 5 interrupted, 6 the verification found damage.
        """;

    /// <summary>Runs one command line. Returns the exit code.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        var shell = new Shell(output, error);
        // English whatever the system speaks, as the rest of the program; and no response files: an argument that begins with @ is one.
        CultureInfo.CurrentUICulture = CultureInfo.InvariantCulture;
        var parsed = MakeRoot(shell).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
        {
            foreach (var fault in UsageFaults.Of(parsed)) await error.WriteLineAsync(fault);
            await error.WriteLineAsync("Try --help.");
            return (int)ExitCode.Usage;
        }
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        var settings = new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        try
        {
            return await parsed.InvokeAsync(settings, stop.Token);
        }
        catch (Exception e) when (CodeOf(e, stop.IsCancellationRequested) is { } code)
        {
            await error.WriteLineAsync(code == ExitCode.Interrupted ? "Interrupted." : e.Message);
            return (int)code;
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }
    }

    private static RootCommand MakeRoot(Shell shell)
    {
        var root = new RootCommand(About)
        {
            InitCommand.Make(shell), ServeCommand.Make(shell), StatusCommand.Make(shell), LineCommands.Make(shell), TerminalCommands.Make(shell),
            ReaderCommands.Make(shell), KeyCommands.Make(shell), ProductCommands.Make(shell), OrderCommands.Make(shell), CardCommands.Make(shell), LogCommands.Make(shell),
        };
        shell.AddCommonOptions(root);
        return root;
    }

    /// <summary>What an exception means for the caller; null for a bug, which shows its stack.</summary>
    private static ExitCode? CodeOf(Exception e, bool interrupted) => e switch
    {
        CommandException command => command.Code,
        OperationCanceledException when interrupted => ExitCode.Interrupted,
        PassphraseFileException { Fault: PassphraseFault.WrongPassphraseOrDamaged } => ExitCode.Refused,
        PassphraseFileException { Fault: PassphraseFault.TooWeak } => ExitCode.Usage,
        Core.Lines.LineException => ExitCode.Failed,
        StoreException or IOException or UnauthorizedAccessException or KeyVaultException => ExitCode.File,
        FormatException or OptionsValidationException => ExitCode.Usage,
        _ => null,
    };
}
