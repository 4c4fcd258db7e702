using System.CommandLine;
using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.CenterHost.Cli;
using CardIssue.CenterHost.Serving;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>status</c>: what there is and what waits, on one page.</summary>
internal static class StatusCommand
{
    public static Command Make(Shell shell) => shell.Command("status", "Says what the center has and what waits.", [], async (call, cancellation) =>
    {
        await using var center = await call.OpenAsync(cancellation);
        var orders = (await center.Desk.CountAsync(cancellation)).OrderBy(pair => pair.Key).ToList();
        var terminals = await center.Terminals.ListAsync(cancellation);
        var lines = await center.Terminals.LinesAsync(cancellation);
        var feeds = new List<Feed> { await FeedOfAsync(center, null, cancellation) };
        foreach (var issuer in await center.Issuers.ListAsync(cancellation)) feeds.Add(await FeedOfAsync(center, issuer.Issuer, cancellation));
        var (backlog, feed) = (feeds.Sum(it => it.Backlog), feeds[0].Trouble);
        var checkpoint = Directory.Exists(center.Checkpoints) ? LogCheckpoint.Load(center.Checkpoints) : null;
        var (people, asked) = (await center.People.ListAsync(cancellation), await center.Approvals.ListAsync(open: true, cancellation));
        var served = call.Files.IsServed();
        var health = HealthBoard.Read(call.Files);
        var found = await center.Desk.PutBackAsync(cancellation);
        var hosts = await center.Orders.Hosts.ListAsync(cancellation);
        var value = new
        {
            center = center.Identity.Id.Value,
            served,
            ready = served ? health?.IsReady ?? false : (bool?)null,
            hosts = hosts.Select(host => new
            {
                host = host.Host, since = host.Since.UtcDateTime, serving = host.IsServing, lostAt = host.LostAt?.UtcDateTime, tellsFeed = host.TellsFeed,
                link = host.Link,
            }),
            lines = lines.Count,
            linesServed = health?.Lines,
            terminals = terminals.Count,
            terminalsEnabled = terminals.Count(terminal => terminal.Enabled),
            terminalsHeld = terminals.Count(terminal => terminal.Hold is not null),
            orders = orders.ToDictionary(pair => pair.Key.ToString(), pair => pair.Value),
            putBack = found is null ? null : new
            {
                at = found.FoundAt.UtcDateTime, by = found.FoundBy, told = found.ToldGeneration, known = found.KnownGeneration,
                quarantined = found.Quarantined,
            },
            feedBacklog = backlog,
            feedTrouble = View(feed),
            issuerFeeds = feeds.Count == 1 ? null : feeds.Skip(1).Select(it => new { issuer = it.Issuer?.Value, backlog = it.Backlog, trouble = View(it.Trouble) }),
            people = people.Count,
            approvalsWaiting = asked.Count(it => it.State is Center.Approvals.ApprovalState.Waiting),
            lastCheckpoint = checkpoint is null ? null : new { number = checkpoint.Number, at = checkpoint.At.UtcDateTime },
        };
        return await call.Answers.SayAsync(value, string.Join('\n', (string[])[
            $"center       {center.Identity.Id}, {(served ? "served now" : hosts.Any(host => host.IsServing) ? "served by other hosts" : "not served")}",
            .. !served || health is { IsReady: true } ? [] : new[] { $"             not ready: {HealthCommand.Trouble(health)}" },
            .. hosts.Select(host => $"host         {host.Host}, {Standing(host)}{(host.TellsFeed ? ", tells the feed" : "")}{(host.Link is { } link ? $", link {link}" : "")}"),
            $"lines        {lines.Count}{(health?.Lines is { } open && open != lines.Count ? $" in line list, {open} served here" : "")}",
            $"terminals    {terminals.Count}, {value.terminalsEnabled} enabled{(value.terminalsHeld == 0 ? "" : $", {value.terminalsHeld} need attention: see terminal list")}",
            $"orders       {(orders.Count == 0 ? "none" : string.Join(", ", orders.Select(pair => $"{pair.Value} {pair.Key}")))}",
            .. found is null ? [] : new[]
            {
                $"put back     found {found.FoundAt:u} by {found.FoundBy}; {found.Quarantined} orders quarantined; settle with order reconcile, then order settle",
            },
            $"people       {people.Count}, {value.approvalsWaiting} approvals wait",
            .. feeds.SelectMany(Text),
            $"checkpoint   {(center.Checkpoints is null ? "not exported: the setting Center:Log:CheckpointDirectory is empty" : checkpoint is null ? "none yet" : $"{checkpoint.Number} of {checkpoint.At:u}")}"]));
    });

    /// <summary>One that was killed while no other host served was found dead by nobody.</summary>
    private static string Standing(ServingHost host) => host switch
    {
        { LostAt: { } lost } => $"dead since {lost:u}",
        { IsServing: false } => $"served since {host.Since:u} and does no more: it ended without a word, or has lost the database",
        _ => $"since {host.Since:u}",
    };

    /// <summary>How it stands with where one issuer is told.</summary>
    private sealed record Feed(IssuerId? Issuer, int Backlog, FeedStanding? Trouble);

    private static async Task<Feed> FeedOfAsync(OpenCenter center, IssuerId? issuer, CancellationToken cancellation)
    {
        var pump = center.Feeds.Of(issuer);
        return new Feed(
            issuer, await pump.BacklogAsync(cancellation), await pump.StandingAsync(cancellation) is { Failures: > 0 } failing ? failing : null);
    }

    private static object? View(FeedStanding? feed) => feed is null ? null : new
    {
        host = feed.Host, why = feed.Trouble, since = feed.FailedSince?.UtcDateTime, tries = feed.Failures, nextTry = feed.NextTry?.UtcDateTime,
    };

    private static IEnumerable<string> Text(Feed feed) =>
    [
        $"feed         {feed.Backlog} events wait to be told{(feed.Issuer is { } issuer ? $" to issuer {issuer}" : "")}",
        .. feed.Trouble is not { } it ? [] : new[] { $"             fails since {it.FailedSince:u}, {it.Failures} tries, the next {it.NextTry:u}: {it.Trouble}" },
    ];
}
