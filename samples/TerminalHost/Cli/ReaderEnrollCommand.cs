using System.CommandLine;
using System.Text.Json;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Readers;
using CardIssue.Terminal.Relay;
using CardIssue.TerminalHost.Answers;
using CardIssue.TerminalHost.Counter;
using CardIssue.TerminalHost.Display;
using Command = System.CommandLine.Command;

namespace CardIssue.TerminalHost.Cli;

/// <summary><c>reader enroll</c>: asks the center to know this terminal's reader, or says what to type there.</summary>
internal static class ReaderEnrollCommand
{
    private const int LongestWait = 24 * 3_600;
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(2);

    public static Command Make(HostSettings settings, TextWriter output)
    {
        var offline = new Option<bool>("--offline") { Description = "Do not ask the center; print what its operator has to type." };
        var wait = SettingOption.Number(settings, "--wait", "Seconds to ask again and again while the center's operator decides.", 0, LongestWait, 0);
        var (common, connection) = (new CommonOptions(settings), new ConnectionOptions(settings));
        var command = new Command("enroll", "Asks the center to know this terminal's reader. Ends with 0 when it is known, 1 while it waits for a decision, 4 when it is refused.") { offline, wait };
        connection.AddTo(command);
        common.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var (reader, json) = (connection.Reader(parsed), common.IsJson(parsed));
            if (parsed.GetValue(offline)) return (int)await PrintAsync(output, json, common.Folder(parsed), reader, connection.Sam(parsed), cancellation);
            var line = connection.Line(parsed);
            using var file = ModuleCommands.Open(common.Folder(parsed), common, parsed, cancellation);
            await using var counter = TerminalCounter.Open(file, line, reader.Open(), new SilentDisplay(), samSlot: connection.Sam(parsed)?.Open());
            var (access, report) = await counter.AskAccessAsync(cancellation);
            if (report is null) throw new CommandException(ExitCode.Refused, $"No access, so nothing was asked: {access}. See `terminalhost check`.");
            var outcome = await AskAsync(counter.Relay, TimeSpan.FromSeconds(parsed.GetRequiredValue(wait)!.Value), cancellation);
            return (int)await SayAsync(output, json, outcome);
        });
        return command;
    }

    private static async Task<ReaderEnrollmentOutcome> AskAsync(TerminalRelay relay, TimeSpan patience, CancellationToken cancellation)
    {
        var begun = TimeProvider.System.GetTimestamp();
        try
        {
            while (true)
            {
                var outcome = await relay.EnrollReaderAsync(cancellation);
                if (outcome.Standing is not ReaderStanding.Waiting || TimeProvider.System.GetElapsedTime(begun) >= patience) return outcome;
                await Task.Delay(AskAgain, cancellation);
            }
        }
        catch (TimeoutException e)
        {
            throw new CommandException(ExitCode.Failed, "The center did not answer in time; ask again later.", e);
        }
    }

    private static async Task<ExitCode> SayAsync(TextWriter output, bool json, ReaderEnrollmentOutcome outcome)
    {
        var (code, text) = outcome switch
        {
            { Standing: ReaderStanding.Waiting } => (ExitCode.Failed, "the reader waits for a decision at the center: its operator sees it with `centerhost reader pending`"),
            { Standing: ReaderStanding.Refused } => (ExitCode.Refused, "the center does not take this reader: it was declined, or too many wait; its log says which"),
            { Judgement: ReaderJudgement.Away } => (ExitCode.Failed, "the center knows the reader, which does not answer any more: see that it is connected"),
            { Judgement: ReaderJudgement.Unknown unknown } => (ExitCode.Refused, $"the center knows the reader, this terminal does not take it: {unknown.Reason}"),
            _ => (ExitCode.Ok, "the center knows this reader"),
        };
        await output.WriteLineAsync(json
            ? JsonSerializer.Serialize(
                new ReaderStandingAnswer(code is ExitCode.Ok, outcome.Standing.ToString(), outcome.Judgement is ReaderJudgement.Known, text),
                AnswerJson.Default.ReaderStandingAnswer)
            : text);
        return code;
    }

    private static async Task<ExitCode> PrintAsync(
        TextWriter output, bool json, TerminalFolder folder, ReaderAddress address, ReaderAddress? sam, CancellationToken cancellation)
    {
        var terminal = folder.ReadTerminal().Id;
        var found = await ReaderProbe.LookAsync(address, cancellation);
        if (found.Identity is not { } identity) throw new CommandException(ExitCode.Failed, $"{address}: {found.Text}");
        if (identity.Serial is null)
            throw new CommandException(ExitCode.Failed, $"{ReaderText.Describe(address, identity)}, and a center knows a reader by its own. A simulated reader is given one in its address: ?serial=S.");
        var key = sam is null ? null : await ReadKeyAsync(sam, cancellation);
        var command = ReaderText.CenterCommand(terminal.Value, identity, key);
        await output.WriteLineAsync(json
            ? JsonSerializer.Serialize(
                new ReaderCommandAnswer(
                    true, terminal.Value, identity.Kind, identity.Vendor, identity.Model, identity.Serial, identity.Firmware, key?.ToString(), command),
                AnswerJson.Default.ReaderCommandAnswer)
            : command);
        return ExitCode.Ok;
    }

    private static async Task<P256PublicKey> ReadKeyAsync(ReaderAddress sam, CancellationToken cancellation)
    {
        await using var slot = sam.Open();
        using var samKey = new SamReaderKey(slot);
        var answer = await samKey.ReadPublicKeyAsync(cancellation);
        return P256PublicKey.TryParse(answer.Value.Span, out var key)
            ? key
            : throw new CommandException(ExitCode.Failed, $"{sam}: no SAM's key can be read there: {answer.Fault}, {answer.Detail}");
    }
}
