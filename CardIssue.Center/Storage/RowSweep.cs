using CardIssue.Core.Primitives;

namespace CardIssue.Center.Storage;

/// <summary>What is wrong with a sealed table.</summary>
/// <param name="In">The table.</param>
/// <param name="Row">The row that is not what this center wrote; null when rows are missing, or older ones were put back.</param>
/// <param name="Text">In words.</param>
internal sealed record RowFinding(SealedTable In, string? Row, string Text);

/// <summary>Looks at all rows of sealed tables, one at a time, and at what they come to.</summary>
internal static class RowSweep
{
    /// <summary>The most rows of one table that are named.</summary>
    public const int MaxNamed = 1_000;

    /// <summary>What is found; nothing is changed. Without the vault nothing can be.</summary>
    public static IReadOnlyList<RowFinding> Run(StoreView store, RowSeals seals, ByteString storeId, IEnumerable<SealedTable> tables)
    {
        if (!seals.HasKey || store.ReadSums(seals, storeId, CenterDatabase.GenerationIn(store)) is not { } latest) return [];
        var findings = new List<RowFinding>();
        var found = new RowSums();
        foreach (var table in tables) Look(store, seals, table, latest, found, findings);
        return findings;
    }

    /// <summary>
    /// Says in the log what is found. Where orders, cards or what the issuer is to be told are missing or older, that is a put-back of a
    /// part of the store, and is dealt with
    /// as one: an order may be issued on a card that the store does not know.
    /// </summary>
    /// <returns>How many things were found.</returns>
    public static int Settle(StoreTransaction store, RowSeals seals, IStoreGuard guard)
    {
        var (findings, found) = (new List<RowFinding>(), new RowSums());
        foreach (var table in SealedTable.All) Look(store, seals, table, store.Sums!, found, findings);
        foreach (var finding in findings)
            store.Log("store", finding.Row is null ? "RowsMissing" : "RowAltered", new { table = finding.In.Name, row = finding.Row });
        var parts = findings.Where(finding => finding.Row is null && !finding.In.IsSmall).Select(finding => finding.In).ToList();
        if (parts.Count == 0) return findings.Count;
        foreach (var table in parts) store.Accept(table, found);
        var what = $"rows of {string.Join(", ", parts.Select(table => table.Name))} that are missing or older than this center's latest commit";
        guard.PutBack(store, what, 0, CenterDatabase.IdIn(store), null, null);
        return findings.Count;
    }

    private static void Look(StoreView store, RowSeals seals, SealedTable table, RowSums latest, RowSums found, List<RowFinding> findings)
    {
        var (altered, rows) = (0, 0L);
        foreach (var (text, seal) in store.Rows(table, row => (Judge(seals, table, row), row.Bytes("seal"))))
        {
            rows++;
            // A row that was changed under its seal is named; that the sum fits all the same says that nothing else is wrong.
            if (seal is { } its) found.Add(table, seals.TermOf(its.Span));
            if (text is not null && altered++ < MaxNamed)
                findings.Add(new RowFinding(table, text, $"{text} {RowSeals.NotOurs}"));
        }
        if (!latest.IsEqual(table, found)) findings.Add(new RowFinding(table, null,
            $"the table {table.Name} has {rows} rows, and this center's latest commit left {latest.CountOf(table)}: "
            + "rows were deleted, or older ones put back"));
    }

    private static string? Judge(RowSeals seals, SealedTable table, StoredRow row)
    {
        if (!seals.Fits(table, row)) return RowSeals.Place(table, row);
        if (table.IsSmall) seals.See(table, row);
        return null;
    }
}
