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
    internal CenterPerson(PersonName name, PersonRoles roles, ByteString center, IssuerId? issuer = null) =>
        (Name, Roles, Center, Issuer) = (name, roles, center, issuer);

    /// <summary>Who it is.</summary>
    public PersonName Name { get; }

    /// <summary>What the person could do when he was verified.</summary>
    internal PersonRoles Roles { get; }

    /// <summary>Whose people he is one of; null for the center's own, who are there for all issuers. An account's issuer never changes.</summary>
    public IssuerId? Issuer { get; }

    /// <summary>The store that knows the person.</summary>
    internal ByteString Center { get; }

    /// <summary>Whether the person had one of these roles when he was verified.</summary>
    public bool Has(PersonRoles any) => (Roles & any) != 0;

    /// <summary>Whether what is an issuer's concerns him, and may be shown to him: his own issuer's; to the center's own people everything.</summary>
    /// <param name="issuer">Whose it is; null for the center's own, which concerns no issuer's people.</param>
    public bool IsFor(IssuerId? issuer) => Issuer is null || Issuer == issuer;

    /// <summary>
    /// Whether he had, and has it still: in the transaction of what he does. What is not said to be an issuer's is the center's own, and for
    /// its own people alone.
    /// </summary>
    /// <exception cref="StoreException"><see cref="StoreFault.Altered"/>: the account is not what this center wrote.</exception>
    internal bool MayNow(StoreView store, PersonRoles any, IssuerId? issuer = null) =>
        Has(any) && IsFor(issuer) && PersonRow.May(store, Name, any, issuer);

    /// <inheritdoc/>
    public override string ToString() => Name.Value;
}
