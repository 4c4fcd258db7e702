using CardIssue.Center.Storage;

namespace CardIssue.Center.People;

/// <summary>What a store asks of whoever acts on it.</summary>
internal static class PersonOfStore
{
    /// <summary>Whoever acts was verified against this store.</summary>
    /// <exception cref="ArgumentException">It was another one.</exception>
    public static void Check(this CenterDatabase database, CenterPerson by)
    {
        ArgumentNullException.ThrowIfNull(by);
        if (by.Center != database.StoreId) throw new ArgumentException($"{by} was verified at another center.", nameof(by));
    }
}
