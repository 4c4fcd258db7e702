using System.Net;
using CardIssue.Center.People;
using CardIssue.Center.Storage;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Terminals;

/// <summary>What became of a change of terminals, readers or lines.</summary>
public enum TerminalChange
{
    /// <summary>Done.</summary>
    Done,
    /// <summary>There is no such terminal or line.</summary>
    NotFound,
    /// <summary>One person alone can't: it is asked for and approved by another (<see cref="Approvals.IApprovals"/>).</summary>
    NeedsApproval,
    /// <summary>The person has not the role for it.</summary>
    NotAllowed,
    /// <summary>Another terminal has the same credential key, agreement key or certificate: a terminal has one name.</summary>
    SameCredential,
    /// <summary>The terminal is not held.</summary>
    NotHeld,
}

/// <summary>The terminals, their readers and the lines that the center knows.</summary>
/// <remarks>Every call throws <see cref="StoreException"/> when the store cannot be read or written.</remarks>
public interface ITerminalRegistry : IReaderRequests, ITerminalEnrolments, ILiveSessions, ICenterCertificates, ICenterKeyChanges
{
    /// <summary>Adds a terminal, or changes the one of that name.</summary>
    /// <returns><see cref="TerminalChange.NeedsApproval"/> for one that may come from many addresses, or that is disabled and would be let in again.</returns>
    /// <exception cref="ArgumentException">The record does not hold together; the message says why.</exception>
    Task<TerminalChange> PutAsync(TerminalRecord terminal, CenterPerson person, CancellationToken cancellation = default);

    /// <summary>One terminal, or null.</summary>
    Task<TerminalRecord?> GetAsync(TerminalId terminal, CancellationToken cancellation = default);

    /// <summary>All terminals, by name.</summary>
    Task<IReadOnlyList<TerminalRecord>> ListAsync(CancellationToken cancellation = default);

    /// <summary>Lets a terminal in no longer. To let it in again needs an approval (<see cref="Approvals.CenterAct.EnableTerminal"/>).</summary>
    Task<TerminalChange> DisableAsync(TerminalId terminal, CenterPerson person, CancellationToken cancellation = default);

    /// <summary>Lets a terminal that is held have orders again, and counts its faults anew.</summary>
    Task<TerminalChange> ReleaseAsync(TerminalId terminal, CenterPerson person, string reason, CancellationToken cancellation = default);

    /// <summary>Says which branch a terminal is of: what lists of orders, cards and stock are asked by.</summary>
    /// <param name="terminal">The terminal.</param>
    /// <param name="branch">The branch; null for none.</param>
    /// <param name="person">A supervisor.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<TerminalChange> SetBranchAsync(TerminalId terminal, BranchId? branch, CenterPerson person, CancellationToken cancellation = default);

    /// <summary>Whether an enabled terminal has this certificate.</summary>
    /// <param name="sha256">SHA-256 of the certificate's DER, 32 bytes.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<bool> KnowsCertificateAsync(ByteString sha256, CancellationToken cancellation = default);

    /// <summary>The terminals that were added or changed since a revision, by whatever program.</summary>
    /// <param name="revision">What <see cref="TerminalChanges.Revision"/> said the last time; -1 for all terminals.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<TerminalChanges> ChangedSinceAsync(long revision, CancellationToken cancellation = default);

    /// <summary>Replaces the readers that a terminal may use, and counts their version up.</summary>
    /// <exception cref="ArgumentException">A reader's record does not hold together; the message says why.</exception>
    Task<TerminalChange> SetReadersAsync(TerminalId terminal, IReadOnlyList<ReaderRecord> readers, CenterPerson person, CancellationToken cancellation = default);

    /// <summary>The readers that a terminal may use, in their order.</summary>
    Task<IReadOnlyList<ReaderRecord>> ReadersAsync(TerminalId terminal, CancellationToken cancellation = default);

    /// <summary>The readers with the version of them all, read at one moment; version 1 and none for a terminal that is not known.</summary>
    Task<TerminalReaders> VersionedReadersAsync(TerminalId terminal, CancellationToken cancellation = default);

    /// <summary>Adds a line, or changes the one of that number.</summary>
    /// <exception cref="ArgumentException">The number is below 1, or there is nowhere to listen.</exception>
    Task<TerminalChange> PutLineAsync(LineRecord line, CenterPerson person, CancellationToken cancellation = default);

    /// <summary>Takes a line away.</summary>
    Task<TerminalChange> RemoveLineAsync(LineNumber line, CenterPerson person, CancellationToken cancellation = default);

    /// <summary>All lines, by number.</summary>
    Task<IReadOnlyList<LineRecord>> LinesAsync(CancellationToken cancellation = default);
}

/// <summary>Terminals in the center's store.</summary>
public sealed partial class DatabaseTerminalRegistry(CenterDatabase database) : ITerminalRegistry
{
    /// <summary>The most readers of one terminal.</summary>
    internal const int MaxReaders = 64;

    internal CenterDatabase Database => database;

    /// <inheritdoc/>
    public async Task<TerminalChange> PutAsync(TerminalRecord terminal, CenterPerson person, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(terminal);
        if (terminal.Fault is { } fault) throw new ArgumentException($"terminal {terminal.Terminal}: {fault}", nameof(terminal));
        return await ChangeAsync(person, connection =>
        {
            if (TerminalTable.Twin(connection, terminal) is not null) return TerminalChange.SameCredential;
            // A removed one comes back by one person's word as another machine alone; as the same, it is let in again.
            if (terminal.IsWide || (terminal.Enabled && TerminalTable.Find(connection, terminal.Terminal) is { Enabled: false } known
                && (!known.Removed || IsSame(known, terminal)))) return TerminalChange.NeedsApproval;
            TerminalTable.Put(connection, terminal, database.Now);
            connection.Log(ConsoleLog.Of("TerminalAdded", new { person = person.Name.Value, terminal = TerminalTable.View(terminal) }, terminal: terminal.Terminal));
            return TerminalChange.Done;
        }, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<TerminalRecord?> GetAsync(TerminalId terminal, CancellationToken cancellation = default) => database.LookAsync(
        connection => TerminalTable.Find(connection, terminal), cancellation);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<TerminalRecord>> ListAsync(CancellationToken cancellation = default) => await database.ReadAsync(
        connection => connection.Query("SELECT * FROM terminals WHERE removed IS NULL ORDER BY terminal", TerminalTable.Read), cancellation).ConfigureAwait(false);

    /// <inheritdoc/>
    public Task<TerminalChange> DisableAsync(TerminalId terminal, CenterPerson person, CancellationToken cancellation = default) => ChangeAsync(person, connection =>
    {
        if (TerminalTable.Find(connection, terminal) is not { Removed: false }) return TerminalChange.NotFound;
        TerminalTable.Enable(connection, terminal, false, database.Now);
        connection.Log(ConsoleLog.Of("TerminalDisabled", new { person = person.Name.Value }, terminal: terminal));
        return TerminalChange.Done;
    }, cancellation, PersonRoles.Clerk | PersonRoles.Supervisor);

    /// <inheritdoc/>
    public Task<TerminalChange> ReleaseAsync(
        TerminalId terminal, CenterPerson person, string reason, CancellationToken cancellation = default) => ChangeAsync(person, connection =>
    {
        if (TerminalTable.Find(connection, terminal) is null) return TerminalChange.NotFound;
        if (!TerminalFaults.Release(connection, terminal)) return TerminalChange.NotHeld;
        connection.Log(ConsoleLog.Of("TerminalReleased", new { person = person.Name.Value, reason }, terminal: terminal));
        return TerminalChange.Done;
    }, cancellation, PersonRoles.Clerk | PersonRoles.Supervisor);

    /// <inheritdoc/>
    public Task<TerminalChange> SetBranchAsync(
        TerminalId terminal, BranchId? branch, CenterPerson person, CancellationToken cancellation = default) => ChangeAsync(person, connection =>
    {
        if (TerminalTable.Find(connection, terminal) is not { Removed: false } known) return TerminalChange.NotFound;
        TerminalTable.SetBranch(connection, terminal, branch, database.Now);
        connection.Log(ConsoleLog.Of("TerminalMoved", new { person = person.Name.Value, from = known.Branch?.Value, to = branch?.Value }, terminal: terminal));
        return TerminalChange.Done;
    }, cancellation);

    /// <inheritdoc/>
    public Task<bool> KnowsCertificateAsync(ByteString sha256, CancellationToken cancellation = default) => database.ReadAsync(
        connection => !sha256.IsEmpty
            && connection.Number("SELECT count(*) FROM terminals WHERE (certificate = $certificate OR next_certificate = $certificate) AND enabled = 1", ("$certificate", sha256)) > 0, cancellation);

    /// <inheritdoc/>
    public Task<TerminalChanges> ChangedSinceAsync(long revision, CancellationToken cancellation = default) => database.ReadAsync(connection =>
        new TerminalChanges(
            CenterDatabase.GenerationIn(connection),
            connection.Query("SELECT * FROM terminals WHERE revision > $seen", TerminalTable.Read, ("$seen", revision))), cancellation);

    /// <inheritdoc/>
    public async Task<TerminalChange> SetReadersAsync(
        TerminalId terminal, IReadOnlyList<ReaderRecord> readers, CenterPerson person, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(readers);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(readers.Count, MaxReaders);
        if (readers.Select(reader => reader.Fault).FirstOrDefault(fault => fault is not null) is { } broken) throw new ArgumentException(broken, nameof(readers));
        if (FaultOf(terminal, readers) is { } fault) throw new ArgumentException($"the readers of {terminal}: {fault}", nameof(readers));
        return await ChangeAsync(person, connection =>
        {
            if (connection.Update(
                SealedTable.Terminals, "readers_version = readers_version + 1, revision = $revision", "terminal = $terminal AND removed IS NULL",
                ("$terminal", terminal), ("$revision", connection.Generation)) == 0)
                return TerminalChange.NotFound;
            connection.Delete(SealedTable.Readers, "terminal = $terminal", ("$terminal", terminal));
            foreach (var reader in readers) Insert(connection, terminal, reader);
            connection.Log(ConsoleLog.Of("ReadersSet", new { person = person.Name.Value, readers = readers.Select(View) }, terminal: terminal));
            return TerminalChange.Done;
        }, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ReaderRecord>> ReadersAsync(TerminalId terminal, CancellationToken cancellation = default) => await database.ReadAsync(
        connection => Readers(connection, terminal), cancellation).ConfigureAwait(false);

    /// <inheritdoc/>
    public Task<TerminalReaders> VersionedReadersAsync(TerminalId terminal, CancellationToken cancellation = default) => database.ReadAsync(connection =>
    {
        // A read is one snapshot: the version never names readers of another.
        var version = connection.Query(
            SealedTable.Terminals, "terminal = $terminal", row => row.Int("readers_version"), ("$terminal", terminal)) is [var its] ? its : 1;
        return new TerminalReaders(version, Readers(connection, terminal));
    }, cancellation);

    /// <inheritdoc/>
    public async Task<TerminalChange> PutLineAsync(LineRecord line, CenterPerson person, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(line);
        if (line.Line.Value < 1 || string.IsNullOrWhiteSpace(line.Listen) || !Enum.IsDefined(line.Kind))
            throw new ArgumentException("a line has a number from 1, a kind, and a place to listen", nameof(line));
        if (line.Results is { } results && (results.Value < 1 || results == line.Line))
            throw new ArgumentException("the results of a split line come on another line, with a number from 1", nameof(line));
        return await ChangeAsync(person, connection =>
        {
            connection.Delete(SealedTable.Lines, "line = $line", ("$line", line.Line));
            connection.Insert(SealedTable.Lines, "INSERT INTO lines (line, kind, listen, results) VALUES ($line, $kind, $listen, $results)",
                ("$line", line.Line), ("$kind", line.Kind), ("$listen", line.Listen), ("$results", line.Results));
            connection.Log(ConsoleLog.Of("LineAdded", new
            {
                person = person.Name.Value, line = line.Line.Value, kind = line.Kind, listen = line.Listen, results = line.Results?.Value,
            }));
            return TerminalChange.Done;
        }, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<TerminalChange> RemoveLineAsync(LineNumber line, CenterPerson person, CancellationToken cancellation = default) => ChangeAsync(person, connection =>
    {
        if (connection.Delete(SealedTable.Lines, "line = $line", ("$line", line)) == 0) return TerminalChange.NotFound;
        connection.Log(ConsoleLog.Of("LineRemoved", new { person = person.Name.Value, line = line.Value }));
        return TerminalChange.Done;
    }, cancellation);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LineRecord>> LinesAsync(CancellationToken cancellation = default) => await database.ReadAsync(
        connection => connection.Query(SealedTable.Lines, "1 = 1 ORDER BY line",
            row => new LineRecord(new LineNumber(row.Int("line")), (LineKind)row.Int("kind"), row.Text("listen")!,
                row.Long("results") is { } results ? new LineNumber((int)results) : null)), cancellation).ConfigureAwait(false);

    private static IReadOnlyList<ReaderRecord> Readers(StoreView connection, TerminalId terminal) =>
        connection.Query(SealedTable.Readers, "terminal = $terminal ORDER BY id", ReadReader, ("$terminal", terminal));

    // What is kept can be signed: a terminal is not refused for its list.
    private static string? FaultOf(TerminalId terminal, IReadOnlyList<ReaderRecord> readers) =>
        SignedReaderList.Fault(new ReaderList(terminal, 1, DateTimeOffset.UnixEpoch, [.. readers.Select(reader => reader.ToEntry())]));

    private static void Insert(StoreTransaction connection, TerminalId terminal, ReaderRecord reader) => connection.Insert(SealedTable.Readers, """
        INSERT INTO readers (terminal, kind, vendor, model, serial, firmware, ports, without_identity, key)
        VALUES ($terminal, $kind, $vendor, $model, $serial, $firmware, $ports, $without, $key)
        """,
        ("$terminal", terminal), ("$kind", reader.Kind), ("$vendor", reader.Vendor), ("$model", reader.Model), ("$serial", reader.Serial),
        ("$firmware", reader.Firmware), ("$ports", string.Join('\n', reader.Ports)), ("$without", reader.LetInWithoutIdentity),
        ("$key", OrNull(reader.Key)));

    private static ReaderRecord ReadReader(StoredRow row) => new(
        row.Text("kind")!, row.Text("vendor"), row.Text("model"), row.Text("serial"), row.Text("firmware"), [.. Words(row.Text("ports")!, '\n')],
        row.Int("without_identity") != 0, row.Bytes("key") ?? ByteString.Empty);

    private static string[] Words(string text, char between) => text.Split(between, StringSplitOptions.RemoveEmptyEntries);

    private async Task<TerminalChange> ChangeAsync(
        CenterPerson person, Func<StoreTransaction, TerminalChange> change, CancellationToken cancellation, PersonRoles any = PersonRoles.Supervisor)
    {
        database.Check(person);
        return await database.WriteAsync(
            transaction => person.MayNow(transaction, any) ? change(transaction) : TerminalChange.NotAllowed, cancellation).ConfigureAwait(false);
    }

    /// <summary>A reader as the log has it.</summary>
    private static object View(ReaderRecord it) => new
    {
        kind = it.Kind, serial = it.Serial, vendor = it.Vendor, model = it.Model, firmware = it.Firmware, ports = it.Ports.ToArray(),
        letInWithoutIdentity = it.LetInWithoutIdentity, key = it.Key.IsEmpty ? null : it.Key.ToString(),
    };
}
