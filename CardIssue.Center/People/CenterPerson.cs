using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.People;

/// <summary>
/// Somebody whose password was verified: the proof of it, which only <see cref="IPeople.AuthenticateAsync"/> makes. What people do at the center takes one.
/// It is good for one center. Each act looks again at the account: who was locked, or lost the role, since the proof was made does nothing
/// more.
/// </summary>
public sealed class CenterPerson
{
    internal CenterPerson(PersonName name, PersonRoles roles, ByteString center) => (Name, Roles, Center) = (name, roles, center);

    /// <summary>Who it is.</summary>
    public PersonName Name { get; }

    /// <summary>What the person could do when he was verified.</summary>
    public PersonRoles Roles { get; }

    /// <summary>The store that knows the person.</summary>
    internal ByteString Center { get; }

    /// <summary>Whether the person had one of these roles when he was verified.</summary>
    public bool Has(PersonRoles any) => (Roles & any) != 0;

    /// <summary>Whether he had, and has it still: in the transaction of what he does.</summary>
    /// <exception cref="StoreException"><see cref="StoreFault.Altered"/>: the account is not what this center wrote.</exception>
    internal bool MayNow(StoreView store, PersonRoles any) => Has(any) && PersonRow.May(store, Name, any);

    /// <inheritdoc/>
    public override string ToString() => Name.Value;
}
