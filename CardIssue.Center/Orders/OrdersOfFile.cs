using CardIssue.Center.Products;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;
using Microsoft.Data.Sqlite;

namespace CardIssue.Center.Orders;

/// <summary>
/// What no two orders of a file may both have, while the file is looked at: on disk, so that memory does not grow with it, in a file that has
/// no name any more and is gone with this. The store has the same of its orders in the clear.
/// </summary>
internal sealed class OrdersOfFile : IDisposable
{
    private const string Tables = """
        CREATE TABLE orders (order_id TEXT PRIMARY KEY) WITHOUT ROWID;
        CREATE TABLE cards (customer TEXT, issuer TEXT, sequence INTEGER, PRIMARY KEY (customer, issuer, sequence)) WITHOUT ROWID;
        CREATE TABLE accounts (digest BLOB PRIMARY KEY, order_id TEXT) WITHOUT ROWID;
        CREATE TABLE rewrites (card BLOB, number INTEGER, order_id TEXT, product TEXT, version INTEGER, rewrite TEXT, PRIMARY KEY (card, number)) WITHOUT ROWID
        """;

    private readonly string _path;
    private readonly SqliteConnection _connection;
    private readonly StoreView _file;

    /// <param name="directory">Where there is room for it: about a hundred bytes an order.</param>
    /// <exception cref="StoreException">It could not be made.</exception>
    public OrdersOfFile(string directory)
    {
        _path = Path.Combine(directory, $"orders-{Guid.NewGuid():N}.look");
        PrivateFiles.CreateFile(_path);
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = _path, Pooling = false }.ToString());
        _file = new StoreView(_connection);
        Guarded(() =>
        {
            _connection.Open();
            // Nothing of it is kept: no journal, no sync, 32 MiB of memory, and what is more in the file.
            Sql.Execute(_connection, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -32768");
            Sql.Execute(_connection, Tables);
            // A process that is killed leaves nothing behind.
            if (!OperatingSystem.IsWindows()) File.Delete(_path);
            Sql.Execute(_connection, "BEGIN");
            return true;
        });
    }

    /// <summary>The sequence number after those of the issuer's customer's orders so far; 0 where there are none.</summary>
    public int NextSequence(string customer, IssuerId? issuer) => Guarded(() => (int)_file.Number(
        "SELECT coalesce(max(sequence) + 1, 0) FROM cards WHERE customer = $customer AND issuer = $issuer",
        ("$customer", customer), ("$issuer", issuer?.Value ?? "")));

    /// <summary>The rewrites of a card so far.</summary>
    public List<CardContent> RewritesOf(CardId card) => Guarded(() => _file.Query("SELECT * FROM rewrites WHERE card = $card ORDER BY number",
        row => new CardContent(
            new OrderId(row.Text("order_id")!), new ProductRef(row.Text("product")!, row.Int("version")), row.Text("rewrite"), OrderState.Ready, null),
        ("$card", card)));

    /// <summary>Adds an order; returns why not, or null.</summary>
    public string? Add(NewOrder order) => Guarded<string?>(() =>
    {
        if (Clash(order) is { } clash) return clash;
        _file.Number("INSERT INTO orders (order_id) VALUES ($order)", ("$order", order.Order));
        if (order.Rewrite is { } rewrite)
        {
            _file.Number("""
                INSERT INTO rewrites (card, number, order_id, product, version, rewrite)
                VALUES ($card, (SELECT count(*) FROM rewrites WHERE card = $card), $order, $product, $version, $rewrite)
                """,
                ("$card", rewrite.Card), ("$order", order.Order), ("$product", order.Product.Name), ("$version", order.Product.Version),
                ("$rewrite", rewrite.Name));
            return null;
        }
        _file.Number("INSERT INTO cards (customer, issuer, sequence) VALUES ($customer, $issuer, $sequence)",
            ("$customer", order.Customer), ("$issuer", order.Issuer?.Value ?? ""), ("$sequence", order.Sequence));
        if (!order.AccountDigest.IsEmpty)
        {
            _file.Number("INSERT INTO accounts (digest, order_id) VALUES ($digest, $order) ON CONFLICT DO NOTHING",
                ("$digest", order.AccountDigest), ("$order", order.Order));
        }
        return null;
    });

    public void Dispose()
    {
        _connection.Dispose();
        File.Delete(_path);
    }

    private string? Clash(NewOrder order)
    {
        if (_file.Number("SELECT count(*) FROM orders WHERE order_id = $order", ("$order", order.Order)) > 0)
            return "an earlier order of the file has its order id";
        if (order.Rewrite is not null) return null;
        var taken = _file.Number("SELECT count(*) FROM cards WHERE customer = $customer AND issuer = $issuer AND sequence = $sequence",
            ("$customer", order.Customer), ("$issuer", order.Issuer?.Value ?? ""), ("$sequence", order.Sequence));
        if (taken > 0) return $"the customer has an order with sequence number {order.Sequence} already";
        if (order.AccountDigest.IsEmpty || order.MayRepeatAccount) return null;
        return _file.First("SELECT order_id FROM accounts WHERE digest = $digest", row => row.Text("order_id")!, ("$digest", order.AccountDigest)) is { } same
            ? $"its card number and sequence number are those of order {same} of the file" : null;
    }

    private T Guarded<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (SqliteException error) when (SqliteFaults.From(error, _path) is { } fault)
        {
            throw fault;
        }
    }
}
