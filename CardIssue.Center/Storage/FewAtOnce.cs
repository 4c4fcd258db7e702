namespace CardIssue.Center.Storage;

/// <summary>Runs what takes much memory and time, a few at once, whoever asks for it; the others wait their turn.</summary>
internal sealed class FewAtOnce(int most)
{
    private readonly SemaphoreSlim _turns = new(most, most);

    /// <summary>Runs it when its turn has come.</summary>
    /// <param name="work">Blocks for as long as it takes.</param>
    /// <param name="cancellation">Ends the wait; what has begun goes on to its end.</param>
    public async Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellation)
    {
        await _turns.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await Task.Run(work, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _turns.Release();
        }
    }
}
