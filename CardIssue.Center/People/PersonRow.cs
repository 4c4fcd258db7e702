using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.People;

/// <summary>An account as the table has it. What it is stands under an HMAC of the vault's; its tries do not.</summary>
internal sealed record PersonRow(PersonName Name, PersonRoles Roles, ByteString Verifier, bool IsOneTime, bool IsLocked, DateTimeOffset Changed)
{
    public int Tries { get; init; }

    public DateTimeOffset? Tried { get; init; }

    /// <summary>Whose people he is one of; null for the center's own.</summary>
    public IssuerId? Issuer { get; init; }

    /// <summary>Until when too many wrong passwords shut it; null when they don't.</summary>
    public DateTimeOffset? ShutUntil(PeopleOptions options, DateTimeOffset now) =>
        Tries >= options.MaxTries && Tried + options.LockTime is { } until && until > now ? until : null;

    /// <exception cref="StoreException"><see cref="StoreFault.Altered"/>: the row is not what this center wrote.</exception>
    public static PersonRow? Find(StoreView view, IRecordKeys keys, PersonName name) =>
        view.Query(SealedTable.People, "lower(person) = lower($person)", row => Read(row, keys), ("$person", name.Value)).FirstOrDefault();

    /// <exception cref="StoreException"><see cref="StoreFault.Altered"/>: a row is not what this center wrote.</exception>
    public static List<PersonRow> All(StoreView view, IRecordKeys keys) =>
        view.Query(SealedTable.People, "1 = 1 ORDER BY lower(person) LIMIT $most", row => Read(row, keys), ("$most", IPeople.MaxPeople));

    /// <summary>
    /// Whether somebody has an account with one of these roles, that is not locked and whose password is his own, now; for what is an
    /// issuer's, or the center's own.
    /// </summary>
    /// <exception cref="StoreException"><see cref="StoreFault.Altered"/>: the row is not what this center wrote.</exception>
    public static bool May(StoreView view, PersonName name, PersonRoles any, IssuerId? issuer = null) => view.Query(
        SealedTable.People, "lower(person) = lower($person)",
        row => row.Int("locked") == 0 && row.Int("one_time") == 0 && ((PersonRoles)row.Int("roles") & any) != 0
            && (row.Issuer() is not { } his || his == issuer), ("$person", name.Value))
        .Contains(true);

    public void Add(StoreTransaction transaction, IRecordKeys keys) => transaction.Insert(SealedTable.People, """
        INSERT INTO people (person, roles, verifier, one_time, locked, changed_at, mac, issuer)
        VALUES ($person, $roles, $verifier, $once, $locked, $changed, $mac, $issuer)
        """, Values(keys));

    /// <summary>Writes what it is now; the tries begin anew.</summary>
    public void Save(StoreTransaction transaction, IRecordKeys keys) => transaction.Update(SealedTable.People,
        """
        roles = $roles, verifier = $verifier, one_time = $once, locked = $locked, changed_at = $changed, mac = $mac, tries = 0,
          tried_at = NULL
        """, "lower(person) = lower($person)", Values(keys));

    public PersonRecord ToRecord(PeopleOptions options, DateTimeOffset now) =>
        new(Name, Roles, IsOneTime, IsLocked, ShutUntil(options, now), Changed) { Issuer = Issuer };

    private (string, object?)[] Values(IRecordKeys keys) =>
    [
        ("$person", Name.Value), ("$roles", Roles), ("$verifier", Verifier), ("$once", IsOneTime), ("$locked", IsLocked), ("$changed", Changed),
        ("$mac", Fields().Make(keys)), ("$issuer", Issuer),
    ];

    private RecordMac Fields()
    {
        var fields = new RecordMac("CardIssue person v1")
            .Text(Name.Value).Number((long)Roles).Bytes(Verifier.Span).Number(IsOneTime ? 1 : 0).Number(IsLocked ? 1 : 0).Time(Changed);
        // The center's own people have the HMAC that they had before there were issuers.
        return Issuer is { } issuer ? fields.Text(issuer.Value) : fields;
    }

    private static PersonRow Read(StoredRow row, IRecordKeys keys)
    {
        var name = row.Text("person");
        var read = NameRule.Accepts(name)
            ? new PersonRow(new PersonName(name), (PersonRoles)row.Int("roles"), row.Bytes("verifier")!.Value, row.Int("one_time") != 0, row.Int("locked") != 0,
                row.Time("changed_at")!.Value) { Tries = row.Int("tries"), Tried = row.Time("tried_at"), Issuer = row.Issuer() }
            : null;
        return read is not null && read.Fields().IsRight(keys, row.Bytes("mac")!.Value) ? read : throw new StoreException(StoreFault.Altered,
            $"The account {(read is null ? "with a name that is none" : read.Name)} was not written by this center, or was changed by something that has not its vault. "
            + "Nobody is let in by it. Find out who could write the store's file, and restore the latest backup.");
    }
}
