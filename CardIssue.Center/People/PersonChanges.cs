using CardIssue.Center.Issuers;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.People;

/// <summary>Changes of accounts that one person asks for and another approves, inside the transaction of the approval.</summary>
internal static class PersonChanges
{
    /// <summary>Supervisors of the center's own who must be there and not locked: with fewer nothing could be approved any more.</summary>
    private const int MinSupervisors = 2;

    public static PersonOutcome Add(
        StoreTransaction transaction, IRecordKeys keys, PersonName name, PersonRoles roles, IssuerId? issuer, ByteString verifier, DateTimeOffset now)
    {
        if (issuer is { } of && !IssuerTable.IsThere(transaction, of)) return PersonOutcome.NotFound;
        if (!IsRole(roles) || transaction.Number("SELECT count(*) FROM people") >= IPeople.MaxPeople) return PersonOutcome.DoesNotFit;
        if (PersonRow.Find(transaction, keys, name) is not null) return PersonOutcome.WrongState;
        new PersonRow(name, roles, verifier, IsOneTime: true, IsLocked: false, now.Stored()) { Issuer = issuer }.Add(transaction, keys);
        return PersonOutcome.Done;
    }

    public static PersonOutcome SetRoles(StoreTransaction transaction, IRecordKeys keys, PersonName name, PersonRoles roles, DateTimeOffset now) =>
        !IsRole(roles) ? PersonOutcome.DoesNotFit
        : PersonRow.Find(transaction, keys, name) is not { } person ? PersonOutcome.NotFound
        : person.Roles == roles ? PersonOutcome.WrongState
        : Save(transaction, keys, person with { Roles = roles, Changed = now.Stored() });

    /// <summary>A new password for one who forgot his, good for changing it; a lock stays.</summary>
    public static PersonOutcome Reset(StoreTransaction transaction, IRecordKeys keys, PersonName name, ByteString verifier, DateTimeOffset now) =>
        PersonRow.Find(transaction, keys, name) is not { } person ? PersonOutcome.NotFound
        : Save(transaction, keys, person with { Verifier = verifier, IsOneTime = true, Changed = now.Stored() });

    public static PersonOutcome Unlock(StoreTransaction transaction, IRecordKeys keys, PersonName name, PeopleOptions options, DateTimeOffset now) =>
        PersonRow.Find(transaction, keys, name) is not { } person ? PersonOutcome.NotFound
        : !person.IsLocked && person.ShutUntil(options, now) is null ? PersonOutcome.WrongState
        : Save(transaction, keys, person with { IsLocked = false, Changed = now.Stored() });

    public static PersonOutcome Save(StoreTransaction transaction, IRecordKeys keys, PersonRow person)
    {
        var others = PersonRow.All(transaction, keys).Count(other => other.Name != person.Name && IsSupervisor(other));
        if (others + (IsSupervisor(person) ? 1 : 0) < MinSupervisors && PersonRow.Find(transaction, keys, person.Name) is { } before && IsSupervisor(before))
            return PersonOutcome.TooFewSupervisors;
        person.Save(transaction, keys);
        return PersonOutcome.Done;
    }

    private static bool IsSupervisor(PersonRow person) =>
        person is { IsLocked: false, IsOneTime: false, Issuer: null } && person.Roles.HasFlag(PersonRoles.Supervisor);

    private static bool IsRole(PersonRoles roles) => roles != PersonRoles.None && (roles & ~PersonRoles.Any) == 0;
}
