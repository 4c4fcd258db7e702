using System.Security.Cryptography;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Approvals;

/// <summary>What people ask for and approve, in the center's store.</summary>
public sealed class DatabaseApprovals : IApprovals
{
    private const int NonceLength = 16;

    private readonly CenterDatabase _database;
    private readonly IRecordKeys _keys;
    private readonly PeopleOptions _options;
    private readonly OrderOptions _orders;

    /// <summary>Uses an open store and an open vault.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">An option is out of its range.</exception>
    public DatabaseApprovals(CenterDatabase database, IRecordKeys keys, PeopleOptions people, OrderOptions orders)
    {
        ArgumentNullException.ThrowIfNull(database);
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(people);
        ArgumentNullException.ThrowIfNull(orders);
        people.Validate();
        orders.Validate();
        (_database, _keys, _options, _orders) = (database, keys, people, orders);
    }

    /// <inheritdoc/>
    public async Task<ApprovalResult> AskAsync(CenterPerson person, CenterAct act, string reason, CancellationToken cancellation = default)
    {
        _database.Check(person);
        ArgumentNullException.ThrowIfNull(act);
        ArgumentOutOfRangeException.ThrowIfZero(reason?.Length ?? 0, nameof(reason));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(reason!.Length, IApprovals.MaxReason, nameof(reason));
        if (await _database.ReadAsync(view => RefusalOf(view, person, act), cancellation).ConfigureAwait(false) is { } refusal) return refusal;
        var now = Stamp();
        var asked = new ApprovalRow(0, act.ToJson(), reason, person.Name, now, (now + _options.ApprovalTime).Stored(), ByteString.Own(RandomNumberGenerator.GetBytes(NonceLength)));
        if (await TryOutAsync(asked, act, cancellation).ConfigureAwait(false) is not (DeskOutcome.Done or DeskOutcome.BlockOrdered) and var impossible)
            return new ApprovalResult(ApprovalOutcome.NotPossible, Act: impossible);
        var added = await _database.WriteAsync(transaction =>
        {
            if (ApprovalRow.CountOpen(transaction, _database.Now) >= IApprovals.MaxWaiting) return null;
            var row = asked.Add(transaction, _keys);
            transaction.Log(ConsoleLog.Of("ActAsked", new { person = person.Name.Value, approval = row.Id, act = act.ToString(), reason }, act.AboutOrder, act.AboutTerminal));
            return row;
        }, cancellation).ConfigureAwait(false);
        if (added is null) return new ApprovalResult(ApprovalOutcome.TooMany);
        return new ApprovalResult(ApprovalOutcome.Done, added.Id) { PasswordHalf = act.MakesPassword ? PasswordHalves.Of(_keys, added, 1) : null };
    }

    /// <inheritdoc/>
    public async Task<ApprovalResult> ApproveAsync(CenterPerson person, long id, CancellationToken cancellation = default)
    {
        _database.Check(person);
        var asked = await _database.ReadAsync(view => ApprovalRow.Find(view, _keys, id), cancellation).ConfigureAwait(false);
        if (asked is null) return new ApprovalResult(ApprovalOutcome.NotFound, id);
        var act = CenterAct.Parse(asked.Act);
        if (asked.AskedBy == person.Name) return new ApprovalResult(ApprovalOutcome.SamePerson, id);
        var verifier = act.MakesPassword ? await VerifierAsync(asked, act, cancellation).ConfigureAwait(false) : ByteString.Empty;
        try
        {
            return await _database.WriteAsync(transaction => Approve(transaction, person, asked, act, verifier), cancellation).ConfigureAwait(false);
        }
        catch (ActUndoneException undone)
        {
            return new ApprovalResult(ApprovalOutcome.NotPossible, id, undone.Outcome);
        }
    }

    /// <inheritdoc/>
    public Task<ApprovalResult> DeclineAsync(CenterPerson person, long id, string note, CancellationToken cancellation = default)
    {
        _database.Check(person);
        ArgumentNullException.ThrowIfNull(note);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(note.Length, IApprovals.MaxReason, nameof(note));
        return _database.WriteAsync(transaction =>
        {
            if (ApprovalRow.Find(transaction, _keys, id) is not { } asked) return new ApprovalResult(ApprovalOutcome.NotFound, id);
            var act = CenterAct.Parse(asked.Act);
            var issuer = CenterActs.IssuerOf(transaction, _keys, act);
            if (!person.IsFor(issuer)) return new ApprovalResult(ApprovalOutcome.NotFound, id);
            if (!person.MayNow(transaction, asked.AskedBy == person.Name ? PersonRoles.Any : act.MayApprove, issuer))
                return new ApprovalResult(ApprovalOutcome.NotAllowed, id);
            if (asked.State is not (ApprovalState.Waiting or ApprovalState.Approved)) return new ApprovalResult(ApprovalOutcome.Decided, id);
            (asked with { State = ApprovalState.Declined, DecidedBy = person.Name, Decided = Stamp(), Note = note }).Save(transaction, _keys);
            transaction.Log(ConsoleLog.Of(
                "ActDeclined", new { person = person.Name.Value, approval = id, askedBy = asked.AskedBy.Value, act = act.ToString(), note }, act.AboutOrder, act.AboutTerminal));
            return new ApprovalResult(ApprovalOutcome.Done, id);
        }, cancellation);
    }

    /// <inheritdoc/>
    public Task<(ApprovalOutcome Outcome, KeyApproval? Approval)> UseAsync(
        CenterPerson person, long id, CenterAct act, CancellationToken cancellation = default)
    {
        _database.Check(person);
        ArgumentNullException.ThrowIfNull(act);
        return _database.WriteAsync<(ApprovalOutcome, KeyApproval?)>(transaction =>
        {
            var (outcome, approved) = Use(transaction, _keys, person, id, act, _database.Now);
            if (approved is null) return (outcome, null);
            return (ApprovalOutcome.Done, act switch
            {
                CenterAct.MakeKey it => new KeyApproval(new KeyDeed.Make(it.KeySet, it.KeyVersion, it.CheckValue, it.Algorithm)),
                CenterAct.DestroyKey it => new KeyApproval(new KeyDeed.Destroy(it.KeySet, it.KeyVersion, it.CheckValue)),
                CenterAct.DestroyOrderKey it => new KeyApproval(new KeyDeed.DestroyOrderFileKey(it.Version, it.Certificate)),
                _ => null,
            });
        }, cancellation);
    }

    /// <summary>Uses an approved act inside the transaction of what it approves.</summary>
    /// <returns>The approval where the outcome is <see cref="ApprovalOutcome.Done"/>, else null.</returns>
    internal static (ApprovalOutcome Outcome, ApprovalRow? Approved) Use(
        StoreTransaction transaction, IRecordKeys keys, CenterPerson person, long id, CenterAct act, DateTimeOffset now)
    {
        if (ApprovalRow.Find(transaction, keys, id) is not { } approved) return (ApprovalOutcome.NotFound, null);
        var issuer = CenterActs.IssuerOf(transaction, keys, act);
        if (!person.MayNow(transaction, act.MayAsk, issuer)) return (ApprovalOutcome.NotAllowed, null);
        if (approved.State is not ApprovalState.Approved) return (ApprovalOutcome.Decided, null);
        // Both stand behind it until it is used: who was locked meanwhile, or lost the role, does not any more.
        if (!PersonRow.May(transaction, approved.AskedBy, act.MayAsk, issuer)
            || approved.DecidedBy is not { } decided || !PersonRow.May(transaction, decided, act.MayApprove, issuer))
            return (ApprovalOutcome.NotAllowed, null);
        if (approved.IsExpired(now)) return (ApprovalOutcome.Expired, null);
        if (approved.Act != act.ToJson()) return (ApprovalOutcome.NotPossible, null);
        (approved with { State = ApprovalState.Done }).Save(transaction, keys);
        transaction.Log(ConsoleLog.Of("ActUsed", new
        {
            person = person.Name.Value, approval = id, askedBy = approved.AskedBy.Value, approvedBy = approved.DecidedBy?.Value, act = act.ToString(),
        }));
        return (ApprovalOutcome.Done, approved);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ApprovalRecord>> ListAsync(bool open, CancellationToken cancellation = default) => await _database.ReadAsync(
        view => ApprovalRow.List(view, _keys, open).ConvertAll(row => Record(view, row)), cancellation).ConfigureAwait(false);

    /// <inheritdoc/>
    public Task<ApprovalRecord?> GetAsync(long id, CancellationToken cancellation = default) =>
        _database.ReadAsync(view => ApprovalRow.Find(view, _keys, id) is { } row ? Record(view, row) : null, cancellation);

    private ApprovalRecord Record(StoreView view, ApprovalRow row)
    {
        var record = row.ToRecord(_database.Now);
        return record with { Issuer = CenterActs.IssuerOf(view, _keys, record.Act) };
    }

    /// <summary>Why somebody can't ask for something: an issuer's people know of nothing that is another's. Null where he can.</summary>
    private ApprovalResult? RefusalOf(StoreView view, CenterPerson person, CenterAct act)
    {
        var issuer = CenterActs.IssuerOf(view, _keys, act);
        if (!person.MayNow(view, act.MayAsk, person.Issuer)) return new ApprovalResult(ApprovalOutcome.NotAllowed);
        return person.IsFor(issuer) ? null
            : act is CenterAct.VoidOrder or CenterAct.ReconcileOrder or CenterAct.SetRoles or CenterAct.ResetPassword or CenterAct.UnlockPerson
                ? new ApprovalResult(ApprovalOutcome.NotPossible, Act: DeskOutcome.NotFound)
                : new ApprovalResult(ApprovalOutcome.NotAllowed);
    }

    private ApprovalResult Approve(
        StoreTransaction transaction, CenterPerson person, ApprovalRow looked, CenterAct act, ByteString verifier)
    {
        var id = looked.Id;
        // What was looked at is what is approved, and what the password was made for.
        if (ApprovalRow.Find(transaction, _keys, id) is not { } asked
            || asked.Nonce != looked.Nonce || asked.Act != looked.Act || asked.AskedBy != looked.AskedBy)
            return new ApprovalResult(ApprovalOutcome.NotFound, id);
        var issuer = CenterActs.IssuerOf(transaction, _keys, act);
        if (!person.IsFor(issuer)) return new ApprovalResult(ApprovalOutcome.NotFound, id);
        if (asked.State is not ApprovalState.Waiting) return new ApprovalResult(ApprovalOutcome.Decided, id);
        if (asked.IsExpired(_database.Now)) return new ApprovalResult(ApprovalOutcome.Expired, id);
        // As they are now: who was locked meanwhile, or lost the role, agrees to nothing any more.
        if (!person.MayNow(transaction, act.MayApprove, issuer)
            || !PersonRow.May(transaction, asked.AskedBy, act.MayAsk, issuer))
            return new ApprovalResult(ApprovalOutcome.NotAllowed, id);
        var outcome = act.IsUsedLater ? DeskOutcome.Done
            : CenterActs.CarryOut(new ActContext(transaction, asked.AskedBy, person.Name, asked.Reason, verifier, _keys, _options, _orders, _database.Now), act);
        if (outcome is not (DeskOutcome.Done or DeskOutcome.BlockOrdered)) throw new ActUndoneException(outcome);
        var state = act.IsUsedLater ? ApprovalState.Approved : ApprovalState.Done;
        (asked with { State = state, DecidedBy = person.Name, Decided = Stamp() }).Save(transaction, _keys);
        transaction.Log(ConsoleLog.Of("ActApproved", new
        {
            person = person.Name.Value, approval = id, askedBy = asked.AskedBy.Value, act = act.ToString(), reason = asked.Reason, outcome,
        }, act.AboutOrder, act.AboutTerminal));
        return new ApprovalResult(act.IsUsedLater ? ApprovalOutcome.Approved : ApprovalOutcome.Done, id, outcome)
        {
            PasswordHalf = act.MakesPassword ? PasswordHalves.Of(_keys, asked, 2) : null,
        };
    }

    /// <summary>What would become of it now: the same code carries it out, and all of it is undone.</summary>
    private async Task<DeskOutcome> TryOutAsync(ApprovalRow asked, CenterAct act, CancellationToken cancellation)
    {
        if (act.IsUsedLater) return DeskOutcome.Done;
        try
        {
            return await _database.WriteAsync<DeskOutcome>(transaction => throw new ActUndoneException(CenterActs.CarryOut(
                new ActContext(transaction, asked.AskedBy, asked.AskedBy, asked.Reason, ByteString.Empty, _keys, _options, _orders, _database.Now), act)),
                cancellation).ConfigureAwait(false);
        }
        catch (ActUndoneException undone)
        {
            return undone.Outcome;
        }
    }

    private Task<ByteString> VerifierAsync(ApprovalRow asked, CenterAct act, CancellationToken cancellation)
    {
        var name = act switch { CenterAct.AddPerson it => it.Person, CenterAct.ResetPassword it => it.Person, _ => throw new InvalidOperationException($"{act} makes no password") };
        return _database.Passwords.RunAsync(() =>
        {
            using var password = PasswordHalves.Whole(_keys, asked);
            return PasswordVerifier.Make(_keys, name, password, _options.Cost);
        }, cancellation);
    }

    /// <summary>As the store keeps it: it is under the HMAC.</summary>
    private DateTimeOffset Stamp() => _database.Now.Stored();
}

/// <summary>Undoes the transaction of an act that is not possible, or was only tried out; becomes a result, never leaves the approvals.</summary>
internal sealed class ActUndoneException(DeskOutcome outcome) : Exception("An act was undone.")
{
    public DeskOutcome Outcome => outcome;
}
