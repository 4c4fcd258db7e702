using CardIssue.Center.Issuers;
using CardIssue.Center.People;
using CardIssue.Center.Products;
using CardIssue.Center.Programs;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Cards.Programs;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Orders;

/// <summary>A product as the store keeps it and as it is worked with.</summary>
internal sealed record KnownProduct(CardProduct Product, ProductRecord Record)
{
    /// <summary>What its orders are sealed for.</summary>
    public ProductTerms Terms { get; } = ProductTerms.Of(Record, Product);

    /// <summary>Whose it is; null for the center's own.</summary>
    public IssuerId? Issuer { get; init; }
}

/// <summary>The products that orders may name: those of given files, then the newest version of each that the center has.</summary>
internal sealed class ProductSource
{
    private readonly Dictionary<string, KnownProduct> _products = new(StringComparer.Ordinal);

    /// <summary>What is wrong with the files.</summary>
    public List<FileMistake> Mistakes { get; } = [];

    /// <summary>The products of the files, which come in even where no order names them.</summary>
    public List<KnownProduct> FromFiles { get; } = [];

    /// <param name="files">The files.</param>
    /// <param name="center">Whose products they may be, too, as far as they are for its person; null where there is none.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="CommandException">A file's product is not for the person.</exception>
    public static async Task<ProductSource> LoadAsync(IReadOnlyList<FileInfo> files, OpenCenter? center, CancellationToken cancellation)
    {
        var source = new ProductSource();
        var owners = center is null ? new KeySetOwners([]) : await center.OwnersAsync(cancellation);
        foreach (var file in files) source.Add(file, owners, center?.By);
        if (center is null) return source;
        foreach (var record in (await center.Products.ListAsync(cancellation)).OrderByDescending(record => record.Ref.Version))
        {
            if (source._products.ContainsKey(record.Ref.Name)) continue;
            if (CardProductFile.Read(record.Body.Span, record.Ref.ToString()).Product is not { } product) continue;
            var known = new KnownProduct(product, record) { Issuer = owners.Of(product, out _) };
            if (center.By.IsFor(known.Issuer)) source._products.Add(record.Ref.Name, known);
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

    /// <summary>The product that CSV is of: the one that was named, or the only one that names columns, of the files before the center's.</summary>
    /// <exception cref="CommandException">There is none, or there are several.</exception>
    public CardProduct OfCsv(string? name)
    {
        if (name is not null)
        {
            var named = Find(name)?.Product ?? throw new CommandException(ExitCode.Usage, $"There is no product {name}; give its file with --product.");
            return named.Csv is not null ? named
                : throw new CommandException(ExitCode.Usage, $"Product {name} says nothing of columns: give it a csv, which is a new version of it.");
        }
        List<CardProduct> ofFiles = [.. FromFiles.Select(known => known.Product).Where(product => product.Csv is not null)];
        List<CardProduct> all = ofFiles.Count > 0 ? ofFiles : [.. _products.Values.Select(known => known.Product).Where(product => product.Csv is not null)];
        return all switch
        {
            [var only] => only,
            [] => throw new CommandException(ExitCode.Usage, "No product says which columns a CSV file has: give one a csv, which is a new version of it."),
            _ => throw new CommandException(ExitCode.Usage, $"Say with --for which product the CSV file is of: {string.Join(", ", all.Select(product => product.Name))}."),
        };
    }

    private void Add(FileInfo file, KeySetOwners owners, CenterPerson? by)
    {
        var (product, mistakes) = Read(file);
        Mistakes.AddRange(mistakes);
        if (product is null) return;
        product = product with { Issuer = owners.Of(product.Product, out var mixed) };
        if (mixed is not null) throw new CommandException(ExitCode.Refused, $"{file}: {mixed}. Nothing was taken in.");
        if (by?.IsFor(product.Issuer) == false)
            throw new CommandException(ExitCode.Refused, $"{file}: product {product.Product.Name} names key sets that are not issuer {by.Issuer}'s; see issuer list. Nothing was taken in.");
        FromFiles.Add(product);
        if (!_products.TryAdd(product.Product.Name, product)) throw new CommandException(ExitCode.Usage, $"{file}: product {product.Product.Name} is in another of the files too; nothing was taken in.");
    }
}
