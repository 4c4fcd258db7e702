using CardIssue.Center.People;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Terminals;

/// <summary>The table of the center's sets of keys that terminals were told of, the first one of all excepted.</summary>
internal static class CenterKeyTable
{
    /// <exception cref="StoreException"><see cref="StoreFault.Altered"/>: a row is not what this center wrote.</exception>
    public static CenterKeysStanding Standing(StoreView store)
    {
        var rows = store.Query(SealedTable.CenterKeys, "1 = 1 ORDER BY number", Read);
        var alone = rows.FindLast(row => row.IsAlone);
        return new CenterKeysStanding(rows.Count == 0 ? null : rows[^1].Keys, alone?.Keys, alone?.LastCheckpoint ?? 0, alone?.LastGeneration ?? 0);
    }

    /// <summary>The number of the set that alone counts; 0 for the one that the center was made with.</summary>
    public static int Alone(StoreView store) => Standing(store).Alone?.Number ?? 0;

    /// <summary>A set is told from now on.</summary>
    public static void Tell(StoreTransaction store, NamedKeys keys, CenterPerson person) => store.Insert(
        SealedTable.CenterKeys, "INSERT INTO center_keys (number, sha256, told_at, told_by) VALUES ($number, $sha256, $now, $person)",
        ("$number", keys.Number), ("$sha256", keys.Sha256), ("$now", store.Now), ("$person", person.Name.Value));

    /// <summary>A set counts alone from now on.</summary>
    public static void EndBefore(StoreTransaction store, NamedKeys keys, long lastCheckpoint, CenterPerson person) => store.Update(
        SealedTable.CenterKeys, "ended_at = $now, ended_by = $person, last_checkpoint = $checkpoint, last_generation = $generation", "number = $number",
        ("$number", keys.Number), ("$now", store.Now), ("$person", person.Name.Value), ("$checkpoint", lastCheckpoint), ("$generation", store.Generation));

    private sealed record KeysRow(NamedKeys Keys, bool IsAlone, long LastCheckpoint, long LastGeneration);

    private static KeysRow Read(StoredRow row) => new(
        new NamedKeys(row.Int("number"), row.Bytes("sha256")!.Value), row.Long("ended_at") is not null, row.Long("last_checkpoint") ?? 0,
        row.Long("last_generation") ?? 0);
}
