using System.CommandLine;

namespace CardIssue.CenterHost.Cli;

/// <summary>What all commands share: where they write, and the options that each of them has.</summary>
internal sealed class Shell(TextWriter output, TextWriter error)
{
    private readonly Option<string> _data = new("--data")
    {
        Description = "The center's directory.", HelpName = "DIR", DefaultValueFactory = _ => "center", Recursive = true,
    };

    private readonly Option<bool> _json = new("--json") { Description = "Print JSON: one object, or one a line for lists.", Recursive = true };

    private readonly Option<string?> _passphrase = new("--passphrase-file")
    {
        Description = "The file with the vault's passphrase, - for standard input; else CARDISSUE_PASSPHRASE_FILE names it, or it is asked for.",
        HelpName = "FILE|-", Recursive = true,
    };

    public void AddCommonOptions(RootCommand root)
    {
        root.Options.Add(_data);
        root.Options.Add(_json);
        root.Options.Add(_passphrase);
    }

    /// <summary>A command that does something.</summary>
    public Command Command(string name, string description, IEnumerable<Symbol> symbols, Func<Call, CancellationToken, Task<ExitCode>> run)
    {
        var command = new Command(name, description);
        foreach (var symbol in symbols)
        {
            if (symbol is Option option) command.Options.Add(option);
            if (symbol is Argument argument) command.Arguments.Add(argument);
        }
        command.SetAction(async (parsed, cancellation) => (int)await run(MakeCall(parsed, cancellation), cancellation));
        return command;
    }

    /// <summary>A command that only groups others.</summary>
    public static Command Group(string name, string description, params ReadOnlySpan<Command> commands)
    {
        var group = new Command(name, description);
        foreach (var command in commands) group.Subcommands.Add(command);
        return group;
    }

    private Call MakeCall(ParseResult parsed, CancellationToken cancellation) => new(
        parsed, Path.GetFullPath(parsed.GetValue(_data)!), parsed.GetValue(_passphrase) ?? Environment.GetEnvironmentVariable("CARDISSUE_PASSPHRASE_FILE"),
        new Answers(output, error, parsed.GetValue(_json)), cancellation);
}

/// <summary>One command line that is being carried out.</summary>
/// <param name="Parsed">The options.</param>
/// <param name="Directory">The center's directory.</param>
/// <param name="PassphraseFile">Where the vault's passphrase is: a file, "-" for standard input, or null when it must be asked for.</param>
/// <param name="Answers">Where to answer.</param>
/// <param name="Cancellation">Ends what waits for somebody.</param>
internal sealed record Call(ParseResult Parsed, string Directory, string? PassphraseFile, Answers Answers, CancellationToken Cancellation)
{
    private const string Passphrase = "vault's passphrase", PassphraseWays = "--passphrase-file FILE, --passphrase-file - or CARDISSUE_PASSPHRASE_FILE";

    public CenterFiles Files { get; } = new(Directory);

    public T? Get<T>(Option<T> option) => Parsed.GetValue(option);

    public T? Get<T>(Argument<T> argument) => Parsed.GetValue(argument);

    /// <summary>Opens the center that is in the directory, with its vault: whatever is changed is logged, and the log is keyed.</summary>
    public OpenCenter Open() => OpenCenter.In(this, withVault: true);

    /// <summary>Opens it for reading alone, without its vault.</summary>
    public OpenCenter OpenToRead() => OpenCenter.In(this, withVault: false);

    /// <summary>Asks for the passphrase, or reads it.</summary>
    public Core.SecretBytes ReadPassphrase()
    {
        using var input = new SecretInput();
        return input.Read(Passphrase, PassphraseFile, PassphraseWays, Cancellation);
    }

    /// <summary>Reads the passphrase of a vault that is to be made; asks twice.</summary>
    public Core.SecretBytes ReadNewPassphrase()
    {
        using var input = new SecretInput();
        return input.ReadNew(Passphrase, PassphraseFile, PassphraseWays, Cancellation);
    }
}
