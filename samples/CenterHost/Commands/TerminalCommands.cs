using System.CommandLine;
using System.Net;
using CardIssue.Center.Terminals;
using CardIssue.CenterHost.Cli;
using CardIssue.Core;
using CardIssue.Core.Keys;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>terminal</c>: the terminals that are let in.</summary>
internal static class TerminalCommands
{
    private const int MaxFile = 64 * 1024;

    public static Command Make(Shell shell) => Shell.Group("terminal", "The terminals that the center knows.",
        Add(shell), List(shell), Enable(shell, "enable", true, "Lets a terminal in again."), Enable(shell, "disable", false, "Lets a terminal in no longer."));

    private static Command Add(Shell shell)
    {
        var file = new Option<FileInfo>("--file") { Description = "The terminal's public enrolment file, terminal.json.", Required = true };
        var lines = new Option<int[]>("--line") { Description = "A line that it may come in on; may be given several times.", HelpName = "N", Required = true };
        var addresses = new Option<string[]>("--address") { Description = "An address or network (CIDR) that it may come from; may be given several times. Without one it is let in on serial lines only.", HelpName = "CIDR" };
        return shell.Command("add", "Adds a terminal, or changes the one of that name.", [file, lines, addresses], async (call, cancellation) =>
        {
            var terminal = TerminalIdentity.Read(InputFile.ReadAll(call.Get(file)!.ToString(), MaxFile), call.Get(file)!.ToString());
            var record = new TerminalRecord(
                terminal.Id, [.. call.Get(lines)!.Select(number => new LineNumber(number))], [.. (call.Get(addresses) ?? []).Select(Network)],
                terminal.CredentialKey.Encoded, terminal.AgreementKey.Encoded, terminal.TlsCertificate, terminal.KeyVersion, Enabled: true);
            await using var center = call.Open();
            await PutAsync(center, record, cancellation);
            await center.NoteAsync("TerminalAdded", View(record), terminal: record.Terminal, cancellation: cancellation);
            return await call.Answers.SayAsync(View(record), $"Terminal {Text(record)} is let in. Add its card readers with reader add.");
        });
    }

    private static Command List(Shell shell) => shell.Command("list", "Lists the terminals.", [], async (call, cancellation) =>
    {
        await using var center = call.Open();
        return await call.Answers.ListAsync(await center.Terminals.ListAsync(cancellation), View, Text, "No terminals; add one with terminal add.");
    });

    private static Command Enable(Shell shell, string name, bool enabled, string description)
    {
        var id = new Argument<string>("TERMINAL") { Description = "The terminal's name." };
        return shell.Command(name, description, [id], async (call, cancellation) =>
        {
            var terminal = new TerminalId(call.Get(id)!);
            await using var center = call.OpenToRead();
            if (!await center.Terminals.EnableAsync(terminal, enabled, cancellation)) throw Unknown(terminal);
            await center.NoteAsync(enabled ? "TerminalEnabled" : "TerminalDisabled", new { }, terminal: terminal, cancellation: cancellation);
            return await call.Answers.SayAsync(new { ok = true, terminal = terminal.Value, enabled }, $"Terminal {terminal} is {(enabled ? "let in" : "not let in any more; a session that it has goes on until it ends")}.");
        });
    }

    public static CommandException Unknown(TerminalId terminal) => new(ExitCode.Usage, $"There is no terminal {terminal}; see terminal list.");

    private static async Task PutAsync(OpenCenter center, TerminalRecord record, CancellationToken cancellation)
    {
        try
        {
            await center.Terminals.PutAsync(record, cancellation);
        }
        catch (ArgumentException e)
        {
            throw new CommandException(ExitCode.Usage, e.Message, e);
        }
    }

    private static IPNetwork Network(string text)
    {
        if (IPNetwork.TryParse(text, out var network)) return network;
        return IPAddress.TryParse(text, out var address)
            ? new IPNetwork(address, address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 32 : 128)
            : throw new CommandException(ExitCode.Usage, $"{text} is no address and no network such as 10.1.2.0/24 (with zeros after the prefix).");
    }

    private static object View(TerminalRecord t) => new
    {
        terminal = t.Terminal.Value,
        lines = t.Lines.Select(line => line.Value),
        addresses = t.Networks.Select(network => network.ToString()),
        tlsCertificateSha256 = t.Certificate.ToString(),
        keyVersion = t.KeyVersion,
        enabled = t.Enabled,
    };

    private static string Text(TerminalRecord t) =>
        $"{t.Terminal}  {(t.Enabled ? "enabled" : "disabled")}  line {string.Join(", ", t.Lines)}  from {(t.Networks.Count == 0 ? "serial lines only" : string.Join(", ", t.Networks))}  key version {t.KeyVersion}{(t.Certificate.IsEmpty ? ", without TLS" : "")}";
}
