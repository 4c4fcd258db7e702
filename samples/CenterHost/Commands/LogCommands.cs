using System.CommandLine;
using System.Text.Json;
using CardIssue.Center.Storage;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>log</c>: the log of every exchange. Verifying needs the public identity alone.</summary>
internal static class LogCommands
{
    public static Command Make(Shell shell) => Shell.Group("log", "The log of every exchange.", Show(shell), LogVerifyCommand.Make(shell), Export(shell), Checkpoint(shell));

    private static Command Show(Shell shell)
    {
        var order = new Option<string?>("--order") { Description = "Only of this order." };
        var terminal = new Option<string?>("--terminal") { Description = "Only of this terminal." };
        var session = new Option<string?>("--session") { Description = "Only of this session." };
        var since = new Option<DateTimeOffset?>("--since") { Description = "Only from this time on." };
        var most = NumberOption.Of("--most", "The most entries, the latest ones.", 1, LogQuery.MaxRows, 1_000);
        return shell.Command("show", "Shows entries, oldest first.", [order, terminal, session, since, most], async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            var query = new LogQuery(
                call.Get(order) is { } id ? new OrderId(id) : null, call.Get(terminal) is { } name ? new TerminalId(name) : null, call.Get(session), call.Get(since), call.Get(most));
            return await call.Answers.ListAsync(await center.Log.ReadAsync(query, cancellation), View, Line, "No entries.");
        });
    }

    private static Command Export(Shell shell)
    {
        var file = new Argument<string>("FILE") { Description = "A new file for the JSON lines; only its owner can read it." };
        return shell.Command("export", "Writes the whole log as JSON lines.", [file], async (call, cancellation) =>
        {
            var path = call.Get(file)!;
            await using var center = await call.OpenAsync(cancellation);
            long count;
            await using (var target = CenterFiles.CreatePrivate(path)) count = await center.Log.ExportAsync(target, cancellation);
            return await call.Answers.SayAsync(new { ok = true, file = path, entries = count }, $"{count} entries are in {path}.");
        });
    }

    private static Command Checkpoint(Shell shell) => shell.Command("checkpoint", "Signs the log's ends and exports that; keep it off this host.", [], async (call, cancellation) =>
    {
        await using var center = await call.OpenAsync(cancellation);
        var checkpoint = await center.Log.CheckpointAsync(cancellation);
        var path = Path.Combine(call.Files.Checkpoints, checkpoint.FileName);
        return await call.Answers.SayAsync(new { ok = true, number = checkpoint.Number, at = checkpoint.At.UtcDateTime, file = path }, $"Checkpoint {checkpoint.Number} is in {path}; keep a copy off this host.");
    });

    private static object View(LogRow row) => new
    {
        instance = row.Instance,
        sequence = row.Sequence,
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
