using System.Net;
using System.Text.Json;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Terminals;

/// <summary>The table of terminals.</summary>
internal static class TerminalTable
{
    /// <exception cref="StoreException"><see cref="StoreFault.Altered"/>: the row is not what this center wrote.</exception>
    public static TerminalRecord? Find(StoreView view, TerminalId terminal) =>
        view.Query(SealedTable.Terminals, "terminal = $terminal", Read, ("$terminal", terminal)).FirstOrDefault();

    /// <summary>Another terminal with one of these credentials, which would be one terminal under two names; null when there is none.</summary>
    public static TerminalId? Twin(StoreView view, TerminalRecord terminal) => view.Query("""
        SELECT terminal FROM terminals WHERE terminal <> $terminal
          AND (credential_key = $credential OR agreement_key = $agreement OR (certificate = $certificate AND length(certificate) > 0)
            OR next_credential_key = $credential OR next_agreement_key = $agreement
            OR (next_certificate = $certificate AND length(next_certificate) > 0))
        ORDER BY terminal LIMIT 1
        """, row => row.Text("terminal")!, ("$terminal", terminal.Terminal), ("$credential", terminal.CredentialKey),
        ("$agreement", terminal.AgreementKey), ("$certificate", terminal.Certificate)) is [var twin] ? new TerminalId(twin) : null;

    /// <returns>How many rows it changed.</returns>
    public static int Put(StoreTransaction transaction, TerminalRecord terminal, DateTimeOffset now)
    {
        ReadOnlySpan<(string, object?)> values =
        [
            ("$terminal", terminal.Terminal), ("$lines", string.Join(' ', terminal.Lines)), ("$networks", string.Join(' ', terminal.Networks)),
            ("$credential", terminal.CredentialKey), ("$agreement", terminal.AgreementKey), ("$certificate", terminal.Certificate),
            ("$version", terminal.KeyVersion), ("$enabled", terminal.Enabled), ("$now", now), ("$revision", transaction.Generation),
        ];
        var known = transaction.Update(SealedTable.Terminals, """
            lines = $lines, networks = $networks, credential_key = $credential, agreement_key = $agreement,
              certificate = $certificate, key_version = $version, enabled = $enabled, updated_at = $now, revision = $revision,
              removed = NULL, next_credential_key = NULL, next_agreement_key = NULL, next_certificate = NULL, next_key_version = NULL
            """, "terminal = $terminal", values);
        return known > 0 ? known : transaction.Insert(SealedTable.Terminals, """
            INSERT INTO terminals (terminal, lines, networks, credential_key, agreement_key, certificate, key_version, enabled, updated_at, revision)
            VALUES ($terminal, $lines, $networks, $credential, $agreement, $certificate, $version, $enabled, $now, $revision)
            """, values).Count;
    }

    /// <returns>How many rows it changed.</returns>
    public static int Enable(StoreTransaction transaction, TerminalId terminal, bool enabled, DateTimeOffset now) => transaction.Update(
        SealedTable.Terminals, "enabled = $enabled, updated_at = $now, revision = $revision", "terminal = $terminal",
        ("$enabled", enabled), ("$now", now), ("$revision", transaction.Generation), ("$terminal", terminal));

    /// <summary>No host that serves has to know: it changes nothing of what the terminal may.</summary>
    public static void SetBranch(StoreTransaction transaction, TerminalId terminal, BranchId? branch, DateTimeOffset now) => transaction.Update(
        SealedTable.Terminals, "branch = $branch, updated_at = $now", "terminal = $terminal", ("$branch", branch), ("$now", now), ("$terminal", terminal));

    /// <summary>The keys that it may come with from now on, besides those that it has.</summary>
    public static void SetNext(StoreTransaction transaction, TerminalId terminal, TerminalKeys next, DateTimeOffset now) => transaction.Update(
        SealedTable.Terminals, """
        next_credential_key = $credential, next_agreement_key = $agreement, next_certificate = $certificate, next_key_version = $version,
          updated_at = $now, revision = $revision
        """, "terminal = $terminal",
        ("$credential", next.CredentialKey), ("$agreement", next.AgreementKey), ("$certificate", next.Certificate), ("$version", next.KeyVersion),
        ("$now", now), ("$revision", transaction.Generation), ("$terminal", terminal));

    /// <summary>It is not there any more; its row, which the log names, is.</summary>
    public static void Remove(StoreTransaction transaction, TerminalId terminal, DateTimeOffset now) => transaction.Update(
        SealedTable.Terminals, """
        enabled = 0, removed = 1, held_since = NULL, held_for = NULL, readers_version = readers_version + 1, updated_at = $now, revision = $revision,
          next_credential_key = NULL, next_agreement_key = NULL, next_certificate = NULL, next_key_version = NULL
        """, "terminal = $terminal", ("$now", now), ("$revision", transaction.Generation), ("$terminal", terminal));

    /// <summary>A set of keys as the log has it.</summary>
    public static string KeysText(TerminalKeys keys) => JsonSerializer.Serialize(new
    {
        credential = keys.CredentialKey.ToString(), agreement = keys.AgreementKey.ToString(), tlsCertificateSha256 = keys.Certificate.ToString(),
        keyVersion = keys.KeyVersion,
    });

    public static TerminalRecord Read(StoredRow row) => new(
        new TerminalId(row.Text("terminal")!),
        Lines(row),
        Networks(row),
        row.Bytes("credential_key")!.Value, row.Bytes("agreement_key")!.Value, row.Bytes("certificate") ?? ByteString.Empty, row.Int("key_version"),
        row.Int("enabled") != 0)
    {
        Hold = TerminalFaults.HoldIn(row),
        Removed = row.Long("removed") is not null,
        Branch = row.Branch(),
        Next = row.Long("next_key_version") is { } version
            ? new TerminalKeys(row.Bytes("next_credential_key")!.Value, row.Bytes("next_agreement_key")!.Value, row.Bytes("next_certificate") ?? ByteString.Empty, (int)version)
            : null,
    };

    public static ValueList<LineNumber> Lines(StoredRow row) =>
        [.. Words(row.Text("lines")!).Select(word => new LineNumber(int.Parse(word, System.Globalization.CultureInfo.InvariantCulture)))];

    public static ValueList<IPNetwork> Networks(StoredRow row) => [.. Words(row.Text("networks")!).Select(word => IPNetwork.Parse(word))];

    /// <summary>A terminal as the log has it.</summary>
    public static object View(TerminalRecord it) => new
    {
        lines = it.Lines.Select(line => line.Value), addresses = it.Networks.Select(network => network.ToString()), credential = it.CredentialKey.ToString(),
        agreement = it.AgreementKey.ToString(), tlsCertificateSha256 = it.Certificate.ToString(), keyVersion = it.KeyVersion, enabled = it.Enabled,
    };

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
