using System.CommandLine;
using System.Net;
using CardIssue.Center.Approvals;
using CardIssue.Center.Terminals;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>terminal</c>: the terminals that are let in.</summary>
internal static class TerminalCommands
{
    private const int MaxFile = 64 * 1024;

    public static Command Make(Shell shell) =>
        Shell.Group("terminal", "The terminals that the center knows.", Add(shell), List(shell), Branch(shell), Enable(shell), Disable(shell), Release(shell),
            TerminalEnrolCommands.Remove(shell));

    private static Command Add(Shell shell)
    {
        var file = new Option<FileInfo>("--file") { Description = "The terminal's public enrolment file, terminal.json, where it was made by module init." };
        var id = new Option<string>("--id") { Description = "The name of a terminal that is to enrol by itself, with a code that is printed here.", HelpName = "NAME" };
        var hours = NumberOption.Of("--valid", "Hours that the code is good for.", 1, (int)TerminalInvitation.MaxValidity.TotalHours, TerminalEnrolCommands.DefaultHours);
        var lines = new Option<int[]>("--line") { Description = "A line that it may come in on; may be given several times.", HelpName = "N", Required = true };
        var addresses = new Option<string[]>("--address") { Description = "An address or network (CIDR) that it may come from; may be given several times. Without one it is let in on serial lines only.", HelpName = "CIDR" };
        var reason = OrderDeskCommands.Reason(required: false);
        return shell.Command("add", "Lets a terminal enrol with a one-time code (--id), or adds one by its file, or changes the one of that name. From more than one address another must approve it.", [file, id, lines, addresses, hours, reason], async (call, cancellation) =>
        {
            if (call.Get(id) is { } name)
            {
                if (call.Get(file) is not null) throw new CommandException(ExitCode.Usage, "Give --id for a code, or --file for a terminal that has its file already; not both.");
                return await TerminalEnrolCommands.InviteAsync(call, new TerminalId(name), [.. call.Get(lines)!.Select(number => new LineNumber(number))],
                    [.. (call.Get(addresses) ?? []).Select(Network)], call.Get(hours), cancellation);
            }
            if (call.Get(file) is null) throw new CommandException(ExitCode.Usage, "Give --id NAME: it prints a code, by which the terminal enrols. Or --file terminal.json of a terminal that has one.");
            var path = call.Get(file)!.ToString();
            if (!InputFile.IsThere(path))
                throw new CommandException(ExitCode.File, $"{path} does not exist. It is the terminal's public identity, which `terminalhost module init` writes: bring it here.");
            var terminal = TerminalIdentity.Read(InputFile.ReadAll(path, MaxFile), path);
            var record = new TerminalRecord(
                terminal.Id, [.. call.Get(lines)!.Select(number => new LineNumber(number))], [.. (call.Get(addresses) ?? []).Select(Network)],
                terminal.CredentialKey.Encoded, terminal.AgreementKey.Encoded, terminal.TlsCertificate, terminal.KeyVersion, Enabled: true);
            await using var center = await call.OpenAsync(cancellation);
            if (await PutAsync(center, record, cancellation) is TerminalChange.NeedsApproval)
                return await Asking.AskAsync(call, center, new CenterAct.PutTerminal(record), Why(call.Get(reason), record), null, cancellation);
            return await call.Answers.SayAsync(View(record), $"Terminal {Text(record)} is let in. Add its card readers with reader add.");
        });
    }

    private static Command List(Shell shell)
    {
        var list = new ListOptions("terminal");
        var state = new Option<TerminalState?>("--state") { Description = "Only enabled, disabled, held (it needs attention), removed, or waiting (it may enrol)." };
        var line = NumberOption.Optional("--line", "Only those that may come in on this line.", 1, int.MaxValue);
        var branch = new Option<string?>("--branch") { Description = "Only those of this branch.", HelpName = "NAME" };
        return shell.Command("list", "Lists the terminals, and those that may enrol.", list.With(state, line, branch), async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            var now = TimeProvider.System.GetUtcNow();
            var waiting = (await center.Terminals.InvitationsAsync(cancellation)).Where(code => code.UsedAt is null && code.ExpiresAt > now);
            IReadOnlyList<ListedTerminal> all =
            [
                .. (await center.Terminals.ListAsync(cancellation)).Select(it => new ListedTerminal(it.Terminal.Value, StateOf(it), it.Lines, View(it), Text(it), it.Branch)),
                .. waiting.Select(it => new ListedTerminal(
                    $"{it.Terminal} waiting", TerminalState.Waiting, it.Lines, TerminalEnrolCommands.View(it), TerminalEnrolCommands.Text(it))),
            ];
            var listed = list.Of(call, all, it => it.Key, it => (call.Get(state) is not { } wanted || it.State == wanted)
                && (call.Get(line) is not { } number || it.Lines.Contains(new LineNumber(number)))
                && (ListFilters.Branch(call, branch) is not { } of || it.Branch == of));
            return await call.Answers.ListAsync(listed, it => it.View, it => it.Text, "No terminals; add one with terminal add.");
        });
    }

    /// <summary>One that is known, or one that may become so.</summary>
    private sealed record ListedTerminal(string Key, TerminalState State, IReadOnlyList<LineNumber> Lines, object View, string Text, BranchId? Branch = null);

    private enum TerminalState
    {
        Enabled,
        Disabled,
        Held,
        Removed,
        Waiting,
    }

    private static TerminalState StateOf(TerminalRecord terminal) =>
        terminal.Removed ? TerminalState.Removed
        : !terminal.Enabled ? TerminalState.Disabled
        : terminal.Hold is null ? TerminalState.Enabled
        : TerminalState.Held;

    public static Argument<string> Id() => new("TERMINAL") { Description = "The terminal's name." };

    private static Command Branch(Shell shell)
    {
        var id = Id();
        var to = new Argument<string?>("BRANCH") { Description = "The branch's name; left out, it is of none.", Arity = ArgumentArity.ZeroOrOne };
        return shell.Command("branch", "Says which branch a terminal is of; lists of orders, cards, stock and terminals can be asked by it.", [id, to], async (call, cancellation) =>
        {
            var (terminal, branch) = (new TerminalId(call.Get(id)!), call.Get(to) is { } name ? new BranchId(name) : (BranchId?)null);
            await using var center = await call.OpenAsync(cancellation);
            Check(await center.Terminals.SetBranchAsync(terminal, branch, center.By, cancellation), terminal);
            return await call.Answers.SayAsync(new { ok = true, terminal = terminal.Value, branch = branch?.Value }, $"Terminal {terminal} is of {(branch is { } of ? $"branch {of}" : "no branch")}.");
        });
    }

    private static Command Enable(Shell shell)
    {
        var (id, reason) = (Id(), OrderDeskCommands.Reason());
        return shell.Command("enable", "Asks to let a terminal in again that was disabled.", [id, reason], async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            return await Asking.AskAsync(call, center, new CenterAct.EnableTerminal(new TerminalId(call.Get(id)!)), call.Get(reason)!, null, cancellation);
        });
    }

    private static Command Disable(Shell shell)
    {
        var id = Id();
        return shell.Command("disable", "Lets a terminal in no longer.", [id], async (call, cancellation) =>
        {
            var terminal = new TerminalId(call.Get(id)!);
            await using var center = await call.OpenAsync(cancellation);
            Check(await center.Terminals.DisableAsync(terminal, center.By, cancellation), terminal);
            return await call.Answers.SayAsync(new { ok = true, terminal = terminal.Value, enabled = false }, $"Terminal {terminal} is not let in any more; a session that it has ends now.");
        });
    }

    private static Command Release(Shell shell)
    {
        var (id, reason) = (Id(), OrderDeskCommands.Reason());
        return shell.Command("release", "Gives a terminal orders again that is held because its module failed too often.", [id, reason], async (call, cancellation) =>
        {
            var terminal = new TerminalId(call.Get(id)!);
            await using var center = await call.OpenAsync(cancellation);
            Check(await center.Terminals.ReleaseAsync(terminal, center.By, call.Get(reason)!, cancellation), terminal);
            return await call.Answers.SayAsync(new { ok = true, terminal = terminal.Value, held = false }, $"Terminal {terminal} gets orders again.");
        });
    }

    /// <summary>Of a terminal, which may be in the list and not have enrolled yet.</summary>
    /// <exception cref="CommandException">It was not done.</exception>
    public static void Check(TerminalChange change, TerminalId terminal)
    {
        if (change is TerminalChange.NotFound)
            throw new CommandException(ExitCode.Usage, $"There is no terminal {terminal} that has enrolled; see terminal list.");
        Check(change, $"terminal {terminal}");
    }

    /// <exception cref="CommandException">It was not done.</exception>
    public static void Check(TerminalChange change, string what)
    {
        if (change is TerminalChange.Done) return;
        throw change is TerminalChange.NotFound
            ? new CommandException(ExitCode.Usage, $"There is no {what}; see the list.")
            : new CommandException(ExitCode.Refused, $"Nothing was changed of {what}: {change switch
            {
                TerminalChange.NotAllowed => "your account has not the role for it.",
                TerminalChange.SameCredential => "another terminal has the same credential; each has its own module: terminal list shows them.",
                TerminalChange.NotHeld => "it is not held.",
                _ => "it needs another's approval.",
            }}");
    }

    private static string Why(string? reason, TerminalRecord record) => reason ?? throw new CommandException(ExitCode.Refused,
        record.IsWide ? $"Terminal {record.Terminal} could come from more than {TerminalRecord.MaxAddressesAlone} address: another must approve that; say why with --reason."
            : $"Terminal {record.Terminal} was disabled: another must approve that it is let in again; say why with --reason.");

    private static async Task<TerminalChange> PutAsync(OpenCenter center, TerminalRecord record, CancellationToken cancellation)
    {
        try
        {
            var change = await center.Terminals.PutAsync(record, center.By, cancellation);
            if (change is not TerminalChange.NeedsApproval) Check(change, $"terminal {record.Terminal}");
            return change;
        }
        catch (ArgumentException e)
        {
            throw new CommandException(ExitCode.Usage, UsageFaults.WordsOf(e), e);
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
        branch = t.Branch?.Value,
        lines = t.Lines.Select(line => line.Value),
        addresses = t.Networks.Select(network => network.ToString()),
        tlsCertificateSha256 = t.Certificate.ToString(),
        keyVersion = t.KeyVersion,
        nextKeyVersion = t.Next?.KeyVersion,
        enabled = t.Enabled,
        needsAttention = t.Hold is null ? null : new { since = t.Hold.Since.UtcDateTime, fault = t.Hold.Fault },
    };

    private static string Text(TerminalRecord t) =>
        $"{t.Terminal}  {(t.Enabled ? "enabled" : "disabled")}{(t.Branch is { } branch ? $"  branch {branch}" : "")}  line {string.Join(", ", t.Lines)}  from {(t.Networks.Count == 0 ? "serial lines only" : string.Join(", ", t.Networks))}  key version {t.KeyVersion}{(t.Certificate.IsEmpty ? ", without TLS" : "")}"
        + (t.Hold is { } hold ? $"  NEEDS ATTENTION since {hold.Since:u}: {hold.Fault}; gets no orders until terminal release" : "");
}
