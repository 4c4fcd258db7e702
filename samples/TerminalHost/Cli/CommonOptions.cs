using System.CommandLine;
using CardIssue.Core.Primitives;

namespace CardIssue.TerminalHost.Cli;

/// <summary>What every command has: where the terminal's files are, how the module opens, how to answer.</summary>
internal sealed class CommonOptions
{
    private const string What = "module's passphrase", OtherWays = "--passphrase-file FILE, or --passphrase-file - for standard input";

    private readonly Option<string?> _data;
    private readonly Option<string?> _passphrase;
    private readonly Option<bool> _json = new("--json") { Description = "Answer in JSON, an object per line." };

    public CommonOptions(HostSettings settings)
    {
        _data = SettingOption.Text(settings, "--data", "The folder with module.json, terminal.json and center.json.", "./terminal");
        _passphrase = SettingOption.Text(settings, "--passphrase-file", "File with the module's passphrase; - for a line of standard input. Without it the passphrase is asked for.");
    }

    public void AddTo(Command command, bool opensModule = true)
    {
        command.Options.Add(_data);
        if (opensModule) command.Options.Add(_passphrase);
        command.Options.Add(_json);
    }

    public TerminalFolder Folder(ParseResult parsed) => new(Path.GetFullPath(parsed.GetRequiredValue(_data)!));

    public bool IsJson(ParseResult parsed) => parsed.GetValue(_json);

    public SecretBytes Passphrase(ParseResult parsed, SecretInput input, CancellationToken cancellation) =>
        input.Read(What, parsed.GetValue(_passphrase), OtherWays, cancellation);

    /// <summary>The passphrase of a module that is to be made; asks twice.</summary>
    public SecretBytes NewPassphrase(ParseResult parsed, SecretInput input, CancellationToken cancellation) =>
        input.ReadNew(What, parsed.GetValue(_passphrase), OtherWays, cancellation);
}
