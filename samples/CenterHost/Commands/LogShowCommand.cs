using System.CommandLine;
using System.Text.Json;
using CardIssue.Center.Log;
using CardIssue.Center.Storage;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>log show</c>: the entries that are asked for, those that are there and, with <c>--follow</c>, those that come.</summary>
internal static class LogShowCommand
{
    private const int Usual = 1_000;

    public static Command Make(Shell shell)
    {
        var list = new ListOptions("place");
        list.Limit.Description = $"The latest so many; with --since or --after the first so many. Without any of them: the latest {Usual}.";
        var order = new Option<string?>("--order") { Description = "Only of this order.", HelpName = "ORDER" };
        var terminal = ListFilters.Terminal("of");
        var session = new Option<string?>("--session") { Description = "Only of this session; of what people did at the center: console.", HelpName = "SESSION" };
        var kind = new Option<string?>("--kind") { Description = "Only of this kind, as it is shown, such as RequestIssue or ActAsked.", HelpName = "KIND" };
        var person = new Option<string?>("--person") { Description = "Only what this person did, asked for or approved, or this operator of a terminal.", HelpName = "NAME" };
        var (since, until) = (ListFilters.Since("what happened"), ListFilters.Until("what happened"));
        var follow = new Option<bool>("--follow") { Description = "Then go on with what comes, until it is stopped (Ctrl-C); beside a center that is served, or not." };
        return shell.Command("show", "Shows entries, oldest first.", list.With(order, terminal, session, kind, person, since, until, follow), async (call, cancellation) =>
        {
            var query = new LogQuery(
                call.Get(order) is { } id ? new OrderId(id) : null, call.Get(terminal) is { } name ? new TerminalId(name) : null, call.Get(session), call.Get(since))
            {
                Until = call.Get(until), Kind = call.Get(kind), Person = call.Get(person),
                After = call.Get(list.After) is not { } after ? null : LogPlace.Parse(after)
                    ?? throw new CommandException(ExitCode.Usage, "--after is a place as --json shows it with each entry."),
            };
            if (call.Get(follow) && (query.After ?? (object?)query.Until) is not null)
                throw new CommandException(ExitCode.Usage, "--follow goes on from now: leave out --after and --until.");
            if (call.Get(list.Limit) > LogQuery.MaxRows && (call.Get(follow) || (query.Since ?? (object?)query.After) is null))
                throw new CommandException(ExitCode.Usage, $"The latest {LogQuery.MaxRows} are the most; to go through more, say from where: --since or --after.");
            await using var center = await call.OpenAsync(cancellation);
            try
            {
                return await call.Answers.ListAsync(await FindAsync(call, list, query, call.Get(follow), center.Log, cancellation), View, Line, "No entries.");
            }
            catch (OperationCanceledException) when (call.Get(follow) && cancellation.IsCancellationRequested)
            {
                return ExitCode.Ok;
            }
        });
    }

    private static async Task<IAsyncEnumerable<LogRow>> FindAsync(
        Call call, ListOptions list, LogQuery query, bool follow, IExchangeLog log, CancellationToken cancellation)
    {
        var latest = query with { Most = Math.Min(call.Get(list.Limit) ?? Usual, LogQuery.MaxRows) };
        if (follow) return log.FollowAsync(latest, cancellation);
        return query.Since is null && query.After is null
            ? (await log.ReadAsync(latest, cancellation)).ToAsyncEnumerable()
            : list.Of(call, log.EnumerateAsync(query, cancellation));
    }

    private static object View(LogRow row) => new
    {
        instance = row.Instance,
        sequence = row.Sequence,
        place = LogPlace.Of(row).ToString(),
        at = row.At.UtcDateTime,
        session = row.Entry.Session,
        terminal = row.Entry.Terminal?.Value,
        line = row.Entry.Line?.Value,
        order = row.Entry.Order?.Value,
        direction = row.Entry.Direction,
        step = row.Entry.Step,
        kind = row.Entry.Kind,
        detail = Detail(row.Entry.Detail),
        digest = row.Digest.ToString(),
    };

    /// <summary>A changed entry may hold anything: as a string then, so that the line stays JSON.</summary>
    private static object Detail(string text)
    {
        try
        {
            var detail = JsonSerializer.Deserialize<JsonElement>(text);
            return Answers.ToJson(detail) is not null ? detail : text;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            return text;
        }
    }

    private static string Line(LogRow row) =>
        $"{row.Sequence,6} {row.At:yyyy-MM-dd HH:mm:ss.fff} {(row.Entry.Step == 0 ? "    " : $"S{row.Entry.Step}")} {row.Entry.Direction switch { LogDirection.None => "--", LogDirection.In => "<-", LogDirection.Out => "->" }} {row.Entry.Session} {row.Entry.Kind}{(row.Entry.Order is { } order ? $" {order}" : "")} {row.Entry.Detail}";
}
