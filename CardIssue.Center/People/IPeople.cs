using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.People;

/// <summary>What became of a name and a password.</summary>
public abstract record PersonAuthentication
{
    private PersonAuthentication() { }

    /// <summary>It is that person.</summary>
    public sealed record Granted(CenterPerson Person) : PersonAuthentication;

    /// <summary>The password is right, and one that must be changed before anything else (<see cref="IPeople.ChangePasswordAsync"/>).</summary>
    public sealed record MustChange : PersonAuthentication;

    /// <summary>Nobody has this name, or the password is another one: which of both is not told.</summary>
    internal sealed record Refused : PersonAuthentication;

    /// <summary>The account is locked, or shut after too many wrong passwords; the password was not looked at.</summary>
    internal sealed record Locked : PersonAuthentication;
}

/// <summary>What is wrong with a new password.</summary>
public enum PasswordFault
{
    /// <summary>Nothing.</summary>
    None,
    /// <summary>It has fewer characters than <see cref="PeopleOptions.MinPassword"/>, or is one character all the way.</summary>
    TooShort,
    /// <summary>It is longer than <see cref="PeopleOptions.MaxPassword"/>.</summary>
    TooLong,
    /// <summary>It is the name, or the name with little besides.</summary>
    IsName,
    /// <summary>It is the old one.</summary>
    Same,
    /// <summary>The old password is not right, or nobody has this name.</summary>
    Refused,
    /// <summary>The account is locked or shut.</summary>
    Locked,
}

/// <summary>What became of a change of somebody's account.</summary>
public enum PersonOutcome
{
    /// <summary>Done.</summary>
    Done,
    /// <summary>Nobody has this name.</summary>
    NotFound,
    /// <summary>Somebody has this name already, or it is as it should be already.</summary>
    WrongState,
    /// <summary>Fewer than two supervisors would be left who are not locked: nothing could be approved any more.</summary>
    TooFewSupervisors,
    /// <summary>The person who asks has not the role for it.</summary>
    NotAllowed,
    /// <summary>What was given is not possible: no role, the same name twice, a password that breaks the rule.</summary>
    DoesNotFit,
}

/// <summary>Somebody who is among the first people of a center.</summary>
/// <param name="Name">The name.</param>
/// <param name="Password">The password, UTF-8; stays the caller's.</param>
public sealed record FirstPerson(PersonName Name, SecretBytes Password);

/// <summary>
/// The people who work at the center. Adding one, roles, another's password and the lifting of a lock are acts that one asks for and another approves
/// (<see cref="Approvals.IApprovals"/>).
/// </summary>
/// <remarks>
/// Every call throws <see cref="StoreException"/> when the store cannot be read or written, and when an account's row was changed by somebody who
/// has not the vault.
/// </remarks>
public interface IPeople
{
    /// <summary>The most accounts.</summary>
    public const int MaxPeople = 1_000;

    /// <summary>The fewest people that a center begins with.</summary>
    public const int MinFirst = 2;

    /// <summary>Whether there are any. As long as there are none, nothing at the center can be done but to begin.</summary>
    Task<bool> AnyAsync(CancellationToken cancellation = default);

    /// <summary>Makes the first people, all of them supervisors and key custodians; once in a center's life.</summary>
    /// <returns><see cref="PersonOutcome.WrongState"/> when there are or were people already.</returns>
    Task<PersonOutcome> BeginAsync(IReadOnlyList<FirstPerson> first, CancellationToken cancellation = default);

    /// <summary>
    /// Verifies a password. The try is counted durably before the password is looked at; a right one takes it back. It takes as long for a name that nobody has.
    /// </summary>
    /// <param name="name">The name.</param>
    /// <param name="password">The password, UTF-8; stays the caller's.</param>
    /// <param name="purpose">What it is for, such as the command; it is logged.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<PersonAuthentication> AuthenticateAsync(PersonName name, SecretBytes password, string purpose, CancellationToken cancellation = default);

    /// <summary>Changes somebody's own password, which needs the old one. The old one counts as a try, as with <see cref="AuthenticateAsync"/>.</summary>
    /// <param name="name">The name.</param>
    /// <param name="old">The old password; stays the caller's.</param>
    /// <param name="password">The new one; stays the caller's.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<PasswordFault> ChangePasswordAsync(PersonName name, SecretBytes old, SecretBytes password, CancellationToken cancellation = default);

    /// <summary>Locks an account at once; to lift that is an act that needs another's approval.</summary>
    Task<PersonOutcome> LockAsync(PersonName name, CenterPerson by, CancellationToken cancellation = default);

    /// <summary>All accounts, by name.</summary>
    Task<IReadOnlyList<PersonRecord>> ListAsync(CancellationToken cancellation = default);
}
