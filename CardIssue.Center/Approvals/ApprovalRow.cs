using CardIssue.Center.People;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Approvals;

/// <summary>What was asked for, as the table has it, under an HMAC of the vault's.</summary>
internal sealed record ApprovalRow(long Id, string Act, string Reason, PersonName AskedBy, DateTimeOffset Asked, DateTimeOffset Expires, ByteString Nonce)
{
    public ApprovalState State { get; init; } = ApprovalState.Waiting;

    public PersonName? DecidedBy { get; init; }

    public DateTimeOffset? Decided { get; init; }

    public string Note { get; init; } = "";

    /// <exception cref="StoreException"><see cref="StoreFault.Altered"/>: the row is not what this center wrote.</exception>
    public static ApprovalRow? Find(StoreView view, IRecordKeys keys, long id) =>
        view.Query(SealedTable.Approvals, "id = $id", row => Read(row, keys), ("$id", id)).FirstOrDefault();

    /// <exception cref="StoreException"><see cref="StoreFault.Altered"/>: a row is not what this center wrote.</exception>
    public static List<ApprovalRow> List(StoreView view, IRecordKeys keys, bool open) => view.Query(SealedTable.Approvals,
        $"id IN (SELECT id FROM approvals {(open ? "WHERE state IN ($waiting, $approved) " : "")}ORDER BY id DESC LIMIT $most) ORDER BY id",
        row => Read(row, keys), ("$waiting", ApprovalState.Waiting), ("$approved", ApprovalState.Approved), ("$most", IApprovals.MaxListed));

    public static long CountOpen(StoreView view, DateTimeOffset now) => view.Number(
        "SELECT count(*) FROM approvals WHERE state IN ($waiting, $approved) AND expires_at > $now",
        ("$waiting", ApprovalState.Waiting), ("$approved", ApprovalState.Approved), ("$now", now));

    /// <summary>Puts it in, with a number of its own.</summary>
    public ApprovalRow Add(StoreTransaction transaction, IRecordKeys keys)
    {
        var added = this with
        {
            Id = (long)transaction.Insert(SealedTable.Approvals, """
                INSERT INTO approvals (act, reason, asked_by, asked_at, expires_at, nonce, state, note, mac)
                VALUES ($act, $reason, $asked_by, $asked, $expires, $nonce, $state, '', $unmade)
                """, ("$act", Act), ("$reason", Reason), ("$asked_by", AskedBy.Value), ("$asked", Asked), ("$expires", Expires), ("$nonce", Nonce),
                ("$state", State), ("$unmade", ByteString.Empty))[0],
        };
        added.Save(transaction, keys);
        return added;
    }

    /// <summary>Writes what was decided.</summary>
    public void Save(StoreTransaction transaction, IRecordKeys keys) => transaction.Update(SealedTable.Approvals,
        "state = $state, decided_by = $by, decided_at = $at, note = $note, mac = $mac", "id = $id",
        ("$state", State), ("$by", DecidedBy?.Value), ("$at", Decided), ("$note", Note), ("$mac", Fields().Make(keys)), ("$id", Id));

    public bool IsExpired(DateTimeOffset now) => State is ApprovalState.Waiting or ApprovalState.Approved && Expires <= now;

    public ApprovalRecord ToRecord(DateTimeOffset now) => new(
        Id, CenterAct.Parse(Act), Reason, AskedBy, Asked, Expires, IsExpired(now) ? ApprovalState.Expired : State, DecidedBy, Decided, Note);

    private RecordMac Fields() => new RecordMac("CardIssue approval v1").Number(Id).Text(Act).Text(Reason).Text(AskedBy.Value).Time(Asked).Time(Expires)
        .Bytes(Nonce.Span).Number((int)State).Text(DecidedBy?.Value ?? "").Time(Decided).Text(Note);

    private static ApprovalRow Read(StoredRow row, IRecordKeys keys)
    {
        var (id, asked, decided) = (row.Long("id")!.Value, row.Text("asked_by"), row.Text("decided_by"));
        var read = NameRule.Accepts(asked) && (decided is null || NameRule.Accepts(decided))
            ? new ApprovalRow(id, row.Text("act")!, row.Text("reason")!, new PersonName(asked), row.Time("asked_at")!.Value, row.Time("expires_at")!.Value,
                row.Bytes("nonce")!.Value)
            {
                State = (ApprovalState)row.Int("state"), DecidedBy = decided is null ? null : new PersonName(decided), Decided = row.Time("decided_at"),
                Note = row.Text("note")!,
            }
            : null;
        return read is not null && read.Fields().IsRight(keys, row.Bytes("mac")!.Value) ? read : throw new StoreException(StoreFault.Altered,
            $"Approval {id} was not written by this center, or was changed by something that has not its vault. Nothing is done by it. "
            + "Find out who could write the store's file, and restore the latest backup.");
    }
}
