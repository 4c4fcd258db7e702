using CardIssue.Core.Primitives;

namespace CardIssue.Center.Vault;

/// <summary>What a card master key is for.</summary>
public enum CardKeyAlgorithm
{
    /// <summary>AES, 16 bytes.</summary>
    Aes128 = 1,
    /// <summary>AES, 24 bytes.</summary>
    Aes192 = 2,
    /// <summary>AES, 32 bytes.</summary>
    Aes256 = 3,
    /// <summary>2-key triple DES, 16 bytes.</summary>
    TripleDes = 4,
}

/// <summary>A card master key, as it may be shown.</summary>
/// <param name="KeySet">The name of its key set.</param>
/// <param name="KeyVersion">Key version number, 01 to FF.</param>
/// <param name="Algorithm">What it is for.</param>
/// <param name="CheckValue">Key check value, 3 bytes (GPCS App. B).</param>
/// <param name="Custodians">Who entered component 1, 2, ….</param>
public sealed record CardMasterKeyInfo(string KeySet, byte KeyVersion, CardKeyAlgorithm Algorithm, ByteString CheckValue, ValueList<CustodianId> Custodians);

/// <summary>A key ceremony that is under way.</summary>
/// <param name="KeySet">The key set.</param>
/// <param name="KeyVersion">Key version number, 01 to FF.</param>
/// <param name="Algorithm">What the key is for.</param>
/// <param name="Components">How many components it is made of.</param>
/// <param name="Entered">Which components are in, and by whom.</param>
public sealed record KeyCeremonyInfo(string KeySet, byte KeyVersion, CardKeyAlgorithm Algorithm, int Components, ValueList<EnteredComponent> Entered);

/// <summary>A component that was entered.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Custodian">By whom.</param>
public readonly record struct EnteredComponent(int Number, CustodianId Custodian);

/// <summary>Who keeps a component of a key. Compares without regard to case: "Ann" and "ann" are one person.</summary>
public readonly struct CustodianId : IEquatable<CustodianId>
{
    /// <summary>Checks and wraps a name.</summary>
    /// <exception cref="FormatException">Not a name by <see cref="NameRule"/>.</exception>
    public CustodianId(string value) => Value = NameRule.Accepts(value) ? value : throw new FormatException($"A custodian's name is 1 to {NameRule.MaxLength} of A-Z a-z 0-9 . _ -");

    /// <summary>The name.</summary>
    public string Value { get; }

    /// <inheritdoc/>
    public bool Equals(CustodianId other) => string.Equals(Value, other.Value, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is CustodianId other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(Value ?? "");

    /// <summary>Whether they are the same person.</summary>
    public static bool operator ==(CustodianId left, CustodianId right) => left.Equals(right);

    /// <summary>Whether they are different persons.</summary>
    public static bool operator !=(CustodianId left, CustodianId right) => !left.Equals(right);

    /// <inheritdoc/>
    public override string ToString() => Value;
}
