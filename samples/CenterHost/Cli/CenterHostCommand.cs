using System.CommandLine;
using CardIssue.Center.People;
using CardIssue.Center.Recovery;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Commands;
using Microsoft.Extensions.Options;

namespace CardIssue.CenterHost.Cli;

/// <summary>The command line.</summary>
public static class CenterHostCommand
{
    private const string About =
        $"""
        The CardIssue center: its vault, terminals, orders, log, and the lines that it serves.

        Settings: centerhost.json in the center's directory, or environment variables such as CARDISSUE_Center__FeedPause=00:00:02.
        Secrets come from files, standard input (-) or a prompt, never from the command line.
        Each command is given as somebody: --as NAME and the account's password (person add, person password). What undoes
        safety is asked for by one person and approved by another (approval list, approval approve).
        {ExitCodeText.Help}
        """;

    /// <summary>A host that stops lets its orders go and makes a last checkpoint, for which it takes up to 30 s.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(35);

    /// <summary>Every command, such as "order void".</summary>
    public static IReadOnlyList<string> Commands => [.. Leaves(MakeRoot(new Shell(TextWriter.Null, TextWriter.Null)), "")];

    /// <summary>Who may give which of them; the others are <see cref="Public"/>.</summary>
    public static IReadOnlyDictionary<string, PersonRoles> Roles => CommandRoles.Of;

    /// <summary>Those that nobody is asked his name for.</summary>
    public static IReadOnlySet<string> Public => CommandRoles.Public;

    /// <summary>Those that the people of an issuer may give, by their roles; the others are for the center's own people.</summary>
    public static IReadOnlySet<string> OfIssuer => CommandRoles.OfIssuer;

    /// <summary>Runs one command line. Returns the exit code.</summary>
    public static Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken cancellation = default)
    {
        SodiumArgon2.Use();
        return CommandRun.RunAsync(new CommandProgram(() => MakeRoot(new Shell(output, error)), CodeOf, Grace), args, output, error, cancellation);
    }

    private static RootCommand MakeRoot(Shell shell)
    {
        var root = new RootCommand(About)
        {
            InitCommand.Make(shell), ServeCommand.Make(shell), StatusCommand.Make(shell), HealthCommand.Make(shell), IssuerCommands.Make(shell),
            LineCommands.Make(shell), TerminalCommands.Make(shell), SessionCommands.Make(shell),
            ReaderCommands.Make(shell), KeyCommands.Make(shell), VaultCommands.Make(shell), CertificateCommands.Make(shell), CenterKeysCommands.Make(shell), ProductCommands.Make(shell), ProgramCommands.Make(shell), OrderCommands.Make(shell), CardCommands.Make(shell), StockCommands.Make(shell), LogCommands.Make(shell),
            BackupCommand.Make(shell), RestoreCommand.Make(shell), MigrateCommand.Make(shell), JoinCommand.Make(shell),
            PersonCommands.Make(shell), ApprovalCommands.Make(shell),
        };
        shell.AddCommonOptions(root);
        return root;
    }

    private static IEnumerable<string> Leaves(Command command, string path) => command.Subcommands.Count == 0
        ? [path]
        : command.Subcommands.SelectMany(sub => Leaves(sub, path.Length == 0 ? sub.Name : $"{path} {sub.Name}"));

    private static ExitCode? CodeOf(Exception e) => e switch
    {
        OrderEnvelopeException => ExitCode.Refused,
        KeyVaultException or Center.Storage.StoreException => ExitCode.File,
        OptionsValidationException => ExitCode.Usage,
        RecoveryException { Fault: RecoveryFault.Altered } => ExitCode.Damaged,
        RecoveryException => ExitCode.Refused,
        _ => null,
    };
}
