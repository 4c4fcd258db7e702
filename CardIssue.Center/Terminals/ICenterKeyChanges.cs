using CardIssue.Center.People;
using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Terminals;

/// <summary>
/// Which of the center's sets of keys count, for all hosts, and which one each terminal came with last: what people need to know before they end
/// those of before.
/// </summary>
/// <remarks>Every call throws <see cref="Storage.StoreException"/> when the store cannot be read or written.</remarks>
public interface ICenterKeyChanges
{
    /// <summary>A terminal that was let in came with this set; the same again writes nothing.</summary>
    Task CameWithKeysAsync(TerminalId terminal, int number, CancellationToken cancellation = default);

    /// <summary>What terminals came with last, by terminal; one that came with the set that the center was made with alone has no entry.</summary>
    Task<IReadOnlyDictionary<TerminalId, int>> KeysTerminalsCameWithAsync(CancellationToken cancellation = default);

    /// <summary>Which sets count. Hosts ask every <see cref="Sessions.CenterSessionOptions.RegistryLook"/>.</summary>
    Task<CenterKeysStanding> KeysStandingAsync(CancellationToken cancellation = default);

    /// <summary>Has all hosts tell terminals of a set, and serve who comes with it. One that was told before stays what it is.</summary>
    /// <param name="keys">The set, which their vaults have as the next one.</param>
    /// <param name="person">A key custodian.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<TerminalChange> TellKeysAsync(NamedKeys keys, CenterPerson person, CancellationToken cancellation = default);

    /// <summary>
    /// Ends all sets before one that terminals were told of: from now on it counts alone, and what those before signed counts up to now. Hosts destroy
    /// them. Once more changes nothing.
    /// </summary>
    /// <param name="keys">The set that counts alone.</param>
    /// <param name="person">A key custodian.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns><see cref="TerminalChange.NotFound"/> where terminals were not told of it.</returns>
    Task<TerminalChange> EndKeysBeforeAsync(NamedKeys keys, CenterPerson person, CancellationToken cancellation = default);
}
