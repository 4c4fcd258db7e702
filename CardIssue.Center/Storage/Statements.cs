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
        if (connection is NpgsqlConnection) return new Statement(null, Sql.Command(connection, sql, values));
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

    /// <summary>A statement that is being carried out.</summary>
    internal readonly struct Statement(Statements? from, DbCommand command) : IDisposable
    {
        /// <summary>With its values.</summary>
        public DbCommand Command => command;

        /// <summary>Keeps it for the next time.</summary>
        public void Dispose()
        {
            if (from is null) command.Dispose();
            else from.Keep(command);
        }
    }
}
