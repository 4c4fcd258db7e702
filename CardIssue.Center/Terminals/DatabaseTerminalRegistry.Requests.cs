using CardIssue.Center.People;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Terminals;

/// <summary>Readers that terminals ask for, in the center's store.</summary>
public sealed partial class DatabaseTerminalRegistry
{
    private const string Same = """
        terminal = $terminal AND kind = $kind AND vendor IS NOT DISTINCT FROM $vendor AND model IS NOT DISTINCT FROM $model
          AND serial IS NOT DISTINCT FROM $serial AND firmware IS NOT DISTINCT FROM $firmware AND port IS NOT DISTINCT FROM $port
          AND key IS NOT DISTINCT FROM $key
        """;

    /// <inheritdoc/>
    public async Task<ReaderRequestAnswer> AskForReaderAsync(TerminalId terminal, EnrollReader request, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        // A terminal that asks again and again writes nothing.
        if (await FindAsync(terminal, request, cancellation).ConfigureAwait(false) is { } kept) return AnswerOf(kept);
        return await database.WriteAsync(connection =>
        {
            if (Find(connection, terminal, request) is { } meanwhile) return AnswerOf(meanwhile);
            if (Waiting(connection, terminal) >= ReaderRequest.MaxWaiting) return ReaderRequestAnswer.TooMany;
            connection.Execute("""
                INSERT INTO reader_requests (terminal, state, kind, vendor, model, serial, firmware, port, key, asked_at, note)
                VALUES ($terminal, $state, $kind, $vendor, $model, $serial, $firmware, $port, $key, $now, '')
                """,
                [.. ValuesOf(terminal, request), ("$state", ReaderRequestState.Waiting), ("$now", database.Now)]);
            return ReaderRequestAnswer.Kept;
        }, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task SettleReaderAsync(TerminalId terminal, EnrollReader request, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (await FindAsync(terminal, request, cancellation).ConfigureAwait(false) is { } kept)
            await database.WriteAsync(connection => connection.Execute("DELETE FROM reader_requests WHERE id = $id", ("$id", kept.Id)), cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ReaderRequest>> ReaderRequestsAsync(CancellationToken cancellation = default) => await database.ReadAsync(
        connection => connection.Query("SELECT * FROM reader_requests ORDER BY id", ReadRequest), cancellation).ConfigureAwait(false);

    /// <inheritdoc/>
    public Task<ReaderDecision> ApproveReaderAsync(
        long id, bool letInWithoutIdentity, CenterPerson person, string note, CancellationToken cancellation = default) => DecideAsync(person, connection =>
    {
        if (RequestOf(connection, id) is not { } request) return ReaderDecision.NoSuchRequest;
        if (request.Reader.Serial is null && !letInWithoutIdentity) return ReaderDecision.NeedsLeave;
        var reader = request.ToRecord(letInWithoutIdentity);
        if (reader.Ports.Any(port => port.AsSpan().ContainsAny('*', '?'))) return ReaderDecision.PortIsPattern;
        var readers = Readers(connection, request.Terminal);
        if (!readers.Contains(reader))
        {
            if (readers.Count >= MaxReaders || FaultOf(request.Terminal, [.. readers, reader]) is not null) return ReaderDecision.TooMany;
            connection.Update(
                SealedTable.Terminals, "readers_version = readers_version + 1", "terminal = $terminal", ("$terminal", request.Terminal));
            Insert(connection, request.Terminal, reader);
        }
        connection.Execute("DELETE FROM reader_requests WHERE id = $id", ("$id", id));
        connection.Log(ConsoleLog.Of("ReaderApproved", new { person = person.Name.Value, request = id, reader = View(reader), note }, terminal: request.Terminal));
        return ReaderDecision.Done;
    }, cancellation);

    /// <inheritdoc/>
    public Task<ReaderDecision> DeclineReaderAsync(long id, string note, CenterPerson person, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(note);
        return DecideAsync(person, connection =>
        {
            if (RequestOf(connection, id) is not { } request) return ReaderDecision.NoSuchRequest;
            connection.Execute("UPDATE reader_requests SET state = $state, note = $note WHERE id = $id",
                ("$state", ReaderRequestState.Declined), ("$note", note), ("$id", id));
            connection.Log(ConsoleLog.Of("ReaderDeclined", new
            {
                person = person.Name.Value, request = id, reader = View(request.ToRecord(letInWithoutIdentity: request.Reader.Serial is null)), note,
            }, terminal: request.Terminal));
            connection.Execute("""
                DELETE FROM reader_requests WHERE terminal = $terminal AND state = $state AND id NOT IN
                  (SELECT id FROM reader_requests WHERE terminal = $terminal AND state = $state ORDER BY id DESC LIMIT $most)
                """, ("$terminal", request.Terminal), ("$state", ReaderRequestState.Declined), ("$most", ReaderRequest.MaxWaiting));
            return ReaderDecision.Done;
        }, cancellation);
    }

    private async Task<ReaderDecision> DecideAsync(CenterPerson person, Func<StoreTransaction, ReaderDecision> decide, CancellationToken cancellation)
    {
        database.Check(person);
        return await database.WriteAsync(
            transaction => person.MayNow(transaction, PersonRoles.Supervisor) ? decide(transaction) : ReaderDecision.NotAllowed, cancellation)
            .ConfigureAwait(false);
    }

    private static ReaderRequest? RequestOf(StoreView connection, long id) =>
        connection.First("SELECT * FROM reader_requests WHERE id = $id", ReadRequest, ("$id", id));

    private static ReaderRequest? Find(StoreView connection, TerminalId terminal, EnrollReader request) =>
        connection.First($"SELECT * FROM reader_requests WHERE {Same}", ReadRequest, ValuesOf(terminal, request));

    private Task<ReaderRequest?> FindAsync(TerminalId terminal, EnrollReader request, CancellationToken cancellation) =>
        database.ReadAsync(connection => Find(connection, terminal, request), cancellation);

    private static ReaderRequestAnswer AnswerOf(ReaderRequest kept) =>
        kept.State is ReaderRequestState.Declined ? ReaderRequestAnswer.Declined : ReaderRequestAnswer.Waits;

    private static long Waiting(StoreView connection, TerminalId terminal) => connection.Number(
        "SELECT count(*) FROM reader_requests WHERE terminal = $terminal AND state = $state", ("$terminal", terminal), ("$state", ReaderRequestState.Waiting));

    private static (string Name, object? Value)[] ValuesOf(TerminalId terminal, EnrollReader request) =>
    [
        ("$terminal", terminal), ("$kind", request.Kind), ("$vendor", request.Vendor), ("$model", request.Model), ("$serial", request.Serial),
        ("$firmware", request.Firmware), ("$port", request.Port), ("$key", OrNull(request.Key)),
    ];

    private static object? OrNull(ByteString bytes) => bytes.IsEmpty ? null : bytes;

    private static ReaderRequest ReadRequest(StoredRow row) => new(
        row.Long("id")!.Value, new TerminalId(row.Text("terminal")!), (ReaderRequestState)row.Int("state"),
        new ReaderIdentity(row.Text("kind")!, "", row.Text("vendor"), row.Text("model"), row.Text("serial"), row.Text("firmware"), row.Text("port")),
        row.Bytes("key") ?? ByteString.Empty, row.Time("asked_at")!.Value, row.Text("note")!);
}
