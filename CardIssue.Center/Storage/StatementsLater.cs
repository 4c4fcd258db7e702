using System.Data.Common;
using System.Globalization;
using Npgsql;

namespace CardIssue.Center.Storage;

/// <summary>
/// Statements of one transaction of which nobody waits to hear. To a server each way there and back costs more than most statements do: they go
/// along with the next one that somebody waits for (https://www.npgsql.org/doc/basic-usage.html#batching). A file has no way: there is nothing to gain.
/// </summary>
internal sealed class StatementsLater(DbConnection connection)
{
    /// <summary>So many are sent at the most without anybody waiting for them.</summary>
    private const int Most = 500;

    private readonly List<One> _waiting = [];
    private long _sent;

    /// <summary>Whether there is a way there and back.</summary>
    public bool HasWay => connection is NpgsqlConnection;

    /// <summary>Keeps one for later.</summary>
    /// <returns>False where it is to be carried out now.</returns>
    public bool Add(string sql, int? rows, ReadOnlySpan<(string Name, object? Value)> values)
    {
        if (!HasWay || _waiting.Count >= Most) return false;
        _waiting.Add(new One(sql, rows, PostgresStatements.Command(sql, values)));
        return true;
    }

    /// <summary>Those that wait, which are to be sent now.</summary>
    public IReadOnlyList<One> Take()
    {
        _sent++;
        if (_waiting.Count == 0) return [];
        One[] all = [.. _waiting];
        _waiting.Clear();
        return all;
    }

    /// <summary>A place to come back to.</summary>
    public (long Sent, int Waiting) Mark() => (_sent, _waiting.Count);

    /// <summary>Forgets those that were added since.</summary>
    /// <returns>Whether none of them was sent, so that there is nothing to be undone in the database.</returns>
    public bool TakeBack((long Sent, int Waiting) mark)
    {
        var isWhole = mark.Sent == _sent && HasWay;
        var from = isWhole ? mark.Waiting : 0;
        _waiting.RemoveRange(from, _waiting.Count - from);
        return isWhole;
    }

    /// <exception cref="StoreException"><see cref="StoreFault.Altered"/>: one changed other rows than it should.</exception>
    public static void Check(IReadOnlyList<One> done)
    {
        foreach (var one in done) Check(one.Sql, one.Rows, (long)one.Batched.RecordsAffected);
    }

    /// <inheritdoc cref="Check(IReadOnlyList{One})"/>
    public static void Check(string sql, int? rows, long changed)
    {
        if (rows is { } right && changed != right)
            throw RowSeals.Altered(string.Create(CultureInfo.InvariantCulture, $"The store changed {changed} rows instead of {right}: {sql}."));
    }

    /// <summary>A statement for later.</summary>
    /// <param name="Sql">Its text, which has no values.</param>
    /// <param name="Rows">How many rows it changes; null where that says nothing.</param>
    /// <param name="Batched">As it is sent.</param>
    internal sealed record One(string Sql, int? Rows, NpgsqlBatchCommand Batched);
}
