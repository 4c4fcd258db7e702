using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>The hosts in the center's database.</summary>
internal sealed class HostPresence(CenterDatabase database, TimeProvider time) : IHostPresence
{
    private HostWatch? _watch;
    private string? _link;

    public async Task EnterAsync(string host, TimeSpan lostAfter, string? link = null, CancellationToken cancellation = default)
    {
        if (!database.TakesHosts) return;
        _link = link;
        await EnterAsync(host, "HostCame", cancellation).ConfigureAwait(false);
        (_watch, database.ServingHost) = (new HostWatch(lostAfter, time), host);
    }

    public async Task<IReadOnlyList<string>> BeatAsync(ByteString certificate = default, ByteString keys = default, CancellationToken cancellation = default)
    {
        if (database.ServingHost is not { } host) return [];
        var (isKnown, hosts) = await database.BeatAsync(host, certificate, keys, cancellation).ConfigureAwait(false);
        // The others took this one for dead. What nobody has claimed meanwhile its sessions still have.
        if (!isKnown) await EnterAsync(host, "HostBack", cancellation).ConfigureAwait(false);
        var dead = _watch!.Look(hosts, host);
        if (dead.Count == 0) return [];
        return await database.WriteAsync<IReadOnlyList<string>>(
            store => [.. dead.Where(row => HostTable.Lose(store, row.Host, row.Beat, host)).Select(row => row.Host)], cancellation).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<ServingHost>> ListAsync(CancellationToken cancellation = default)
    {
        var rows = await database.ReadAsync(HostTable.All, cancellation).ConfigureAwait(false);
        var serving = await database.ServingAsync([.. rows.Select(row => row.Host)], cancellation).ConfigureAwait(false);
        return rows.ConvertAll(row => new ServingHost(
            row.Host, row.Since, row.LostAt, row.TellsFeed, serving.Contains(row.Host), row.Certificate, row.Link) { Keys = row.Keys });
    }

    public Task TellDataHalfAsync(TerminalId terminal, LineNumber results, string session, CancellationToken cancellation = default) =>
        database.ServingHost is { } host
            ? database.WriteInPassingAsync(connection => DataHalfTable.Tell(connection, host, terminal.Value, results.Value, session), cancellation)
            : Task.CompletedTask;

    public Task ForgetDataHalfAsync(TerminalId terminal, LineNumber results, string session, CancellationToken cancellation = default) =>
        database.TakesHosts
            ? database.WriteInPassingAsync(connection => DataHalfTable.Forget(connection, terminal.Value, results.Value, session), cancellation)
            : Task.CompletedTask;

    public async Task<OtherHost?> FindDataHalfAsync(TerminalId terminal, LineNumber results, CancellationToken cancellation = default) =>
        database.ServingHost is { } own
        && await database.ReadAsync(store => DataHalfTable.Find(store, terminal.Value, results.Value), cancellation).ConfigureAwait(false) is { } place
        && place.Host != own ? new OtherHost(place.Host, place.Link) : null;

    public async Task LeaveAsync(CancellationToken cancellation = default)
    {
        if (database.ServingHost is not { } host) return;
        database.ServingHost = null;
        await database.WriteAsync(store =>
        {
            HostTable.Leave(store, host);
            return true;
        }, cancellation).ConfigureAwait(false);
    }

    private Task EnterAsync(string host, string kind, CancellationToken cancellation) => database.WriteAsync(store =>
    {
        HostTable.Enter(store, host, kind, _link);
        return true;
    }, cancellation);
}
