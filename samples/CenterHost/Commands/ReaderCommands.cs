using System.CommandLine;
using CardIssue.Center.Terminals;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using FieldLimits = CardIssue.Core.Protocol.Messages.FieldLimits;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>reader</c>: the card readers that a terminal may use.</summary>
internal static class ReaderCommands
{
    public static Command Make(Shell shell) => Shell.Group("reader", "The card readers that a terminal may use.", Add(shell), List(shell), Remove(shell),
        ReaderRequestCommands.Pending(shell), ReaderRequestCommands.Approve(shell), ReaderRequestCommands.Decline(shell));

    private static Option<string> Terminal() => new("--terminal") { Description = "The terminal's name.", HelpName = "T", Required = true };

    private static Command Add(Shell shell)
    {
        var terminal = Terminal();
        var kind = new Option<string>("--kind") { Description = "How it is attached: pcsc, serial, virtual.", Required = true };
        var serial = Text("--serial", "The reader's own serial number.");
        var vendor = Text("--vendor", "The maker's name; not compared when left out.");
        var model = Text("--model", "The model; not compared when left out.");
        var firmware = Text("--firmware", "The firmware's version; not compared when left out.");
        var ports = new Option<string[]>("--port") { Description = "A port that it may hang on, * for anything; may be given several times.", DefaultValueFactory = _ => [] };
        var without = new Option<bool>("--without-identity") { Description = "Lets a reader in that has no serial number. Write down why." };
        var key = new Option<string?>("--key") { Description = "The public key that it carries, and must prove before each card: an uncompressed P-256 point, hexadecimal.", HelpName = "HEX" };
        return shell.Command("add", "Adds a reader to those of a terminal.", [terminal, kind, serial, vendor, model, firmware, ports, without, key], async (call, cancellation) =>
        {
            var reader = new ReaderRecord(call.Get(kind)!, call.Get(vendor), call.Get(model), call.Get(serial), call.Get(firmware), [.. call.Get(ports)!], call.Get(without), Key(call.Get(key)));
            if (call.Get(ports)!.Length > ReaderEntry.MaxPorts) throw new CommandException(ExitCode.Usage, $"A reader has at most {ReaderEntry.MaxPorts} ports.");
            return await ChangeAsync(call, new TerminalId(call.Get(terminal)!), readers => readers.Contains(reader) ? null : [.. readers, reader], "has this reader already", cancellation);
        });
    }

    private static Command List(Shell shell)
    {
        var terminal = Terminal();
        return shell.Command("list", "Lists a terminal's readers.", [terminal], async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            return await call.Answers.ListAsync(await center.Terminals.ReadersAsync(new TerminalId(call.Get(terminal)!), cancellation), View, Line, "No readers; add one with reader add.");
        });
    }

    private static Command Remove(Shell shell)
    {
        var terminal = Terminal();
        var serial = new Option<string?>("--serial") { Description = "The serial number of the reader to take away." };
        var without = new Option<bool>("--without-identity") { Description = "Take away all that are let in without a serial number." };
        return shell.Command("remove", "Takes a reader away from a terminal.", [terminal, serial, without], async (call, cancellation) =>
        {
            var gone = call.Get(serial);
            if (gone is null != call.Get(without)) throw new CommandException(ExitCode.Usage, "Say which: --serial S or --without-identity.");
            return await ChangeAsync(call, new TerminalId(call.Get(terminal)!),
                readers => readers.Any(r => r.Serial == gone) ? [.. readers.Where(r => r.Serial != gone)] : null, $"has no reader with {(gone is null ? "no serial number" : $"serial number {gone}")}", cancellation);
        });
    }

    private static async Task<ExitCode> ChangeAsync(
        Call call, TerminalId terminal, Func<IReadOnlyList<ReaderRecord>, List<ReaderRecord>?> change, string unchanged, CancellationToken cancellation)
    {
        await using var center = await call.OpenAsync(cancellation);
        var readers = await center.Terminals.ReadersAsync(terminal, cancellation);
        if (change(readers) is not { } changed) throw new CommandException(ExitCode.Usage, $"Terminal {terminal} {unchanged}; nothing was changed.");
        try
        {
            TerminalCommands.Check(await center.Terminals.SetReadersAsync(terminal, changed, center.By, cancellation), terminal);
        }
        catch (ArgumentException e)
        {
            throw new CommandException(ExitCode.Usage, UsageFaults.WordsOf(e), e);
        }
        return await call.Answers.SayAsync(new { ok = true, terminal = terminal.Value, readers = changed.Select(View) },
            $"Terminal {terminal} may use {changed.Count} readers; it hears of it when it asks for access anew.");
    }

    private static ByteString Key(string? hex)
    {
        try
        {
            return hex is null ? ByteString.Empty : ByteString.FromHex(hex);
        }
        catch (FormatException e)
        {
            throw new CommandException(ExitCode.Usage, "--key is hexadecimal, 65 bytes: 04, then X and Y.", e);
        }
    }

    private static Option<string?> Text(string name, string description)
    {
        var option = new Option<string?>(name) { Description = description };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { Length: 0 or > FieldLimits.MaxReaderText }) result.AddError($"{name} has 1 to {FieldLimits.MaxReaderText} characters.");
        });
        return option;
    }

    private static object View(ReaderRecord r) => new { kind = r.Kind, serial = r.Serial, vendor = r.Vendor, model = r.Model, firmware = r.Firmware, ports = r.Ports.ToArray(), letInWithoutIdentity = r.LetInWithoutIdentity, key = r.Key.IsEmpty ? null : r.Key.ToString() };

    private static string Line(ReaderRecord r) =>
        $"{r.Kind}  serial {r.Serial ?? "(none: let in without identity)"}  {string.Join(' ', new[] { r.Vendor, r.Model, r.Firmware }.OfType<string>())}{(r.Ports.Count > 0 ? $"  on {string.Join(", ", r.Ports)}" : "")}{(r.Key.IsEmpty ? "" : $"  key {r.Key}")}";
}
