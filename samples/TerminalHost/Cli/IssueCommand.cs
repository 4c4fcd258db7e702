using System.CommandLine;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Relay;
using CardIssue.TerminalHost.Counter;
using CardIssue.TerminalHost.Display;
using Command = System.CommandLine.Command;

namespace CardIssue.TerminalHost.Cli;

/// <summary><c>issue</c>: one card.</summary>
internal static class IssueCommand
{
    private const string WhoWorksHere = "--operator says who works here: text of 1 to 128 bytes, without control characters and without spaces at its ends.";

    public static Command Make(HostSettings settings, TextWriter output)
    {
        var order = new Option<string>("--order") { Description = "Order number or customer id.", Required = true };
        var code = new Option<string?>("--code-file") { Description = "File with the one-time issue code; - for a line of standard input, after the passphrase if that comes from there too. Without it the code is asked for." };
        var operatorId = OperatorOption(settings);
        var waitRemoval = new Option<bool>("--wait-removal") { Description = "Wait until the issued card is taken out." };
        order.Validators.Add(result =>
        {
            if (RequestText.Fault(result.GetValueOrDefault<string>()) is { } fault) result.AddError($"--order: {fault}");
        });
        var (common, connection) = (new CommonOptions(settings), new ConnectionOptions(settings));
        var command = new Command("issue", "Has one card issued, shows each step and prints the receipt. Ctrl-C cancels at the center, too.") { order, code, operatorId, waitRemoval };
        connection.AddTo(command);
        common.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var (line, reader, sam, who) = (connection.Line(parsed), connection.Reader(parsed), connection.Sam(parsed), Operator(parsed, operatorId));
            using var input = new SecretInput();
            using var file = ModuleCommands.Open(common.Folder(parsed), common, parsed, input, cancellation);
            using var secret = input.Read("issue code", parsed.GetValue(code), $"{code.Name} FILE, or {code.Name} - for standard input", cancellation);
            if (IssueRequest.CodeFault(secret) is { } fault) throw new CommandException(ExitCode.Usage, fault);
            var display = new LineDisplay(output, parsed.InvocationConfiguration.Error, common.IsJson(parsed));
            await connection.Rotation(parsed, common.Folder(parsed), line).WhenDueAsync(file, parsed.InvocationConfiguration.Error, cancellation);
            await using var counter = TerminalCounter.Open(file, line, reader.Open(), display, samSlot: sam?.Open());
            var outcome = await counter.IssueAsync(new IssueRequest(parsed.GetRequiredValue(order), secret, who), cancellation);
            if (outcome.IsIssued && parsed.GetValue(waitRemoval)) await counter.WaitForRemovalAsync(cancellation);
            display.End(outcome);
            return (int)CodeOf(outcome, cancellation.IsCancellationRequested);
        });
        return command;
    }

    /// <summary>The operator who works here.</summary>
    public static Option<string?> OperatorOption(HostSettings settings)
    {
        var option = SettingOption.Text(settings, "--operator", "Who works here: a name in any script, at most 128 bytes of UTF-8.");
        option.Validators.Add(result =>
        {
            if (!PersonNameRule.Accepts(result.GetValueOrDefault<string?>())) result.AddError(WhoWorksHere);
        });
        return option;
    }

    /// <summary>The operator who was named.</summary>
    /// <exception cref="CommandException">Nobody was.</exception>
    public static OperatorId Operator(ParseResult parsed, Option<string?> option) => PersonNameRule.Accepts(parsed.GetValue(option))
        ? new OperatorId(parsed.GetValue(option)!)
        : throw new CommandException(ExitCode.Usage, WhoWorksHere);

    private static ExitCode CodeOf(IssueOutcome outcome, bool interrupted) => outcome.Ending switch
    {
        IssueEnding.Issued => ExitCode.Ok,
        IssueEnding.Aborted when interrupted => ExitCode.Interrupted,
        IssueEnding.LineLost => ExitCode.Failed,
        IssueEnding.Declined or IssueEnding.Aborted or IssueEnding.ReaderRefused or IssueEnding.AccessRefused or IssueEnding.CenterNotKnown => ExitCode.Refused,
    };
}
