namespace CardIssue.Center;

/// <summary>Something that is looked at again and again while the center serves.</summary>
internal static class RepeatedLook
{
    /// <summary>Looks once; what goes wrong is told.</summary>
    public static async Task OnceAsync(Func<CancellationToken, Task> look, Action<Exception> trouble, CancellationToken cancellation)
    {
        try
        {
            await look(cancellation).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            if (!cancellation.IsCancellationRequested) trouble(e);
        }
    }

    /// <summary>Looks until it is cancelled, and then returns. What goes wrong ends nothing: the next look may do better.</summary>
    /// <param name="pause">Between two looks, and before the first.</param>
    /// <param name="time">The clock.</param>
    /// <param name="look">One look.</param>
    /// <param name="trouble">Told why a look failed; once, until it is something else or one went well: a store that is away would fill a log.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task RunAsync(
        TimeSpan pause, TimeProvider time, Func<CancellationToken, Task> look, Action<Exception> trouble, CancellationToken cancellation)
    {
        string? told = null;
        using var timer = new PeriodicTimer(pause, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
            {
                try
                {
                    await look(cancellation).ConfigureAwait(false);
                    told = null;
                }
                catch (Exception e) when (!cancellation.IsCancellationRequested)
                {
                    told = Tell(e, told, trouble);
                }
            }
        }
        catch (Exception) when (cancellation.IsCancellationRequested)
        {
            // It ends.
        }
    }

    /// <returns>What was told. A log that fails ends nothing either: it is told after the next look.</returns>
    private static string? Tell(Exception error, string? told, Action<Exception> trouble)
    {
        if (error.Message == told) return told;
        try
        {
            trouble(error);
            return error.Message;
        }
        catch (Exception)
        {
            return null;
        }
    }
}
