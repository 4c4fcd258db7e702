using System.CommandLine;
using CardIssue.Core;

namespace CardIssue.TerminalHost.Cli;

/// <summary>What every command has: where the terminal's files are, how the module opens, how to answer.</summary>
internal sealed class CommonOptions
{
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

    public SecretBytes Passphrase(ParseResult parsed, SecretInput input) => input.Read("module's passphrase", parsed.GetValue(_passphrase), _passphrase.Name);
}
