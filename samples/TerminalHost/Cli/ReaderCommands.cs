using System.CommandLine;
using System.Text.Json;
using CardIssue.Core.Cards;
using CardIssue.Reader.PcSc;
using CardIssue.TerminalHost.Answers;

namespace CardIssue.TerminalHost.Cli;

/// <summary><c>reader list</c>: which readers there are, and what their drivers could learn of them.</summary>
internal static class ReaderCommands
{
    public static Command Make(HostSettings settings, TextWriter output) =>
        new("reader", "The card reader of this terminal.") { List(settings, output), ReaderEnrollCommand.Make(settings, output) };

    private static Command List(HostSettings settings, TextWriter output)
    {
        var (common, reader) = (new CommonOptions(settings), ConnectionOptions.ReaderOption(settings));
        var command = new Command("list", "Shows the reader that is named or set, then those that PC/SC has; what each tells of itself and whether it answers.") { reader };
        common.AddTo(command, opensModule: false);
        command.SetAction(async (parsed, cancellation) =>
        {
            var named = parsed.GetValue(reader) is null ? null : ConnectionOptions.Reader(parsed, reader);
            var namedAnswers = named is null || await ShowAsync(output, common.IsJson(parsed), named, cancellation);
            var service = OfService(out var fault).Where(address => address.Text != named?.Text).ToList();
            foreach (var address in service) await ShowAsync(output, common.IsJson(parsed), address, cancellation);
            if (fault is not null) await parsed.InvocationConfiguration.Error.WriteLineAsync(fault);
            else if (named is null && service.Count == 0) await parsed.InvocationConfiguration.Error.WriteLineAsync("PC/SC has no reader.");
            return (int)(namedAnswers && (named is not null || fault is null) ? ExitCode.Ok : ExitCode.Failed);
        });
        return command;
    }

    private static IReadOnlyList<ReaderAddress> OfService(out string? fault)
    {
        try
        {
            fault = null;
            return [.. PcscReaders.List().Select(ReaderAddress.Named)];
        }
        catch (CardException e)
        {
            fault = e.Message;
            return [];
        }
    }

    private static async Task<bool> ShowAsync(TextWriter output, bool json, ReaderAddress address, CancellationToken cancellation)
    {
        var found = await ReaderProbe.LookAsync(address, cancellation);
        var identity = found.Identity;
        await output.WriteLineAsync(json
            ? JsonSerializer.Serialize(
                new ReaderAnswer(
                    found.Answers, address.Text, identity?.Kind, identity?.Name, identity?.Vendor, identity?.Model, identity?.Serial, identity?.Firmware, identity?.Port,
                    identity is null ? null : [.. ReaderText.NotTold(identity)], found.Answers, found.CardIn, found.Fault),
                AnswerJson.Default.ReaderAnswer)
            : string.Join(Environment.NewLine, [$"{ReaderText.Describe(address, identity)}: {found.Text}", .. identity is null ? [] : ReaderText.Lines(identity)]));
        return found.Answers;
    }
}
