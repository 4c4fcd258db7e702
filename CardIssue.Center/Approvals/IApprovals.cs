using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Approvals;

/// <summary>Where something that was asked for stands. The numbers are in the store: never change one.</summary>
public enum ApprovalState
{
    /// <summary>Nobody has decided yet.</summary>
    Waiting = 1,
    /// <summary>Approved, and not used yet (<see cref="CenterAct.IsUsedLater"/>).</summary>
    Approved = 2,
    /// <summary>Carried out.</summary>
    Done = 3,
    /// <summary>Declined, or taken back by who asked.</summary>
    Declined = 4,
    /// <summary>Too old; never stored.</summary>
    Expired = 5,
}

/// <summary>What one person asked for.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Act">What is to be done.</param>
/// <param name="Reason">Why, as who asked says.</param>
/// <param name="AskedBy">Who asked.</param>
/// <param name="Asked">When.</param>
/// <param name="Expires">Until when it can be approved or used.</param>
/// <param name="State">Where it stands.</param>
/// <param name="DecidedBy">Who approved or declined it.</param>
/// <param name="Decided">When.</param>
/// <param name="Note">Why it was declined.</param>
public sealed record ApprovalRecord(
    long Id, CenterAct Act, string Reason, PersonName AskedBy, DateTimeOffset Asked, DateTimeOffset Expires, ApprovalState State, PersonName? DecidedBy,
    DateTimeOffset? Decided, string Note)
{
    /// <summary>Whose business it is: his people ask, see and decide, and the center's own. Null for the center's own.</summary>
    public IssuerId? Issuer { get; init; }
}

/// <summary>What became of asking, approving or declining.</summary>
public enum ApprovalOutcome
{
    /// <summary>Asked; or approved and carried out; or declined.</summary>
    Done,
    /// <summary>Approved; what uses it carries it out (<see cref="CenterAct.IsUsedLater"/>).</summary>
    Approved,
    /// <summary>There is none with this number.</summary>
    NotFound,
    /// <summary>Whoever asked can't approve.</summary>
    SamePerson,
    /// <summary>The person has not the role for it, is locked by now, or has a password that must be changed first; or whoever asked is or has by now.</summary>
    NotAllowed,
    /// <summary>It is too old; ask again.</summary>
    Expired,
    /// <summary>It was decided already.</summary>
    Decided,
    /// <summary>It can't be done, as <see cref="ApprovalResult.Act"/> says; nothing was changed.</summary>
    NotPossible,
    /// <summary>Too much waits; decide about some of it first.</summary>
    TooMany,
}

/// <summary>What became of asking, approving or declining.</summary>
/// <param name="Outcome">In short.</param>
/// <param name="Id">The number of what was asked for.</param>
/// <param name="Act">What became of the act itself, where it was tried.</param>
public sealed record ApprovalResult(ApprovalOutcome Outcome, long Id = 0, DeskOutcome? Act = null) : IDisposable
{
    /// <summary>
    /// For an act that makes a password: this person's half of it, ASCII. The first password is who asked's half, a hyphen, and who approved's half, so that neither of
    /// both can be the third. The caller disposes it.
    /// </summary>
    public SecretBytes? PasswordHalf { get; init; }

    /// <summary>Zeroes the half.</summary>
    public void Dispose() => PasswordHalf?.Dispose();
}

/// <summary>What undoes safety: asked for by one person, approved by another who has the role for it, and carried out in the approval's own commit.</summary>
/// <remarks>
/// Every call throws <see cref="StoreException"/> when the store cannot be read or written, and when a row was changed by somebody who has not
/// the vault.
/// </remarks>
public interface IApprovals
{
    /// <summary>The most that waits at once.</summary>
    public const int MaxWaiting = 1_000;

    /// <summary>The longest reason and note, in characters.</summary>
    public const int MaxReason = 1_000;

    /// <summary>The most that a list returns.</summary>
    public const int MaxListed = 10_000;

    /// <summary>Asks for an act that is possible now.</summary>
    /// <param name="person">Who asks.</param>
    /// <param name="act">What is to be done.</param>
    /// <param name="reason">Why; 1 to <see cref="MaxReason"/> characters.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<ApprovalResult> AskAsync(CenterPerson person, CenterAct act, string reason, CancellationToken cancellation = default);

    /// <summary>Approves, and carries it out in the same commit, if it is still possible. Both names go into log, history and feed.</summary>
    Task<ApprovalResult> ApproveAsync(CenterPerson person, long id, CancellationToken cancellation = default);

    /// <summary>Declines; who asked may, too, and so takes it back.</summary>
    /// <param name="person">Who declines.</param>
    /// <param name="id">The number.</param>
    /// <param name="note">Why; at most <see cref="MaxReason"/> characters.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<ApprovalResult> DeclineAsync(CenterPerson person, long id, string note, CancellationToken cancellation = default);

    /// <summary>Uses an approved act of a key, once: it counts as used, whatever becomes of the key then.</summary>
    /// <param name="person">Who carries it out; a key custodian.</param>
    /// <param name="id">The number.</param>
    /// <param name="act">What is about to be done; it must be what was approved.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The approval for the vault where the outcome is <see cref="ApprovalOutcome.Done"/>, else null.</returns>
    Task<(ApprovalOutcome Outcome, KeyApproval? Approval)> UseAsync(
        CenterPerson person, long id, CenterAct act, CancellationToken cancellation = default);

    /// <summary>What was asked for, oldest first, the latest <see cref="MaxListed"/>.</summary>
    /// <param name="open">Only what waits, or is approved and not used.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<IReadOnlyList<ApprovalRecord>> ListAsync(bool open, CancellationToken cancellation = default);

    /// <summary>One of them, or null.</summary>
    Task<ApprovalRecord?> GetAsync(long id, CancellationToken cancellation = default);
}
