using CardIssue.Core.Primitives;

namespace CardIssue.Center.People;

/// <summary>
/// Somebody whose password was verified: the proof of it, which only <see cref="IPeople.AuthenticateAsync"/> makes. What people do at the center takes one.
/// It is good for one center and for what the person may do at that moment; authenticate anew for each piece of work.
/// </summary>
public sealed class CenterPerson
{
    internal CenterPerson(PersonName name, PersonRoles roles, ByteString center) => (Name, Roles, Center) = (name, roles, center);

    /// <summary>Who it is.</summary>
    public PersonName Name { get; }

    /// <summary>What the person may do.</summary>
    public PersonRoles Roles { get; }

    /// <summary>The store that knows the person.</summary>
    internal ByteString Center { get; }

    /// <summary>Whether the person has one of these roles.</summary>
    public bool Has(PersonRoles any) => (Roles & any) != 0;

    /// <inheritdoc/>
    public override string ToString() => Name.Value;
}
