using CardIssue.Center.Products;
using CardIssue.Center.Storage;
using CardIssue.Core;
using Microsoft.Data.Sqlite;

namespace CardIssue.Center.Orders;

/// <summary>Puts new orders into the store, inside a transaction that the caller undoes when one is refused.</summary>
internal static class OrderImport
{
    /// <summary>What is wrong with the list by itself, or null; told before anything is written.</summary>
    public static string? Fault(ProductRecord product, IReadOnlyList<NewOrder> orders, DateTimeOffset now)
    {
        var seen = new HashSet<OrderId>();
        for (var i = 0; i < orders.Count; i++)
        {
            var order = orders[i];
            var fault = order.Fault
                ?? (order.Product != product.Ref ? $"it names product {order.Product}; the import is for {product.Ref}" : null)
                ?? (order.CodeExpires <= now ? "its issue code has expired already" : null)
                ?? (!seen.Add(order.Order) ? "its order id is twice in the list" : null);
            if (fault is not null) return At(i, order, fault);
        }
        return null;
    }

    /// <exception cref="ImportRefusedException">An order is there already.</exception>
    public static int Add(SqliteConnection connection, ProductRecord product, IReadOnlyList<NewOrder> orders, DateTimeOffset now)
    {
        if (SqliteProductStore.Add(connection, product, now) is { } fault) throw new ImportRefusedException(fault);
        for (var i = 0; i < orders.Count; i++)
            if (Add(connection, product.Mode, orders[i], null, now) is { } clash) throw new ImportRefusedException(At(i, orders[i], clash));
        return orders.Count;
    }

    /// <summary>Adds one order; returns why not, or null.</summary>
    public static string? Add(SqliteConnection connection, ProductMode mode, NewOrder order, OrderId? reissueOf, DateTimeOffset now)
    {
        if (OrderRow.Find(connection, order.Order) is not null) return "its order id is known already";
        var taken = connection.Number("SELECT count(*) FROM orders WHERE customer = $customer AND sequence = $sequence",
            ("$customer", order.Customer), ("$sequence", order.Sequence));
        if (taken > 0) return $"the customer has an order with sequence number {order.Sequence} already";
        connection.Execute("""
            INSERT INTO orders (order_id, customer, sequence, product, product_version, mode, sealed, display, code_verifier, code_expires, state,
              reissue_of, imported_at, updated_at)
            VALUES ($order, $customer, $sequence, $product, $version, $mode, $sealed, $display, $verifier, $expires, $ready, $reissue_of, $now, $now)
            """,
            ("$order", order.Order), ("$customer", order.Customer), ("$sequence", order.Sequence), ("$product", order.Product.Name),
            ("$version", order.Product.Version), ("$mode", mode), ("$sealed", order.SealedData), ("$display", order.Display),
            ("$verifier", order.CodeVerifier), ("$expires", order.CodeExpires), ("$ready", OrderState.Ready), ("$reissue_of", reissueOf), ("$now", now));
        OrderRow.Find(connection, order.Order)!.AddHistory(connection, now, reissueOf is null ? "Imported" : "Reissued", reissueOf?.Value ?? "");
        return null;
    }

    private static string At(int index, NewOrder order, string fault) => $"order {index + 1} of the list ({order.Order}): {fault}";
}

/// <summary>Undoes the transaction of an import; becomes a result, never leaves the store.</summary>
internal sealed class ImportRefusedException(string reason) : Exception(reason);
