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
    public static Command Make(HostSettings settings, TextWriter output)
    {
        var order = new Option<string>("--order") { Description = "Order number or customer id.", Required = true };
        var code = new Option<string?>("--code-file") { Description = "File with the one-time issue code; - for a line of standard input, after the passphrase if that comes from there too. Without it the code is asked for." };
        var waitRemoval = new Option<bool>("--wait-removal") { Description = "Wait until the issued card is taken out." };
        order.Validators.Add(result =>
        {
            if (RequestText.Fault(result.GetValueOrDefault<string>()) is { } fault) result.AddError($"--order: {fault}");
        });
        var (common, connection, operators, counterOptions) = (new CommonOptions(settings), new ConnectionOptions(settings), new OperatorOptions(settings), new CounterOptions(settings));
        var command = new Command("issue", "Has one card issued, shows each step and prints the receipt. Ctrl-C cancels at the center, too.") { order, code, waitRemoval };
        operators.AddTo(command);
        counterOptions.AddTo(command);
        connection.AddTo(command);
        common.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var (line, reader, sam, receipts) = (connection.Line(parsed), connection.Reader(parsed), connection.Sam(parsed), counterOptions.Receipts(parsed));
            operators.Check(parsed);
            using var input = new SecretInput();
            using var file = ModuleCommands.Open(common.Folder(parsed), common, parsed, input, cancellation);
            var who = operators.LogIn(parsed, common.Folder(parsed), input, cancellation);
            using var secret = input.Read("issue code", parsed.GetValue(code), $"{code.Name} FILE, or {code.Name} - for standard input", cancellation);
            if (IssueRequest.CodeFault(secret) is { } fault) throw new CommandException(ExitCode.Usage, fault);
            var display = new LineDisplay(output, parsed.InvocationConfiguration.Error, common.IsJson(parsed), counterOptions.Language(parsed), receipts);
            await connection.Rotation(parsed, common.Folder(parsed), line).WhenDueAsync(file, display, cancellation);
            await using var counter = TerminalCounter.Open(file, line, reader.Open(), display, samSlot: sam?.Open(), printer: receipts);
            var outcome = await counter.IssueAsync(new IssueRequest(parsed.GetRequiredValue(order), secret, who), cancellation);
            display.End(outcome);
            // The card is issued, whatever becomes of the wait.
            if (outcome.IsIssued && parsed.GetValue(waitRemoval)) await counter.WaitForRemovalAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return (int)CodeOf(outcome, cancellation.IsCancellationRequested);
        });
        return command;
    }

    private static ExitCode CodeOf(IssueOutcome outcome, bool interrupted) => outcome.Ending switch
    {
        IssueEnding.Issued => ExitCode.Ok,
        IssueEnding.Aborted when interrupted => ExitCode.Interrupted,
        IssueEnding.LineLost => ExitCode.Failed,
        IssueEnding.Declined or IssueEnding.Aborted or IssueEnding.ReaderRefused or IssueEnding.AccessRefused or IssueEnding.CenterNotKnown => ExitCode.Refused,
    };
}
