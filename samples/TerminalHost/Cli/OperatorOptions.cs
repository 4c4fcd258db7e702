using System.CommandLine;
using CardIssue.Core.Primitives;
using CardIssue.TerminalHost.Operators;

namespace CardIssue.TerminalHost.Cli;

/// <summary>Who works here: a name, and a password where the terminal has a list of its operators.</summary>
internal sealed class OperatorOptions
{
    private const string WhoWorksHere = "--operator says who works here: text of 1 to 128 bytes, without control characters and without spaces at its ends.";

    private readonly Option<string?> _name, _password;

    public OperatorOptions(HostSettings settings)
    {
        _name = SettingOption.Text(settings, "--operator", "Who works here: a name in any script, at most 128 bytes of UTF-8.");
        _name.Validators.Add(result =>
        {
            // Nobody is named where people log in at the screen.
            if (result.GetValueOrDefault<string?>() is { } name && !PersonNameRule.Accepts(name)) result.AddError(WhoWorksHere);
        });
        _password = SettingOption.Text(settings, "--operator-password-file",
            "File with the operator's password, where operators log in; - for a line of standard input, before the issue code. Without it the password is asked for.");
    }

    public void AddTo(Command command)
    {
        command.Options.Add(_name);
        command.Options.Add(_password);
    }

    /// <summary>The operator who was named, and whose password is right where operators log in.</summary>
    /// <exception cref="CommandException">Nobody was, or the password is wrong.</exception>
    public OperatorId LogIn(ParseResult parsed, TerminalFolder folder, SecretInput input, CancellationToken cancellation)
    {
        var who = Named(parsed) ?? throw new CommandException(ExitCode.Usage, WhoWorksHere);
        var list = new OperatorList(folder.Operators);
        if (!list.IsThere) return who;
        using var password = input.Read("operator's password", parsed.GetValue(_password), $"{_password.Name} FILE, or {_password.Name} - for standard input", cancellation);
        return new OperatorLogin(list, TimeProvider.System).Try(who.Value, password) is LoginResult.Right ? who
            : throw new CommandException(ExitCode.Refused, "The operator's name or password is wrong; `terminalhost operator list` names those who may work here.");
    }

    /// <summary>The operator of a screen: who was named, or whoever logs in there.</summary>
    /// <exception cref="CommandException">Nobody was named, and nobody can log in.</exception>
    public OperatorId? OfScreen(ParseResult parsed, TerminalFolder folder) => new OperatorList(folder.Operators).IsThere ? null
        : Named(parsed) ?? throw new CommandException(ExitCode.Usage, WhoWorksHere);

    /// <summary>Checks the name before anything is opened.</summary>
    /// <exception cref="CommandException">Nobody is named.</exception>
    public void Check(ParseResult parsed)
    {
        if (Named(parsed) is null) throw new CommandException(ExitCode.Usage, WhoWorksHere);
    }

    private OperatorId? Named(ParseResult parsed) => PersonNameRule.Accepts(parsed.GetValue(_name)) ? new OperatorId(parsed.GetValue(_name)!) : null;
}
