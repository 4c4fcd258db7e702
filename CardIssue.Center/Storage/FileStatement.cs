using System.Diagnostics;
using System.Text;
using CardIssue.Core.Primitives;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace CardIssue.Center.Storage;

/// <summary>
/// A statement of a connection to a file, compiled once and carried out often, and its rows. Past the provider, which at each time looks for every parameter by its
/// name, and makes objects for parameters, values and rows: that took as long as most of the store's statements.
/// </summary>
// https://sqlite.org/c3ref/stmt.html
internal sealed class FileStatement : StatementRows
{
    private const int ShortText = 512;

    /// <summary>How often whoever waits for another process looks again: as the provider does.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(150);

    private readonly sqlite3 _file;
    private readonly sqlite3_stmt _compiled;
    private readonly string[] _names;
    private readonly TimeSpan _patience;
    private Dictionary<string, int>? _places;

    /// <exception cref="SqliteException">It cannot be compiled.</exception>
    /// <exception cref="InvalidOperationException">Another one stands behind it: SQLite compiles the first alone.</exception>
    public FileStatement(SqliteConnection connection, string sql)
    {
        (Sql, _file, _patience) = (sql, connection.Handle!, TimeSpan.FromSeconds(connection.DefaultTimeout));
        SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v3(_file, sql, raw.SQLITE_PREPARE_PERSISTENT, out _compiled, out var tail), _file);
        if (!string.IsNullOrWhiteSpace(tail))
        {
            _compiled.Dispose();
            throw new InvalidOperationException($"One statement at a time; behind it is: {tail}");
        }
        _names = new string[raw.sqlite3_bind_parameter_count(_compiled)];
        for (var i = 0; i < _names.Length; i++) _names[i] = raw.sqlite3_bind_parameter_name(_compiled, i + 1).utf8_to_string();
    }

    /// <summary>Its text.</summary>
    public string Sql { get; }

    /// <inheritdoc/>
    public override object this[int at] => raw.sqlite3_column_type(_compiled, at) switch
    {
        raw.SQLITE_INTEGER => raw.sqlite3_column_int64(_compiled, at),
        raw.SQLITE_TEXT => raw.sqlite3_column_text(_compiled, at).utf8_to_string(),
        raw.SQLITE_BLOB => raw.sqlite3_column_blob(_compiled, at).ToArray(),
        raw.SQLITE_FLOAT => raw.sqlite3_column_double(_compiled, at),
        _ => DBNull.Value,
    };

    /// <summary>Gives it its values; of more than it has it takes none.</summary>
    /// <exception cref="ArgumentException">It has a parameter that no value is given for.</exception>
    public void Bind(ReadOnlySpan<(string Name, object? Value)> values)
    {
        for (var i = 0; i < _names.Length; i++) Bind(i + 1, Storage.Sql.ValueOf(values, _names[i], i));
    }

    /// <summary>Carries it out to its end.</summary>
    /// <returns>How many rows it changed.</returns>
    public int Run()
    {
        while (Next())
        {
        }
        return raw.sqlite3_changes(_file);
    }

    /// <inheritdoc/>
    public override bool Next()
    {
        var began = 0L;
        while (true)
        {
            var code = raw.sqlite3_step(_compiled);
            if (code == raw.SQLITE_ROW) return true;
            if (code == raw.SQLITE_DONE) return false;
            if (began == 0) began = Stopwatch.GetTimestamp();
            if (!IsBusy(code) || Stopwatch.GetElapsedTime(began) >= _patience)
            {
                SqliteException.ThrowExceptionForRC(code, _file);
                throw new SqliteException($"SQLite says {code}", code);
            }
            _ = raw.sqlite3_reset(_compiled);
            Thread.Sleep(Pause);
        }
    }

    /// <inheritdoc/>
    // What is of another type was put there by somebody; SQLite makes a number of it.
    public override long? Long(int at) => raw.sqlite3_column_type(_compiled, at) == raw.SQLITE_NULL ? null : raw.sqlite3_column_int64(_compiled, at);

    /// <inheritdoc/>
    public override byte[]? Bytes(int at) => raw.sqlite3_column_type(_compiled, at) == raw.SQLITE_NULL ? null : raw.sqlite3_column_blob(_compiled, at).ToArray();

    /// <inheritdoc/>
    public override int PlaceOf(string column)
    {
        _places ??= Enumerable.Range(0, raw.sqlite3_column_count(_compiled)).Reverse()
            .GroupBy(at => raw.sqlite3_column_name(_compiled, at).utf8_to_string()).ToDictionary(of => of.Key, of => of.Last(), StringComparer.Ordinal);
        return _places[column];
    }

    /// <summary>Lets go of it.</summary>
    public void Close() => _compiled.Dispose();

    /// <summary>Its rows are read, and its values not kept: it may be carried out again.</summary>
    // What a reset says is what the last step said.
    public override void Dispose()
    {
        _ = raw.sqlite3_reset(_compiled);
        _ = raw.sqlite3_clear_bindings(_compiled);
    }

    // https://sqlite.org/wal.html#sometimes_queries_return_sqlite_busy_in_wal_mode
    private static bool IsBusy(int code) => (code & 0xFF) is raw.SQLITE_BUSY or raw.SQLITE_LOCKED;

    private void Bind(int at, object? value)
    {
        var code = value switch
        {
            null or DBNull => raw.sqlite3_bind_null(_compiled, at),
            string text => BindText(at, text),
            ByteString bytes => BindBytes(at, bytes.Span),
            byte[] bytes => BindBytes(at, bytes),
            long number => raw.sqlite3_bind_int64(_compiled, at, number),
            double number => raw.sqlite3_bind_double(_compiled, at, number),
            _ => Other(Storage.Sql.Plain(value)),
        };
        SqliteException.ThrowExceptionForRC(code, _file);

        int Other(object plain)
        {
            if (plain is not (string or byte[] or long)) throw new ArgumentException($"no engine keeps a {plain.GetType().Name}", nameof(value));
            Bind(at, plain);
            return raw.SQLITE_OK;
        }
    }

    // Without any byte there is no address either, which SQLite takes for NULL.
    private int BindBytes(int at, ReadOnlySpan<byte> bytes) =>
        bytes.IsEmpty ? raw.sqlite3_bind_zeroblob(_compiled, at, 0) : raw.sqlite3_bind_blob(_compiled, at, bytes);

    private int BindText(int at, string text)
    {
        if (text.Length == 0) return raw.sqlite3_bind_text(_compiled, at, text);
        Span<byte> few = stackalloc byte[ShortText];
        return Encoding.UTF8.TryGetBytes(text, few, out var length)
            ? raw.sqlite3_bind_text(_compiled, at, few[..length]) : raw.sqlite3_bind_text(_compiled, at, Encoding.UTF8.GetBytes(text));
    }
}
