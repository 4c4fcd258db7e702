using System.Runtime.CompilerServices;

namespace CardIssue.Center.Storage;

/// <summary>
/// Lists without end, a page at a time from where the page before ended: memory stays flat, and no page keeps the store's older state from being
/// cleared away. What is added or changed meanwhile is listed as it is when its page is read.
/// </summary>
internal static class RowPages
{
    /// <summary>Rows of one page.</summary>
    public const int Rows = 1_000;

    /// <summary>Reads page after page until one is empty.</summary>
    /// <param name="database">The store.</param>
    /// <param name="read">
    /// Reads at most <see cref="Rows"/> rows behind a place (null: from the start), with the place of each. A row that is none is null, and
    /// its place counts all the same.
    /// </param>
    /// <param name="from">The place behind which to begin.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async IAsyncEnumerable<T> AllAsync<TPlace, T>(
        CenterDatabase database, Func<StoreView, TPlace?, List<(TPlace Place, T? Row)>> read, TPlace? from,
        [EnumeratorCancellation] CancellationToken cancellation)
        where TPlace : class where T : class
    {
        List<(TPlace Place, T? Row)> page;
        do
        {
            page = await database.ReadAsync(store => read(store, from), cancellation).ConfigureAwait(false);
            foreach (var (place, row) in page)
            {
                from = place;
                if (row is not null) yield return row;
            }
        }
        while (page.Count == Rows);
    }
}
