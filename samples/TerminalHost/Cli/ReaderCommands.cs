using System.CommandLine;
using System.Text.Json;
using CardIssue.Core.Cards;
using CardIssue.Reader;

namespace CardIssue.TerminalHost.Cli;

/// <summary><c>reader list</c>, <c>reader enroll</c>: what the reader is, and what the center's operator has to add.</summary>
internal static class ReaderCommands
{
    public static Command Make(HostSettings settings, TextWriter output) =>
        new("reader", "The card reader of this terminal.") { List(settings, output), Enroll(settings, output) };

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
            ? JsonSerializer.Serialize(new
            {
                ok = found.Answers, reader = address.Text, kind = identity?.Kind, name = identity?.Name, vendor = identity?.Vendor, model = identity?.Model,
                serial = identity?.Serial, firmware = identity?.Firmware, port = identity?.Port, answers = found.Answers, cardIn = found.CardIn, fault = found.Fault,
            })
            : $"{Describe(address, identity)}: {found.Text}");
        return found.Answers;
    }

    private static Command Enroll(HostSettings settings, TextWriter output)
    {
        var (common, reader) = (new CommonOptions(settings), ConnectionOptions.ReaderOption(settings));
        var command = new Command("enroll", "Prints what the center's operator has to add so that this terminal may use the reader.") { reader };
        common.AddTo(command, opensModule: false);
        command.SetAction(async (parsed, cancellation) =>
        {
            var address = ConnectionOptions.Reader(parsed, reader);
            var terminal = common.Folder(parsed).ReadTerminal().Id;
            var found = await ReaderProbe.LookAsync(address, cancellation);
            if (found.Identity is not { } identity) throw new CommandException(ExitCode.Failed, $"{address}: {found.Text}");
            if (identity.Serial is null)
                throw new CommandException(ExitCode.Failed, $"{Describe(address, identity)}, and a center knows a reader by its own. A simulated reader is given one in its address: ?serial=S.");
            await output.WriteLineAsync(common.IsJson(parsed)
                ? JsonSerializer.Serialize(new
                {
                    ok = true, terminal = terminal.Value, kind = identity.Kind, vendor = identity.Vendor, model = identity.Model,
                    serial = identity.Serial, firmware = identity.Firmware, command = CenterCommand(terminal.Value, identity),
                })
                : CenterCommand(terminal.Value, identity));
            return (int)ExitCode.Ok;
        });
        return command;
    }

    /// <summary>A reader in one line.</summary>
    public static string Describe(ReaderAddress address, ReaderIdentity? identity) =>
        identity is null ? address.Text : $"{identity.Kind} reader {identity.Name}, serial {identity.Serial ?? "not told"}";

    private static string CenterCommand(string terminal, ReaderIdentity identity) =>
        $"centerhost reader add --terminal {terminal} --kind {identity.Kind}"
        + Given("--vendor", identity.Vendor) + Given("--model", identity.Model) + Given("--serial", identity.Serial) + Given("--firmware", identity.Firmware);

    private static string Given(string option, string? value) => value is null ? "" : $" {option} {Quoted(value)}";

    /// <summary>For a POSIX shell: what a reader says of itself must not become a command.</summary>
    private static string Quoted(string value) => value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')
        ? value
        : $"'{value.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
