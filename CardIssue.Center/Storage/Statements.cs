using System.Data;
using System.Data.Common;
using System.Runtime.CompilerServices;
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

    private static readonly ConditionalWeakTable<DbConnection, Statements> OfConnections = [];

    private readonly Dictionary<string, DbCommand> _kept = new(StringComparer.Ordinal);

    private Statements(DbConnection connection) => connection.StateChange += (_, now) =>
    {
        // A connection that is closed has let go of them.
        if (now.CurrentState is ConnectionState.Closed) _kept.Clear();
    };

    /// <summary>A statement with its values; whoever is done with it disposes it.</summary>
    public static Statement Take(DbConnection connection, string sql, ReadOnlySpan<(string Name, object? Value)> values)
    {
        if (connection is NpgsqlConnection server) return new Statement(server, PostgresStatements.Command(sql, values));
        var kept = OfConnections.GetValue(connection, static of => new Statements(of));
        if (!kept._kept.Remove(sql, out var command)) return new Statement(kept, Sql.Command(connection, sql, values));
        if (!HasNames(command, values))
        {
            command.Dispose();
            return new Statement(kept, Sql.Command(connection, sql, values));
        }
        // A new command knows the transaction that its connection is in.
        using (var now = connection.CreateCommand()) command.Transaction = now.Transaction;
        for (var i = 0; i < values.Length; i++) command.Parameters[i].Value = Sql.Plain(values[i].Value);
        return new Statement(kept, command);
    }

    private static bool HasNames(DbCommand command, ReadOnlySpan<(string Name, object? Value)> values)
    {
        if (command.Parameters.Count != values.Length) return false;
        for (var i = 0; i < values.Length; i++)
            if (command.Parameters[i].ParameterName != values[i].Name) return false;
        return true;
    }

    private void Keep(DbCommand command)
    {
        // One that is in use twice, within itself, is kept once.
        if (_kept.Count >= Most || command.Connection?.State is not ConnectionState.Open || !_kept.TryAdd(command.CommandText, command))
        {
            command.Dispose();
            return;
        }
        foreach (DbParameter parameter in command.Parameters) parameter.Value = null;
        command.Transaction = null;
    }

    /// <summary>A statement that is being carried out; on a server with those that were left for later.</summary>
    internal readonly struct Statement : IDisposable
    {
        private readonly Statements? _from;
        private readonly DbCommand? _command;
        private readonly NpgsqlConnection? _server;
        private readonly NpgsqlBatchCommand? _batched;
        private readonly StatementsLater? _before;

        public Statement(Statements from, DbCommand command) => (_from, _command) = (from, command);

        public Statement(NpgsqlConnection server, NpgsqlBatchCommand batched, StatementsLater? before = null) =>
            (_server, _batched, _before) = (server, batched, before);

        /// <summary>The same, carried out behind those, in one with them.</summary>
        public Statement After(StatementsLater later) => _server is null ? this : new Statement(_server, _batched!, later);

        /// <summary>Its rows.</summary>
        public DbDataReader Read()
        {
            if (_command is not null) return _command.ExecuteReader();
            var batch = Batch(out var before);
            var rows = batch.ExecuteReader();
            try
            {
                StatementsLater.Check(before);
                return rows;
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
            if (_command is not null) return _command.ExecuteScalar();
            using var rows = Read();
            return rows.Read() ? rows.GetValue(0) : null;
        }

        /// <summary>How many rows it changes.</summary>
        public int Run()
        {
            if (_command is not null) return _command.ExecuteNonQuery();
            using var batch = Batch(out var before);
            batch.ExecuteNonQuery();
            StatementsLater.Check(before);
            return (int)_batched!.RecordsAffected;
        }

        /// <summary>Keeps it for the next time.</summary>
        public void Dispose()
        {
            if (_command is not null) _from!.Keep(_command);
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
