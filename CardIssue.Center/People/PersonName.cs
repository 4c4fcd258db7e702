using System.Diagnostics.CodeAnalysis;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.People;

/// <summary>
/// The name of a person's account at the center, by <see cref="NameRule"/>. "Ann" and "ann" are one person, and plain letters have no second
/// spelling: there is no name that looks like another's and is not.
/// </summary>
public readonly struct PersonName : IEquatable<PersonName>
{
    /// <summary>Checks and wraps a name.</summary>
    /// <exception cref="FormatException">Not a name by <see cref="NameRule"/>.</exception>
    public PersonName(string value) => Value = NameRule.Accepts(value)
        ? value
        : throw new FormatException($"The name of a person's account is 1 to {NameRule.MaxLength} of A-Z a-z 0-9 . _ -");

    /// <summary>The name, as it was given.</summary>
    public string Value { get; }

    /// <summary>The form that is compared.</summary>
    internal string Folded => Value.ToLowerInvariant();

    /// <inheritdoc/>
    public bool Equals(PersonName other) => string.Equals(Value, other.Value, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is PersonName other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(Value ?? "");

    /// <summary>Whether they are the same person.</summary>
    public static bool operator ==(PersonName left, PersonName right) => left.Equals(right);

    /// <summary>Whether they are different persons.</summary>
    public static bool operator !=(PersonName left, PersonName right) => !left.Equals(right);

    /// <inheritdoc/>
    public override string ToString() => Value;
}
