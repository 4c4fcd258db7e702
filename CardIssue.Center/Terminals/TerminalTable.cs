using System.Data.Common;
using System.Net;
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
          AND (credential_key = $credential OR agreement_key = $agreement OR (certificate = $certificate AND length(certificate) > 0))
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
              certificate = $certificate, key_version = $version, enabled = $enabled, updated_at = $now, revision = $revision
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

    public static TerminalRecord Read(DbDataReader row) => new(
        new TerminalId(row.Text("terminal")!),
        [.. Words(row.Text("lines")!).Select(word => new LineNumber(int.Parse(word, System.Globalization.CultureInfo.InvariantCulture)))],
        [.. Words(row.Text("networks")!).Select(word => IPNetwork.Parse(word))],
        row.Bytes("credential_key")!.Value, row.Bytes("agreement_key")!.Value, row.Bytes("certificate") ?? ByteString.Empty, row.Int("key_version"),
        row.Int("enabled") != 0)
    {
        Hold = TerminalFaults.HoldIn(row),
    };

    /// <summary>A terminal as the log has it.</summary>
    public static object View(TerminalRecord it) => new
    {
        lines = it.Lines.Select(line => line.Value), addresses = it.Networks.Select(network => network.ToString()), credential = it.CredentialKey.ToString(),
        agreement = it.AgreementKey.ToString(), tlsCertificateSha256 = it.Certificate.ToString(), keyVersion = it.KeyVersion, enabled = it.Enabled,
    };

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
