using CardIssue.Center.People;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Terminals;

/// <summary>
/// The center's certificates, in the center's store. No seals: who can write the store can have hosts change over too early, and terminals that
/// have not heard shut out, as he can by taking them away; no certificate comes from here.
/// </summary>
public sealed partial class DatabaseTerminalRegistry
{
    /// <inheritdoc/>
    public Task KeepsCertificateAsync(TerminalId terminal, int number, CancellationToken cancellation = default) =>
        NoteNumberAsync("kept_certificates", terminal, number, "CenterCertificateKept", cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<TerminalId, int>> KeptCertificatesAsync(CancellationToken cancellation = default) =>
        NumbersAsync("kept_certificates", cancellation);

    /// <inheritdoc/>
    public async Task<int> CertificateInForceAsync(CancellationToken cancellation = default) =>
        await database.ReadAsync(store => (int)store.Number("SELECT certificate FROM store_meta"), cancellation).ConfigureAwait(false);

    /// <inheritdoc/>
    public Task<TerminalChange> ChangeCertificateAsync(int number, CenterPerson person, CancellationToken cancellation = default) =>
        ChangeAsync(person, store =>
        {
            if (store.Execute("UPDATE store_meta SET certificate = $number WHERE certificate < $number", ("$number", number)) == 1)
                store.Log(ConsoleLog.Of("CenterCertificateChanged", new { person = person.Name.Value, number }));
            return TerminalChange.Done;
        }, cancellation, PersonRoles.KeyCustodian);

    /// <summary>Notes in a table which of the center's certificates or sets of keys a terminal came with; the same again writes nothing.</summary>
    private async Task NoteNumberAsync(string table, TerminalId terminal, int number, string kind, CancellationToken cancellation)
    {
        var before = await database.ReadAsync(
            store => store.Number($"SELECT number FROM {table} WHERE terminal = $terminal", ("$terminal", terminal)), cancellation).ConfigureAwait(false);
        if (before == number) return;
        await database.WriteAsync(store =>
        {
            store.Execute($"""
                INSERT INTO {table} (terminal, number, at) VALUES ($terminal, $number, $now)
                ON CONFLICT (terminal) DO UPDATE SET number = $number, at = $now
                """, ("$terminal", terminal), ("$number", number), ("$now", database.Now));
            store.Log("terminals", kind, new { terminal = terminal.Value, number });
            return true;
        }, cancellation).ConfigureAwait(false);
    }

    private async Task<IReadOnlyDictionary<TerminalId, int>> NumbersAsync(string table, CancellationToken cancellation) => await database.ReadAsync(
        store => store.Query($"SELECT terminal, number FROM {table}", row => (Terminal: new TerminalId(row.Text("terminal")!), Number: row.Int("number")))
            .ToDictionary(row => row.Terminal, row => row.Number), cancellation).ConfigureAwait(false);
}
