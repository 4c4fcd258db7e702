using System.Data.Common;
using System.Diagnostics;
using System.Text.Json;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Storage;

/// <summary>
/// What one commit of the store will hold. A change and what the log says of it are written into the same one, so that neither can be without
/// the other.
/// </summary>
internal sealed partial class StoreTransaction : StoreView
{
    /// <summary>So many rows are kept before they are written at the most.</summary>
    private const int MostAdded = 256;

    private readonly LogWriter _log;
    private readonly StatementsLater _later;

    /// <summary>Rows that were added, and are not in the database yet, in the order in which they were.</summary>
    private readonly List<(RowsToAdd Into, object?[] Row)> _added = [];
    private LogHead _head;

    /// <param name="connection">A connection in whose transaction everything is done.</param>
    /// <param name="generation">The number of this commit.</param>
    /// <param name="now">When it began.</param>
    /// <param name="log">Writes this host's chain of the log.</param>
    /// <param name="seals">Makes and compares the seals of rows.</param>
    /// <param name="storeId">The store's own number, 16 bytes.</param>
    /// <exception cref="StoreException"><see cref="StoreFault.Altered"/>: the log does not end where the latest commit ended, or what the
    /// rows
    /// come to is not what it sealed.</exception>
    public StoreTransaction(DbConnection connection, long generation, DateTimeOffset now, LogWriter log, RowSeals seals, ByteString storeId)
        : base(connection, seals)
    {
        (Generation, Now, _log, _seals, _later) = (generation, now, log, seals, new StatementsLater(connection));
        _head = log.HeadIn(this, storeId, generation - 1);
        _sums = ReadSums(seals, storeId, generation - 1);
    }

    /// <summary>Whether each statement is a way to a server and back, or a part of one.</summary>
    public bool IsOnServer => _later.HasWay;

    /// <summary>The number of this commit: higher than that of any before it.</summary>
    public long Generation { get; private set; }

    /// <summary>When it began, UTC.</summary>
    public DateTimeOffset Now { get; }

    /// <summary>Where the time that the log takes is told; null where nobody measures it.</summary>
    public CenterTelemetry.CommitSpan? Span { private get; init; }

    /// <summary>Carries a statement out.</summary>
    /// <returns>How many rows it changed.</returns>
    public int Execute(string sql, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        using var statement = Command(sql, values);
        return statement.Run();
    }

    /// <summary>
    /// Carries a statement out of which nobody waits to hear: a server gets it along with the next one that somebody waits for, in the order in which they
    /// were said, so that both are one way there and back.
    /// </summary>
    /// <param name="sql">The statement; it returns no rows.</param>
    /// <param name="rows">How many rows it changes; null where that says nothing.</param>
    /// <param name="values">Its values.</param>
    public void Later(string sql, int? rows, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        WriteKept(sql);
        if (_later.Add(sql, rows, values)) return;
        using var statement = Command(sql, values);
        StatementsLater.Check(sql, rows, statement.Run());
    }

    /// <summary>
    /// Adds a row to a table that only grows. It is written with those that follow it, before the first statement that names the table, and at the commit's end:
    /// what could be wrong with one alone is found here, so that none fails the others' commit.
    /// </summary>
    /// <param name="into">The table.</param>
    /// <param name="values">Of each of its columns.</param>
    public void Add(RowsToAdd into, params object?[] values)
    {
        _added.Add((into, Array.ConvertAll(values, Kept)));
        if (_added.Count >= MostAdded) WriteAdded();
    }

    /// <inheritdoc/>
    protected override Statements.Statement Command(string sql, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        WriteKept(sql);
        return base.Command(sql, values).After(_later);
    }

    /// <summary>Adds an entry to this host's chain of the log, in this commit.</summary>
    /// <param name="entry">What to log, redacted.</param>
    /// <param name="digest">The HMAC of the bytes that it is about, where there are any.</param>
    /// <param name="at">When it happened; null for when this transaction began.</param>
    /// <exception cref="ArgumentException">The entry breaks a rule: a local bug.</exception>
    public LogRow Log(LogEntry entry, ByteString digest = default, DateTimeOffset? at = null)
    {
        var began = Stopwatch.GetTimestamp();
        var row = _log.Append(this, _head, entry, digest, at ?? Now);
        _head = new LogHead(row.Instance, row.Sequence, row.Hash);
        Span?.Appended(began);
        return row;
    }

    /// <summary>Adds an entry of what the center did by itself: no message, no session of a terminal.</summary>
    /// <param name="part">Which part of it.</param>
    /// <param name="kind">What it did.</param>
    /// <param name="detail">An object for JSON, redacted.</param>
    public LogRow Log(string part, string kind, object detail) =>
        Log(new LogEntry(part, null, null, null, LogDirection.None, 0, kind, JsonSerializer.Serialize(detail)));

    /// <summary>Whether an entry of the log is one that this center wrote, as it wrote it.</summary>
    public bool Vouches(LogRow row) => _log.Vouches(this, row);

    /// <summary>Whether the log of a version before may be brought in.</summary>
    public bool TakesOverLog => _log.TakesOver;

    /// <summary>Looks anew where the chain ends, after entries were brought in from elsewhere.</summary>
    public void Refresh() => _head = _log.HeadAfterTakeOver(this);

    /// <summary>Carries out a part of this commit: when it fails, nothing of it is in the commit, and the others are.</summary>
    /// <param name="work">The part.</param>
    /// <param name="endsAll">Whether an exception has ended the whole transaction: then nothing more is done in it.</param>
    /// <exception cref="Exception">What the part threw.</exception>
    public T Part<T>(Func<StoreTransaction, T> work, Func<Exception, bool> endsAll)
    {
        var (head, generation, sums, added) = (_head, Generation, _sums?.Copy(), _added.ToArray());
        var mark = _later.Mark();
        Later("SAVEPOINT part", rows: null);
        try
        {
            var result = Whole(work);
            Execute("RELEASE part");
            return result;
        }
        catch (Exception error) when (!endsAll(error))
        {
            if (!_later.TakeBack(mark))
            {
                Execute("ROLLBACK TO part");
                Execute("RELEASE part");
            }
            (_head, Generation, _sums) = (head, generation, sums);
            // Also those of the parts before that were written meanwhile, which the database has taken back too.
            _added.Clear();
            _added.AddRange(added);
            _changed.Clear();
            _seen.Clear();
            throw;
        }
    }

    /// <summary>Carries work out, and writes what it changed: what is wrong with that is its own fault.</summary>
    public T Whole<T>(Func<StoreTransaction, T> work)
    {
        var result = work(this);
        WriteChanged();
        return result;
    }

    /// <summary>
    /// Goes on from a higher number: more commits were made of this store than it knows of, or it has given such a number.
    /// </summary>
    public void Restart(long generation)
    {
        if (generation <= Generation) return;
        Execute("UPDATE store_meta SET generation = $generation", ("$generation", generation));
        Generation = generation;
    }

    /// <summary>The last thing in a commit: where the log ends with it and what the rows come to, under the vault's keys.</summary>
    /// <returns>The number of this commit.</returns>
    public long Seal(ByteString storeId)
    {
        WriteKept();
        _log.SealHead(this, storeId, _head);
        if (_sums is not null) Execute("UPDATE store_meta SET row_sums = $sums", ("$sums", _seals.Seal(_sums, storeId, Generation)));
        return Generation;
    }

    /// <summary>Before a statement: what it could see.</summary>
    private void WriteKept(string? sql = null)
    {
        WriteChanged(sql);
        WriteAdded(sql);
    }

    /// <summary>Writes what was added: of the tables that a statement names, or all.</summary>
    private void WriteAdded(string? sql = null)
    {
        if (_added.Count == 0) return;
        foreach (var into in RowsToAdd.All)
        {
            if (sql?.Contains(into.Table, StringComparison.Ordinal) == false) continue;
            var rows = _added.Where(added => added.Into == into).Select(added => added.Row).ToList();
            _added.RemoveAll(added => added.Into == into);
            into.Write(this, rows);
        }
    }
}
