using System.CommandLine;
using System.Text.Json;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;
using CardIssue.TerminalHost.Operators;

namespace CardIssue.TerminalHost.Cli;

/// <summary><c>operator add</c>, <c>remove</c>, <c>password</c>, <c>list</c>: who may work at this terminal. The first one that is added makes operators log in.</summary>
internal static class OperatorCommands
{
    private static readonly string TooShort = $"The password is too short: {OperatorList.MinPassword} bytes at least.";

    public static Command Make(HostSettings settings, TextWriter output) =>
        new("operator", "Who may work at this terminal: from the first operator that is added on, nobody issues a card without a password.")
        {
            Add(settings, output), Remove(settings, output), Password(settings, output), List(settings, output),
        };

    private static Command Add(HostSettings settings, TextWriter output)
    {
        var (common, name, password) = (new CommonOptions(settings), NameArgument(), PasswordOption("--password-file", "the operator's first password"));
        var command = new Command("add", "Adds an operator with a first password. The module's passphrase says that you may.") { name, password };
        common.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var list = ListOf(common, parsed);
            using var input = new SecretInput();
            using var module = ModuleCommands.Open(common.Folder(parsed), common, parsed, input, cancellation);
            var (who, all) = (Who(parsed, name), list.Read());
            if (all.Any(one => one.Name == who)) throw new CommandException(ExitCode.Usage, $"{who} is an operator here already. For a new first password remove and add that one.");
            if (all.Count == OperatorList.MaxOperators) throw new CommandException(ExitCode.Usage, $"{OperatorList.MaxOperators} operators is the most.");
            using var secret = NewPassword(parsed, password, input, cancellation);
            list.Write([.. all, KnownOperator.Make(who, secret, Argon2Cost.Default)]);
            return Done(output, common.IsJson(parsed), $"{who} may work here.");
        });
        return command;
    }

    private static Command Remove(HostSettings settings, TextWriter output)
    {
        var (common, name) = (new CommonOptions(settings), NameArgument());
        var command = new Command("remove", "Takes an operator away. The module's passphrase says that you may.") { name };
        common.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var list = ListOf(common, parsed);
            using var module = ModuleCommands.Open(common.Folder(parsed), common, parsed, cancellation);
            var (who, all) = (Who(parsed, name), list.Read());
            if (all.All(one => one.Name != who)) throw NoSuch(who);
            list.Write([.. all.Where(one => one.Name != who)]);
            return Done(output, common.IsJson(parsed), all.Count > 1 ? $"{who} may not work here any more." : $"{who} may not work here any more, and nobody else may until one is added.");
        });
        return command;
    }

    private static Command Password(HostSettings settings, TextWriter output)
    {
        var (common, name) = (new CommonOptions(settings), NameArgument());
        var (old, password) = (PasswordOption("--old-password-file", "the password of now"), PasswordOption("--password-file", "the new password"));
        var command = new Command("password", "Gives an operator a new password; the one of now says who it is.") { name, old, password };
        common.AddTo(command, opensModule: false);
        command.SetAction((parsed, cancellation) =>
        {
            var list = ListOf(common, parsed);
            using var input = new SecretInput();
            var (who, all) = (Who(parsed, name), list.Read());
            using (var before = input.Read("operator's password", parsed.GetValue(old), $"{old.Name} FILE", cancellation))
                if (new OperatorLogin(list, TimeProvider.System).Try(who.Value, before) is not LoginResult.Right)
                    throw new CommandException(ExitCode.Refused, "The operator's name or password is wrong; nothing was changed.");
            using var secret = NewPassword(parsed, password, input, cancellation);
            list.Write([.. all.Select(one => one.Name == who ? KnownOperator.Make(who, secret, Argon2Cost.Default) : one)]);
            return Done(output, common.IsJson(parsed), $"{who} has a new password.");
        });
        return command;
    }

    private static Command List(HostSettings settings, TextWriter output)
    {
        var common = new CommonOptions(settings);
        var command = new Command("list", "Names those who may work here.");
        common.AddTo(command, opensModule: false);
        command.SetAction((parsed, _) =>
        {
            var all = ListOf(common, parsed).Read();
            foreach (var one in all) output.WriteLine(common.IsJson(parsed) ? Json("operator", one.Name.Value) : one.Name.Value);
            return Task.FromResult((int)ExitCode.Ok);
        });
        return command;
    }

    private static OperatorList ListOf(CommonOptions common, ParseResult parsed) => new(common.Folder(parsed).Operators);

    private static Argument<string> NameArgument() => new("NAME") { Description = "The operator's name: text in any script, at most 128 bytes of UTF-8." };

    private static Option<string?> PasswordOption(string name, string what) => new(name) { Description = $"File with {what}; - for a line of standard input. Without it, it is asked for." };

    private static OperatorId Who(ParseResult parsed, Argument<string> name) => PersonNameRule.Accepts(parsed.GetValue(name))
        ? new OperatorId(parsed.GetValue(name)!)
        : throw new CommandException(ExitCode.Usage, "An operator's name is text of 1 to 128 bytes, without control characters and without spaces at its ends.");

    private static SecretBytes NewPassword(ParseResult parsed, Option<string?> option, SecretInput input, CancellationToken cancellation)
    {
        var secret = input.ReadNew("new password", parsed.GetValue(option), $"{option.Name} FILE, or {option.Name} - for standard input", cancellation);
        if (secret.Length >= OperatorList.MinPassword) return secret;
        secret.Dispose();
        throw new CommandException(ExitCode.Usage, TooShort);
    }

    private static CommandException NoSuch(OperatorId who) => new(ExitCode.Usage, $"There is no operator {who} here; `terminalhost operator list` names them.");

    private static Task<int> Done(TextWriter output, bool json, string text)
    {
        output.WriteLine(json ? Json("text", text) : text);
        return Task.FromResult((int)ExitCode.Ok);
    }

    private static string Json(string name, string value) => $"{{\"ok\":true,\"{name}\":\"{JsonEncodedText.Encode(value, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"}}";
}
