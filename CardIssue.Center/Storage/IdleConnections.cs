using Microsoft.Data.Sqlite;

namespace CardIssue.Center.Storage;

/// <summary>
/// Connections that are open and read nothing now. To open one costs more than most reads: the file's whole schema is parsed, no page of it is
/// cached, and no statement is compiled.
/// </summary>
/// <param name="create">Makes one, closed.</param>
// Not the provider's own pool: that keeps a file open after its last user, also one that was put in the place of another.
internal sealed class IdleConnections(Func<SqliteConnection> create) : IDisposable
{
    /// <summary>More than read at once in a calm hour; of a rush the others are closed.</summary>
    private const int Most = 8;

    private readonly Stack<SqliteConnection> _idle = [];
    private bool _isDisposed;

    /// <summary>Does something with one, which nobody else has meanwhile. After an exception it is closed: nothing of it goes on.</summary>
    public T Use<T>(Func<SqliteConnection, T> work)
    {
        var connection = Take();
        T result;
        try
        {
            if (connection.State is not System.Data.ConnectionState.Open) connection.Open();
            result = work(connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
        Keep(connection);
        return result;
    }

    /// <summary>Closes those that are idle, and each other when it is done with.</summary>
    public void Dispose()
    {
        lock (_idle)
        {
            _isDisposed = true;
            while (_idle.TryPop(out var connection)) connection.Dispose();
        }
    }

    private SqliteConnection Take()
    {
        lock (_idle) return _idle.TryPop(out var connection) ? connection : create();
    }

    private void Keep(SqliteConnection connection)
    {
        lock (_idle)
        {
            if (!_isDisposed && _idle.Count < Most)
            {
                _idle.Push(connection);
                return;
            }
        }
        connection.Dispose();
    }
}
