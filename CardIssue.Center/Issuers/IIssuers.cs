using CardIssue.Center.Storage;

namespace CardIssue.Center.Issuers;

/// <summary>
/// The issuers of a center that serves several. One that names none works for one issuer, the center's own. Adding one, or key sets to one, is asked for and
/// approved (<see cref="Approvals.CenterAct.PutIssuer"/>).
/// </summary>
/// <remarks>Every call throws <see cref="StoreException"/> when the store cannot be read.</remarks>
public interface IIssuers
{
    /// <summary>The most issuers of one center.</summary>
    public const int MaxIssuers = 100;

    /// <summary>All issuers, by name.</summary>
    Task<IReadOnlyList<IssuerRecord>> ListAsync(CancellationToken cancellation = default);
}

/// <summary>Issuers in the center's store.</summary>
internal sealed class DatabaseIssuers(CenterDatabase database) : IIssuers
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<IssuerRecord>> ListAsync(CancellationToken cancellation = default) =>
        await database.ReadAsync(IssuerTable.All, cancellation).ConfigureAwait(false);
}
