namespace CardIssue.Test;

/// <summary>How much memory something takes: what shows work that is out of proportion, on a busy machine too.</summary>
internal static class Allocated
{
    /// <summary>Bytes that <paramref name="what"/> allocates on this thread; run once before, so that what is made only once does not
    /// count.</summary>
    public static long By(Action what)
    {
        what();
        var before = GC.GetAllocatedBytesForCurrentThread();
        what();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
