using CardIssue.Center.Products;
using CardIssue.Center.Programs;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Cards.Programs;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Orders;

/// <summary>A product as the store keeps it and as it is worked with.</summary>
internal sealed record KnownProduct(CardProduct Product, ProductRecord Record);

/// <summary>The products that orders may name: those of given files, then the newest version of each that the center has.</summary>
internal sealed class ProductSource
{
    private readonly Dictionary<string, KnownProduct> _products = new(StringComparer.Ordinal);

    /// <summary>What is wrong with the files.</summary>
    public List<FileMistake> Mistakes { get; } = [];

    /// <summary>The products of the files, which come in even where no order names them.</summary>
    public List<KnownProduct> FromFiles { get; } = [];

    /// <param name="files">The files.</param>
    /// <param name="store">The center's; null where there is none.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public static async Task<ProductSource> LoadAsync(IReadOnlyList<FileInfo> files, IProductStore? store, CancellationToken cancellation)
    {
        var source = new ProductSource();
        foreach (var file in files) source.Add(file);
        if (store is null) return source;
        foreach (var record in (await store.ListAsync(cancellation)).OrderByDescending(record => record.Ref.Version))
        {
            if (source._products.ContainsKey(record.Ref.Name)) continue;
            if (CardProductFile.Read(record.Body.Span, record.Ref.ToString()).Product is { } product) source._products.Add(record.Ref.Name, new KnownProduct(product, record));
        }
        return source;
    }

    public static (KnownProduct? Product, IReadOnlyList<FileMistake> Mistakes) Read(FileInfo file)
    {
        var bytes = InputFile.ReadAll(file.ToString(), ProductRecord.MaxBody);
        var reading = CardProductFile.Read(bytes, file.ToString());
        if (reading.Product is not { } product) return (null, Orders.Mistakes.Of(reading));
        return (new KnownProduct(product, ProductRecord.Of(product, ByteString.Own(bytes))), []);
    }

    /// <summary>The programs that the products name, as far as the center has them.</summary>
    public async Task<CardPrograms> ProgramsAsync(IProgramStore store, CancellationToken cancellation)
    {
        var programs = new List<CapFile>();
        foreach (var sha256 in _products.Values.SelectMany(known => known.Product.Programs).Select(named => named.Sha256).Distinct())
            if (await store.GetAsync(sha256, cancellation) is { } program) programs.Add(program);
        return new CardPrograms(programs);
    }

    public KnownProduct? Find(string name) => _products.GetValueOrDefault(name);

    private void Add(FileInfo file)
    {
        var (product, mistakes) = Read(file);
        Mistakes.AddRange(mistakes);
        if (product is null) return;
        FromFiles.Add(product);
        if (!_products.TryAdd(product.Product.Name, product)) throw new CommandException(ExitCode.Usage, $"{file}: product {product.Product.Name} is in another of the files too; nothing was taken in.");
    }
}
