namespace CardIssue.Center.Storage;

/// <summary>
/// A store that is gone is not the store of a new center: made anew, it would take in the orders of cards that are issued. Every opening leaves the generation's
/// copy behind, so where that has a number there was a store.
/// </summary>
internal static class LostStore
{
    /// <exception cref="StoreException"><see cref="StoreFault.Lost"/>: the store is missing or empty, and there is a trace of it.</exception>
    public static void Check(StoreOptions options, IEnumerable<string> traces)
    {
        var trace = GenerationMirror.HasNumber(options.GenerationPath) ? options.GenerationPath : traces.FirstOrDefault();
        if (trace is null || StoreEngine.IsThere(options)) return;
        throw new StoreException(StoreFault.Lost,
            $"{StoreEngine.PlaceOf(options)}: is gone, but {Path.GetFullPath(trace)} shows that this center has worked. Restore the latest backup of it; its open orders are then "
            + "quarantined. Only to begin anew, knowing no order and no card of before: make another center, with a vault of its own.");
    }
}
