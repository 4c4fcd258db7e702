using System.Collections.Frozen;

namespace CardIssue.Center.Storage;

/// <summary>
/// A table whose rows stand under a key of the vault: who can write the file, and has not the vault, changes none of them unnoticed.
/// </summary>
internal sealed class SealedTable
{
    public static readonly SealedTable Orders = new(0, "orders", "order_id", isSmall: false, [
        "customer", "sequence", "product", "product_version", "mode", "display", "code_verifier", "code_expires", "code_spent", "state", "held_state",
        "waiting_record", "card", "confirmed", "in_doubt", "attempt", "furthest", "unproved", "fence", "token_hash", "token_terminal", "token_operator",
        "claim_session", "claim_host", "claim_terminal", "claim_operator", "lease_until", "void_reason", "reissue_of", "put_back", "account_digest",
        "imported_at", "updated_at", "ended_at", "rewrite", "rewrite_number", "receipt", "kept_receipt", "issuer",
        "branch",
    ]);

    public static readonly SealedTable Cards = new(1, "issued_cards", "card", isSmall: false, [
        "order_id", "customer", "sequence", "standing", "issued_at", "voided_at",
    ]);

    public static readonly SealedTable Feed = new(2, "feed_outbox", "id", isSmall: false, [
        "event_id", "kind", "order_id", "customer", "sequence", "card", "at", "reason", "told_at", "issuer", "branch",
    ]);

    public static readonly SealedTable Terminals = new(3, "terminals", "terminal", isSmall: true, [
        "lines", "networks", "credential_key", "agreement_key", "certificate", "key_version", "enabled", "updated_at", "readers_version", "revision",
        "held_since", "held_for", "removed", "next_credential_key", "next_agreement_key", "next_certificate", "next_key_version",
        "branch",
    ]);

    public static readonly SealedTable Readers = new(4, "readers", "id", isSmall: true, [
        "terminal", "kind", "vendor", "model", "serial", "firmware", "ports", "without_identity", "key",
    ]);

    public static readonly SealedTable Lines = new(5, "lines", "line", isSmall: true, ["kind", "listen", "results"]);

    /// <summary>Not the tries of a password: they are counted before anybody is known, and only ever shut out.</summary>
    public static readonly SealedTable People = new(
        6, "people", "person", isSmall: true, ["roles", "verifier", "one_time", "locked", "changed_at", "mac", "issuer"], ["tries", "tried_at"]);

    public static readonly SealedTable Approvals = new(7, "approvals", "id", isSmall: true, [
        "act", "reason", "asked_by", "asked_at", "expires_at", "nonce", "state", "decided_by", "decided_at", "note", "mac",
    ]);

    public static readonly SealedTable PutBacks = new(8, "put_backs", "number", isSmall: true, [
        "found_at", "found_by", "store_id", "told_generation", "known_generation", "known_until", "raised_to", "orders", "checkpoint", "settled_at", "settled_by",
    ]);

    public static readonly SealedTable AbsentOrders = new(9, "absent_orders", "order_id", isSmall: false, ["state", "card"]);

    /// <summary>Not the tries of a code: they are counted before anybody is known, and only ever shut out.</summary>
    public static readonly SealedTable Enrolments = new(10, "enrolments", "terminal", isSmall: true, [
        "lines", "networks", "verifier", "made_by", "made_at", "expires_at", "used_at",
    ]);

    public static readonly SealedTable Issuers = new(11, "issuers", "issuer", isSmall: true, ["key_sets", "added_at"]);

    /// <summary>The center's sets of keys: what they say ends keys for good, so that only this center may write it.</summary>
    public static readonly SealedTable CenterKeys = new(12, "center_keys", "number", isSmall: true, [
        "sha256", "told_at", "told_by", "ended_at", "ended_by", "last_checkpoint", "last_generation",
    ]);

    /// <summary>All of them, by number.</summary>
    public static IReadOnlyList<SealedTable> All { get; } =
        [Orders, Cards, Feed, Terminals, Readers, Lines, People, Approvals, PutBacks, AbsentOrders, Enrolments, Issuers, CenterKeys];

    /// <summary>Where the key stands in <see cref="List"/>, and the first of the columns: a place is found quicker than a name.</summary>
    public const int KeyAt = 0, ColumnsAt = 1;

    private readonly FrozenDictionary<string, int> _places;

    private SealedTable(int number, string name, string key, bool isSmall, string[] columns, string[]? others = null)
    {
        (Number, Name, Key, IsSmall, Columns) = (number, name, key, isSmall, columns);
        string[] all = [key, .. columns, .. others ?? [], "seal_generation", "seal"];
        IsWhole = others is null;
        List = string.Join(", ", all);
        _places = all.Index().ToFrozenDictionary(column => column.Item, column => column.Index, StringComparer.Ordinal);
    }

    /// <summary>Its place among the sums: never change one.</summary>
    public int Number { get; }

    /// <summary>Its name in the database.</summary>
    public string Name { get; }

    /// <summary>The column that its rows are known by; never changed.</summary>
    public string Key { get; }

    /// <summary>Whether it is so small that all of it is looked at whenever the store is opened.</summary>
    public bool IsSmall { get; }

    /// <summary>
    /// The columns that are under the seal, besides <see cref="Key"/>. Not there is not the same as any value; a new column that is NULL
    /// changes no seal.
    /// </summary>
    public IReadOnlyList<string> Columns { get; }

    /// <summary>What is read of a row: key, columns, those that are not under the seal, seal.</summary>
    public string List { get; }

    /// <summary>Whether all that is read of a row, but its seal, is under it: then nothing of it is written but together with that.</summary>
    public bool IsWhole { get; }

    /// <summary>A statement that reads rows.</summary>
    /// <param name="where">Which.</param>
    public string SelectWhere(string where) => $"SELECT {List} FROM {Name} WHERE {where}";

    /// <summary>How many columns <see cref="List"/> has.</summary>
    public int Width => _places.Count;

    /// <summary>Where a column stands in <see cref="List"/>.</summary>
    /// <exception cref="KeyNotFoundException">It does not.</exception>
    public int PlaceOf(string column) => _places[column];

    /// <summary>Whether a column is read with a row.</summary>
    public bool Has(string column) => _places.ContainsKey(column);
}
