using System.Runtime.CompilerServices;
using CardIssue.Center.Storage;

namespace CardIssue.Center.People;

/// <summary>
/// Runs what takes a password's memory and time, a few at once in one center, whoever asks for it: logins, changes of a password, and approvals that make one.
/// </summary>
internal sealed class PasswordWork
{
    private static readonly ConditionalWeakTable<CenterDatabase, PasswordWork> Works = [];

    private readonly SemaphoreSlim _turns = new(SqlitePeople.MaxAtOnce, SqlitePeople.MaxAtOnce);

    /// <summary>The one of the center whose store this is.</summary>
    public static PasswordWork Of(CenterDatabase database) => Works.GetValue(database, static _ => new PasswordWork());

    /// <summary>Runs it when its turn has come.</summary>
    /// <param name="work">Blocks for as long as Argon2id takes.</param>
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
