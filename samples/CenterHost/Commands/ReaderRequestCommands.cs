using System.CommandLine;
using System.Globalization;
using CardIssue.Center.Terminals;
using CardIssue.CenterHost.Cli;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>reader pending</c>, <c>approve</c>, <c>decline</c>: the readers that terminals ask for.</summary>
internal static class ReaderRequestCommands
{
    private const int MaxNote = 256;

    public static Command Pending(Shell shell)
    {
        var list = new ListOptions("number");
        var all = new Option<bool>("--all") { Description = "Also those that were declined." };
        var terminal = ListFilters.Terminal("those of");
        var (since, until) = (ListFilters.Since("what was asked for"), ListFilters.Until("what was asked for"));
        return shell.Command("pending", "Lists the readers that terminals ask for, oldest first.", list.With(all, terminal, since, until), async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            var requests = list.Of(call, await center.Terminals.ReaderRequestsAsync(cancellation), r => r.Id.ToString(CultureInfo.InvariantCulture),
                r => (call.Get(all) || r.State is ReaderRequestState.Waiting) && (call.Get(terminal) is not { } name || r.Terminal.Value == name)
                    && !(r.AskedAt < call.Get(since)) && !(r.AskedAt >= call.Get(until)));
            return await call.Answers.ListAsync(requests, View, Line, "No reader waits for a decision.");
        });
    }

    public static Command Approve(Shell shell)
    {
        var (number, note) = (Number(), Note());
        var without = new Option<bool>("--let-in-without-identity")
        {
            Description = "Needed for a reader that tells no serial number: any reader that looks like it, on the same port where that is told, is let in. Say why in --note.",
        };
        return shell.Command("approve", "Adds a reader that a terminal asks for to those that it may use.", [number, without, note], async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            var request = await FindAsync(center, call.Get(number), cancellation);
            var decision = await center.Terminals.ApproveReaderAsync(request.Id, call.Get(without), center.By, call.Get(note) ?? "", cancellation);
            if (WhyNot(decision, request) is { } why) throw new CommandException(ExitCode.Usage, why);
            return await call.Answers.SayAsync(new { ok = true, terminal = request.Terminal.Value, reader = View(request) },
                $"Terminal {request.Terminal} may use the reader; it hears of it when it asks again, or asks for access anew.");
        });
    }

    public static Command Decline(Shell shell)
    {
        var (number, note) = (Number(), Note());
        return shell.Command("decline", "Declines a reader that a terminal asks for. It may be approved later all the same.", [number, note], async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            var request = await FindAsync(center, call.Get(number), cancellation);
            if (WhyNot(await center.Terminals.DeclineReaderAsync(request.Id, call.Get(note) ?? "", center.By, cancellation), request) is { } why) throw new CommandException(ExitCode.Usage, why);
            return await call.Answers.SayAsync(new { ok = true, terminal = request.Terminal.Value, reader = View(request) }, $"Terminal {request.Terminal} hears that the reader is declined when it asks again.");
        });
    }

    private static Argument<long> Number() => new("number") { Description = "The request's number, as reader pending shows it." };

    private static Option<string?> Note()
    {
        var option = new Option<string?>("--note") { Description = "Why; kept in the log." };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { Length: > MaxNote }) result.AddError($"--note has at most {MaxNote} characters.");
        });
        return option;
    }

    private static async Task<ReaderRequest> FindAsync(OpenCenter center, long number, CancellationToken cancellation) =>
        (await center.Terminals.ReaderRequestsAsync(cancellation)).FirstOrDefault(request => request.Id == number)
        ?? throw new CommandException(ExitCode.Usage, $"No request has the number {number}; see reader pending --all.");

    private static string? WhyNot(ReaderDecision decision, ReaderRequest request) => decision switch
    {
        ReaderDecision.Done => null,
        ReaderDecision.NoSuchRequest => $"Request {request.Id} was decided meanwhile.",
        ReaderDecision.NeedsLeave => $"This {request.Reader.Kind} reader tells no serial number: approve it with --let-in-without-identity if any reader that looks like it may be used there, and say why in --note.",
        ReaderDecision.PortIsPattern => "Its port's name holds a wildcard, so that it cannot be compared as it is: add the reader with reader add and a --port of your own.",
        ReaderDecision.NotAllowed => "Your account has not the role for it.",
        ReaderDecision.TooMany => $"Terminal {request.Terminal} has as many readers as it may; take some away with reader remove.",
    };

    private static object View(ReaderRequest r) => new
    {
        number = r.Id, terminal = r.Terminal.Value, state = r.State, kind = r.Reader.Kind, serial = r.Reader.Serial, vendor = r.Reader.Vendor, model = r.Reader.Model,
        firmware = r.Reader.Firmware, port = r.Reader.Port, key = r.Key.IsEmpty ? null : r.Key.ToString(), askedAt = r.AskedAt, note = r.Note,
    };

    private static string Line(ReaderRequest r)
    {
        var told = new[] { ("vendor", r.Reader.Vendor), ("model", r.Reader.Model), ("firmware", r.Reader.Firmware), ("port", r.Reader.Port) };
        return $"{r.Id}  terminal {r.Terminal}  {r.Reader.Kind}  serial {r.Reader.Serial ?? "not told: needs --let-in-without-identity"}  "
            + string.Join("  ", told.Select(t => $"{t.Item1} {t.Item2 ?? "not told"}"))
            + (r.Key.IsEmpty ? "" : $"  key {r.Key}") + $"  asked {r.AskedAt:u}" + (r.State is ReaderRequestState.Declined ? $"  declined{(r.Note.Length > 0 ? $": {r.Note}" : "")}" : "");
    }
}
