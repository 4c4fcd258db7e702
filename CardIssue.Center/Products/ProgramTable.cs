using CardIssue.Center.Storage;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Cards.Programs;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Products;

/// <summary>
/// Programs as products need them. A file that is not what its hash says is none: so nobody who can write the store has cards loaded
/// with his own.
/// </summary>
internal static class ProgramTable
{
    /// <summary>The program of that hash; null when it is not there, or is not it.</summary>
    public static CapFile? Find(StoreView connection, ByteString sha256)
    {
        var body = connection.Query(
            "SELECT body FROM programs WHERE sha256 = $sha256", row => row.Bytes("body")!.Value, ("$sha256", sha256)) is [var found] ? found : default;
        return !body.IsEmpty && CapFile.TryRead(body, out var cap, out _) && cap.Sha256 == sha256 ? cap : null;
    }

    /// <summary>All programs that a product names, as far as they are there.</summary>
    public static CardPrograms Of(StoreView connection, CardProduct product) =>
        new(product.Programs.Select(named => Find(connection, named.Sha256)).OfType<CapFile>());

    /// <summary>The product versions that name a program.</summary>
    public static IReadOnlyList<ProductRef> UsersOf(StoreView connection, ByteString sha256) =>
        [.. DatabaseProductStore.All(connection).Where(product => Names(product, sha256)).Select(product => product.Ref)];

    /// <summary>Why a product's programs stand against taking it in; null when nothing does.</summary>
    public static string? FaultOf(StoreView connection, ProductRecord record)
    {
        if (CardProductFile.Read(record.Body.Span, record.Ref.ToString()).Product is not { Programs.Count: > 0 } product) return null;
        return ProgramRules.Check(product, Of(connection, product)) is [var fault, ..] ? $"product {record.Ref}: {fault.Message}" : null;
    }

    private static bool Names(ProductRecord record, ByteString sha256) =>
        CardProductFile.Read(record.Body.Span, record.Ref.ToString()).Product?.Programs.Any(named => named.Sha256 == sha256) ?? false;
}
