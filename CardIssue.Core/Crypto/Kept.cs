namespace CardIssue.Core.Crypto;

/// <summary>
/// An object of the library under a key, kept from one use to the next, since to make it takes longer than to use it. Its key lies in the library's own memory,
/// which clears it. Such objects are not for several threads: one that is being used is nobody else's, and who comes meanwhile gets another.
/// </summary>
internal sealed class Kept<T>(Func<T> make) : IDisposable where T : class, IDisposable
{
    private T? _free;
    private bool _isDisposed;

    /// <summary>One for the caller alone, who gives it back as it was.</summary>
    public T Take() => Interlocked.Exchange(ref _free, null) ?? make();

    /// <summary>Keeps it for the next time.</summary>
    public void GiveBack(T used)
    {
        if (Interlocked.CompareExchange(ref _free, used, null) is not null) used.Dispose();
        // Disposed meanwhile: either this sees it, or that saw what was kept.
        else if (Volatile.Read(ref _isDisposed)) Interlocked.Exchange(ref _free, null)?.Dispose();
    }

    /// <summary>Lets go of it.</summary>
    public void Dispose()
    {
        Volatile.Write(ref _isDisposed, true);
        Interlocked.Exchange(ref _free, null)?.Dispose();
    }
}
