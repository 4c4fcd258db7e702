using CardIssue.Center.Products;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Cli;

namespace CardIssue.CenterHost.Orders;

/// <summary>
/// What a center has not, or has otherwise, of what a product names: the same for who checks it and who takes orders in for it.
/// </summary>
internal static class ProductLacks
{
    /// <summary>A line for each thing that a center may lack: keys, programs. With what it names, for who has no center at hand.</summary>
    private static readonly IReadOnlyList<(Func<KnownProduct, string> Names, Func<IKeyVault, KnownProduct, string?> Lack)> Needs =
    [
        (known => $"whether the vault has key {known.Product.KeySet} of version {known.Product.KeyVersion:X2}"
                + (known.Product.OwnKeys is { } own ? $" and own key {own.KeySet} of version {own.KeyVersion:X2}" : "")
                + string.Concat(known.Product.DomainsGivenKeys.Select(of => $" and key {of.KeySet} of version {of.KeyVersion:X2} for {of.Name}"))
                + ", and of the right kind",
            (vault, known) => vault.LackOf(known.Product)),
    ];

    /// <summary>What keeps cards of a product from being issued.</summary>
    public static IEnumerable<string> Of(IKeyVault vault, KnownProduct known) =>
        Needs.Select(need => need.Lack(vault, known)).OfType<string>();

    /// <summary>
    /// The keys that cards and their security domains are to get, and that are not there or will not do: a card that was begun must get
    /// them, so nothing is taken in for a product, nor for a rewrite, that names such.
    /// </summary>
    /// <param name="vault">The center's.</param>
    /// <param name="products">Products that are issued.</param>
    /// <param name="source">Where orders find theirs.</param>
    /// <param name="orders">What orders name: products, and rewrites of them.</param>
    public static IEnumerable<string> OfOwnKeys(
        IKeyVault vault, IEnumerable<KnownProduct> products, ProductSource source, IEnumerable<(string Product, string? Rewrite)> orders)
    {
        var named = orders.Select(order => (source.Find(order.Product)!.Product, order.Rewrite));
        foreach (var (product, rewrite) in products.Select(known => (known.Product, (string?)null)).Concat(named).Distinct())
        {
            var written = rewrite is null ? product : product.Rewrite(rewrite)!;
            var where = $"Product {product.Name}, {(rewrite is null ? "" : $"rewrite {rewrite}, ")}";
            if (vault.LackOfOwnKeys(written) is { } lack) yield return $"{where}ownKeys: {lack}";
            if (vault.LackOfDomainKeys(written) is { } lackOfDomain) yield return $"{where}securityDomains: {lackOfDomain}";
        }
    }

    /// <summary>What nobody can tell without a center.</summary>
    /// <param name="known">The product.</param>
    /// <param name="programs">The programs that were given.</param>
    public static IEnumerable<string> NotChecked(KnownProduct known, ProgramFiles programs) =>
    [
        .. Needs.Select(need => need.Names(known)),
        .. programs.Lacks(known.Product)
            .Select(lack => $"whether the center has {lack}, and what is in it (or give it with --program FILE)"),
        $"whether the center has {known.Record.Ref} already, with other content",
    ];

    /// <summary>What would keep a product from being taken in; null when nothing would.</summary>
    public static async Task<string?> ClashAsync(OpenCenter center, KnownProduct known, CancellationToken cancellation) =>
        await center.Products.GetAsync(known.Record.Ref, cancellation) is { } stored && stored != known.Record
            ? $"The center has {known.Record.Ref} already with other content: a change needs a new version."
            : null;
}
