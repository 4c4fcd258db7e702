using CardIssue.Center.Issuers;
using CardIssue.Center.Storage;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Products;

/// <summary>The card products that the center knows.</summary>
public interface IProductStore
{
    /// <summary>Adds a version; the same one again is harmless.</summary>
    /// <returns>Null when it is there now; else why not.</returns>
    /// <exception cref="StoreException">It could not be saved.</exception>
    Task<string?> AddAsync(ProductRecord product, CancellationToken cancellation = default);

    /// <summary>One version, or null.</summary>
    Task<ProductRecord?> GetAsync(ProductRef product, CancellationToken cancellation = default);

    /// <summary>All, by name and version.</summary>
    Task<IReadOnlyList<ProductRecord>> ListAsync(CancellationToken cancellation = default);
}

/// <summary>Products in the center's store.</summary>
public sealed class DatabaseProductStore(CenterDatabase database) : IProductStore
{
    /// <inheritdoc/>
    public async Task<string?> AddAsync(ProductRecord product, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(product);
        return await database.WriteAsync(connection => Add(connection, product, database.Now), cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<ProductRecord?> GetAsync(ProductRef product, CancellationToken cancellation = default) =>
        database.LookAsync(connection => Find(connection, product), cancellation);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ProductRecord>> ListAsync(CancellationToken cancellation = default) =>
        await database.ReadAsync(All, cancellation).ConfigureAwait(false);

    internal static IReadOnlyList<ProductRecord> All(StoreView connection) => connection.Query("SELECT * FROM products ORDER BY name, version", Read);

    internal static string? Add(StoreTransaction connection, ProductRecord product, DateTimeOffset now)
    {
        if (FaultOf(connection, product) is { } fault) return fault;
        if (Find(connection, product.Ref) is not null) return null;
        connection.Execute("INSERT INTO products (name, version, mode, body, added_at) VALUES ($name, $version, $mode, $body, $now)",
            ("$name", product.Ref.Name), ("$version", product.Ref.Version), ("$mode", product.Mode), ("$body", product.Body), ("$now", now));
        return null;
    }

    /// <summary>Why a version can't be added; null when it can, or is there already.</summary>
    internal static string? FaultOf(StoreView connection, ProductRecord product)
    {
        if (product.Fault is { } fault) return fault;
        var owners = IssuerTable.Owners(connection);
        var issuer = IssuerOf(product, owners, out var mixed);
        if (mixed is not null) return mixed;
        if (Find(connection, product.Ref) is { } known)
            return known == product ? null : $"product {product.Ref} is there already with other content; a change needs a new version";
        if (!owners.AreNone && Versions(connection, product.Ref.Name).Any(version => IssuerOf(version, owners, out _) != issuer))
            return $"product {product.Ref.Name} is another issuer's, or the center's own; a name and all its versions are one's";
        return ProgramTable.FaultOf(connection, product);
    }

    private static List<ProductRecord> Versions(StoreView connection, string name) =>
        connection.Query("SELECT * FROM products WHERE name = $name", Read, ("$name", name));

    /// <summary>Whose a product is; null for the center's own.</summary>
    internal static IssuerId? IssuerOf(ProductRecord product, KeySetOwners owners, out string? fault)
    {
        fault = null;
        // What nobody can read is issued by nobody.
        return !owners.AreNone && CardProductFile.Read(product.Body.Span, product.Ref.ToString()).Product is { } read ? owners.Of(read, out fault) : null;
    }

    /// <summary>Whether any product names a key set.</summary>
    internal static bool AnyNames(StoreView connection, string keySet) => All(connection)
        .Select(product => CardProductFile.Read(product.Body.Span, product.Ref.ToString()).Product)
        .Any(product => product is not null && KeySetOwners.KeySetsOf(product).Contains(keySet));

    internal static ProductRecord? Find(StoreView connection, ProductRef product) => connection.First(
        "SELECT * FROM products WHERE name = $name AND version = $version", Read, ("$name", product.Name), ("$version", product.Version));

    private static ProductRecord Read(StoredRow row) =>
        new(new ProductRef(row.Text("name")!, row.Int("version")), (ProductMode)row.Int("mode"), row.Bytes("body")!.Value);
}
