using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>
/// Counts tries of issue codes per customer and per terminal within a time window. A try counts from before its check; only a right code takes
/// it back, so a stop of the center in between leaves it counted.
/// </summary>
internal static class CodeAttempts
{
    /// <summary>Under what the tries of an order's customer are counted: each issuer has customers of his own. No name has a stroke in it.</summary>
    public static string KeyOf(OrderRow order) => KeyOf(order.Customer, order.Issuer);

    /// <inheritdoc cref="KeyOf(OrderRow)"/>
    public static string KeyOf(string customer, IssuerId? issuer) => issuer is { } of ? $"{of}/{customer}" : customer;

    /// <summary>What stands against another try, or null.</summary>
    public static string? Exhausted(StoreView connection, string customer, TerminalId terminal, OrderOptions options, DateTimeOffset now)
    {
        var since = now - options.CodeWindow;
        var ofCustomer = connection.Number("SELECT count(*) FROM code_attempts WHERE customer = $customer AND at > $since",
            ("$customer", customer), ("$since", since));
        if (ofCustomer >= options.CodeAttemptsPerCustomer) return $"{ofCustomer} wrong codes for this customer";
        var ofTerminal = connection.Number("SELECT count(*) FROM code_attempts WHERE terminal = $terminal AND at > $since",
            ("$terminal", terminal), ("$since", since));
        return ofTerminal >= options.CodeAttemptsPerTerminal ? $"{ofTerminal} wrong codes from this terminal" : null;
    }

    /// <summary>Counts a try; returns what takes it back.</summary>
    public static long Count(StoreTransaction connection, string customer, TerminalId terminal, OrderOptions options, DateTimeOffset now)
    {
        connection.Later("DELETE FROM code_attempts WHERE at <= $since", rows: null, ("$since", now - options.CodeWindow));
        return connection.Number("INSERT INTO code_attempts (customer, terminal, at) VALUES ($customer, $terminal, $now) RETURNING id",
            ("$customer", customer), ("$terminal", terminal), ("$now", now));
    }

    public static void TakeBack(StoreTransaction connection, long attempt) =>
        connection.Later("DELETE FROM code_attempts WHERE id = $id", rows: null, ("$id", attempt));

    /// <returns>How many there were.</returns>
    public static int ClearCustomer(StoreTransaction connection, string customer) =>
        connection.Execute("DELETE FROM code_attempts WHERE customer = $customer", ("$customer", customer));
}
