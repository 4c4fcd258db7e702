using System.Data.Common;
using CardIssue.Center.Storage;

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
        database.ReadAsync(connection => Find(connection, product), cancellation);

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
        if (Find(connection, product.Ref) is { } known)
            return known == product ? null : $"product {product.Ref} is there already with other content; a change needs a new version";
        return ProgramTable.FaultOf(connection, product);
    }

    internal static ProductRecord? Find(StoreView connection, ProductRef product) => connection.First(
        "SELECT * FROM products WHERE name = $name AND version = $version", Read, ("$name", product.Name), ("$version", product.Version));

    private static ProductRecord Read(DbDataReader row) =>
        new(new ProductRef(row.Text("name")!, row.Int("version")), (ProductMode)row.Int("mode"), row.Bytes("body")!.Value);
}
