using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Issuers;

/// <summary>The table of issuers. Which key sets are whose is under the vault's seal; a key set that is somebody's stays his.</summary>
internal static class IssuerTable
{
    /// <exception cref="StoreException"><see cref="StoreFault.Altered"/>: a row is not what this center wrote.</exception>
    public static List<IssuerRecord> All(StoreView view) => view.Query(SealedTable.Issuers, "1 = 1 ORDER BY issuer", Read);

    public static KeySetOwners Owners(StoreView view) => new(All(view));

    public static bool IsThere(StoreView view, IssuerId issuer) =>
        view.Number("SELECT count(*) FROM issuers WHERE issuer = $issuer", ("$issuer", issuer)) > 0;

    /// <summary>Adds an issuer, or key sets to one.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="issuer">With all key sets that he has then.</param>
    public static void Put(StoreTransaction transaction, IssuerRecord issuer)
    {
        ReadOnlySpan<(string, object?)> values =
            [("$issuer", issuer.Issuer), ("$key_sets", string.Join(' ', issuer.KeySets)), ("$now", transaction.Now)];
        if (transaction.Update(SealedTable.Issuers, "key_sets = $key_sets", "issuer = $issuer", values) == 0)
            transaction.Insert(SealedTable.Issuers, "INSERT INTO issuers (issuer, key_sets, added_at) VALUES ($issuer, $key_sets, $now)", values);
    }

    private static IssuerRecord Read(StoredRow row) => new(row.Issuer()!.Value, [.. row.Text("key_sets")!.Split(' ')]);
}
