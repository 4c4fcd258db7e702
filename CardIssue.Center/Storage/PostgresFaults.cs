using System.Data.Common;
using Npgsql;

namespace CardIssue.Center.Storage;

/// <summary>What PostgreSQL's errors mean for the center.</summary>
internal static class PostgresFaults
{
    // https://www.postgresql.org/docs/current/errcodes-appendix.html; the first two characters are the class.
    private const string ConnectionClass = "08", DataClass = "22", ConstraintClass = "23", NoSuchUserClass = "28", NoSuchDatabase = "3D000",
        WrongSqlClass = "42", MayNot = "42501", DiskFull = "53100", TooLargeClass = "54", ResourcesClass = "53", ServerGoneClass = "57P",
        Cancelled = "57014", NotAvailable = "55P03", OutsideClass = "58", RolledBackClass = "40", ReadOnly = "25006", InternalClass = "XX",
        NotAccepting = "55000", IdleTooLong = "25P03", TransactionTooLong = "25P04";

    private const string Gone = "check that the server runs and can be reached from here, and what its log says; then try again";

    /// <summary>What an error means; null when it is a local bug (a broken constraint, wrong SQL).</summary>
    public static StoreException? From(Exception error, string place) => error switch
    {
        PostgresException told => From(told, place),
        NpgsqlOperationInProgressException => null,
        NpgsqlException { InnerException: TimeoutException } => new(StoreFault.Busy, $"{place}: does not answer in time; {Gone}.", error),
        NpgsqlException or TimeoutException => new(StoreFault.Unreachable, $"{place}: {error.Message}; {Gone}.", error),
        _ => null,
    };

    /// <summary>Whether the session is gone, so that another one may do better.</summary>
    public static bool EndsSession(Exception error) => error is PostgresException told
        ? Is(told, ServerGoneClass, ConnectionClass, IdleTooLong, TransactionTooLong)
        : error is NpgsqlException;

    /// <summary>
    /// Whether nothing more may be done in the transaction: after an error of values, constraints or the statement itself what stands before
    /// the savepoint still holds; of anything else nobody can say that.
    /// </summary>
    public static bool EndsTransaction(Exception error) => error is PostgresException told
        ? told.SqlState == MayNot || !Is(told, DataClass, ConstraintClass, WrongSqlClass, TooLargeClass)
        : error is DbException;

    private static StoreException? From(PostgresException error, string place) => error.SqlState switch
    {
        DiskFull => new(StoreFault.Full, $"{place}: the server's disk is full; make room, then try again. Nothing was lost.", error),
        ReadOnly => new(StoreFault.ReadOnly, $"{place}: may not be written: it is a standby, or set to read only. Name the primary.", error),
        MayNot => new(StoreFault.ReadOnly, $"{place}: {error.MessageText}; the user must own the database and its tables.", error),
        NoSuchDatabase => new(StoreFault.Unreachable, $"{place}: is not there; make it (createdb, in UTF-8, owned by the center's user).", error),
        NotAccepting => new(StoreFault.Unreachable, $"{place}: {error.MessageText}; {Gone}.", error),
        NotAvailable => new(StoreFault.Busy, $"{place}: another process holds it; end that process or try again.", error),
        Cancelled => new(StoreFault.Busy, $"{place}: {error.MessageText}; try again.", error),
        _ when Is(error, RolledBackClass, ResourcesClass) =>
            new(StoreFault.Busy, $"{place}: {error.MessageText}; nothing of this change was saved, try again.", error),
        _ when Is(error, NoSuchUserClass) => new(StoreFault.Unreachable,
            $"{place}: {error.MessageText}; check user and password (Passfile, ~/.pgpass) and the server's pg_hba.conf.", error),
        _ when Is(error, ServerGoneClass, ConnectionClass) => new(StoreFault.Unreachable, $"{place}: {error.MessageText}; {Gone}.", error),
        IdleTooLong or TransactionTooLong => new(StoreFault.Unreachable,
            $"{place}: {error.MessageText}: this process stood still within a change, which the server took back so that others go on; try again.", error),
        _ when Is(error, OutsideClass) => new(StoreFault.Broken, $"{place}: {error.MessageText}; check the server's disk.", error),
        _ when Is(error, InternalClass) => new(StoreFault.Corrupt,
            $"{place}: {error.MessageText}: it may be damaged. See the server's log; keep it aside, restore the latest backup, and reconcile the orders that are then quarantined.", error),
        _ => null,
    };

    private static bool Is(PostgresException error, params ReadOnlySpan<string> classes)
    {
        foreach (var one in classes)
            if (error.SqlState.StartsWith(one, StringComparison.Ordinal)) return true;
        return false;
    }
}
