using System.Data;
using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace CardIssue.Center.Storage;

/// <summary>
/// The statements of one connection to a file, compiled once and carried out often: compiling costs more than most of them do. Npgsql keeps
/// those of a server by itself (<see cref="PostgresPlace"/>).
/// </summary>
internal sealed class Statements
{
    /// <summary>More texts than the store has; what is made of parts at run time does not push the others out.</summary>
    private const int Most = 256;

    private static readonly ConditionalWeakTable<SqliteConnection, Statements> OfConnections = [];

    private readonly Dictionary<string, FileStatement> _kept = new(StringComparer.Ordinal);
    private readonly SqliteConnection _connection;

    private Statements(SqliteConnection connection)
    {
        _connection = connection;
        connection.StateChange += (_, now) =>
        {
            if (now.CurrentState is not ConnectionState.Closed) return;
            // The file is open until the last of them is gone.
            foreach (var statement in _kept.Values) statement.Close();
            _kept.Clear();
        };
    }

    /// <summary>A statement with its values; whoever is done with it disposes it.</summary>
    public static Statement Take(DbConnection connection, string sql, ReadOnlySpan<(string Name, object? Value)> values)
    {
        if (connection is NpgsqlConnection server) return new Statement(server, PostgresStatements.Command(sql, values));
        var kept = OfConnections.GetValue((SqliteConnection)connection, static of => new Statements(of));
        if (!kept._kept.Remove(sql, out var statement)) statement = new FileStatement(kept._connection, sql);
        try
        {
            statement.Bind(values);
            return new Statement(kept, statement);
        }
        catch
        {
            statement.Close();
            throw;
        }
    }

    private void Keep(FileStatement statement)
    {
        statement.Dispose();
        // One that is in use twice, within itself, is kept once.
        if (_kept.Count >= Most || _connection.State is not ConnectionState.Open || !_kept.TryAdd(statement.Sql, statement)) statement.Close();
    }

    /// <summary>A statement that is being carried out; on a server with those that were left for later.</summary>
    internal readonly struct Statement : IDisposable
    {
        private readonly Statements? _from;
        private readonly FileStatement? _compiled;
        private readonly NpgsqlConnection? _server;
        private readonly NpgsqlBatchCommand? _batched;
        private readonly StatementsLater? _before;

        public Statement(Statements from, FileStatement compiled) => (_from, _compiled) = (from, compiled);

        public Statement(NpgsqlConnection server, NpgsqlBatchCommand batched, StatementsLater? before = null) =>
            (_server, _batched, _before) = (server, batched, before);

        /// <summary>The same, carried out behind those, in one with them.</summary>
        public Statement After(StatementsLater later) => _server is null ? this : new Statement(_server, _batched!, later);

        /// <summary>Its rows; done with before it is.</summary>
        public StatementRows Read()
        {
            if (_compiled is not null) return _compiled;
            var batch = Batch(out var before);
            var rows = batch.ExecuteReader();
            try
            {
                StatementsLater.Check(before);
                return new ServerRows(rows);
            }
            catch
            {
                rows.Dispose();
                throw;
            }
        }

        /// <summary>The first value of its first row; null where there is none.</summary>
        public object? Scalar()
        {
            if (_compiled is not null) return _compiled.Next() ? _compiled[0] : null;
            using var rows = Read();
            return rows.Next() ? rows[0] : null;
        }

        /// <summary>How many rows it changes.</summary>
        public int Run()
        {
            if (_compiled is not null) return _compiled.Run();
            using var batch = Batch(out var before);
            batch.ExecuteNonQuery();
            StatementsLater.Check(before);
            return (int)_batched!.RecordsAffected;
        }

        /// <summary>Keeps it for the next time.</summary>
        public void Dispose()
        {
            if (_compiled is not null) _from!.Keep(_compiled);
        }

        private NpgsqlBatch Batch(out IReadOnlyList<StatementsLater.One> before)
        {
            before = _before?.Take() ?? [];
            var batch = new NpgsqlBatch(_server);
            foreach (var one in before) batch.BatchCommands.Add(one.Batched);
            batch.BatchCommands.Add(_batched!);
            return batch;
        }
    }
}
