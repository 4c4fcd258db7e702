using CardIssue.Center.People;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Terminals;

/// <summary>
/// The center's keys, in the center's store. Which count stands under the vault's seal, for their end is for good; what terminals came with does not.
/// </summary>
public sealed partial class DatabaseTerminalRegistry
{
    /// <inheritdoc/>
    public Task CameWithKeysAsync(TerminalId terminal, int number, CancellationToken cancellation = default) =>
        NoteNumberAsync("terminal_center_keys", terminal, number, "CenterKeysProved", cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<TerminalId, int>> KeysTerminalsCameWithAsync(CancellationToken cancellation = default) =>
        NumbersAsync("terminal_center_keys", cancellation);

    /// <inheritdoc/>
    public Task<CenterKeysStanding> KeysStandingAsync(CancellationToken cancellation = default) => database.ReadAsync(CenterKeyTable.Standing, cancellation);

    /// <inheritdoc/>
    public Task<TerminalChange> TellKeysAsync(NamedKeys keys, CenterPerson person, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return ChangeAsync(person, store =>
        {
            if (CenterKeyTable.Standing(store).Told is { } told && told.Number >= keys.Number)
                return told == keys ? TerminalChange.Done : TerminalChange.NotFound;
            CenterKeyTable.Tell(store, keys, person);
            store.Log(ConsoleLog.Of("CenterKeysTold", new { person = person.Name.Value, number = keys.Number, sha256 = keys.Sha256.ToString() }));
            return TerminalChange.Done;
        }, cancellation, PersonRoles.KeyCustodian);
    }

    /// <inheritdoc/>
    public Task<TerminalChange> EndKeysBeforeAsync(NamedKeys keys, CenterPerson person, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return ChangeAsync(person, store =>
        {
            var standing = CenterKeyTable.Standing(store);
            if (standing.Alone == keys) return TerminalChange.Done;
            if (standing.Told != keys) return TerminalChange.NotFound;
            var last = LogTable.LastCheckpoint(store);
            CenterKeyTable.EndBefore(store, keys, last, person);
            store.Log(ConsoleLog.Of("CenterKeysEnded", new
            {
                person = person.Name.Value, alone = keys.Number, sha256 = keys.Sha256.ToString(), lastCheckpoint = last, lastGeneration = store.Generation,
            }));
            return TerminalChange.Done;
        }, cancellation, PersonRoles.KeyCustodian);
    }
}
