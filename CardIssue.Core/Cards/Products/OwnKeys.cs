using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products;

/// <summary>What becomes of the keys that a card has when it gets keys of its own.</summary>
public enum OwnKeysPut
{
    /// <summary>The own keys come beside those that are there. A factory's keys of version FF go by themselves, on most cards.</summary>
    Add = 1,
    /// <summary>The own keys come in their place.</summary>
    Replace = 2,
}

/// <summary>
/// The keys that a product gives its cards in exchange for the transport keys that they come with (PUT KEY, GPCS §11.8), or a rewrite for
/// those that they have by then. The record with an item of <c>putKeys</c> says when.
/// </summary>
/// <param name="KeySet">The key set in the vault, by <see cref="NameRule"/>.</param>
/// <param name="KeyVersion">The key version number, 01 to 7F: in the vault and on the card.</param>
/// <param name="Diversification">How the card's own keys come from their master.</param>
/// <param name="Put">What becomes of the transport keys.</param>
/// <param name="OneByOne">One PUT KEY for each key, for cards that take no three at once.</param>
public sealed record OwnKeys(string KeySet, byte KeyVersion, KeyDiversification Diversification, OwnKeysPut Put, bool OneByOne = false)
{
    /// <summary>The keys as a card has them then: it answers and is asked for the version that they were given.</summary>
    public HeldKeySet Set => new(KeySet, KeyVersion, Diversification);
}

/// <summary>A set of keys that a card holds.</summary>
/// <param name="KeySet">The key set in the vault.</param>
/// <param name="KeyVersion">Its version in the vault.</param>
/// <param name="Diversification">How the card's keys come from the master.</param>
public readonly record struct HeldKeySet(string KeySet, byte KeyVersion, KeyDiversification Diversification)
{
    /// <summary><see cref="CardQuirks.AskedKeyVersion"/> of these keys; null for all but some transport keys.</summary>
    public byte? AskedAs { get; init; }

    /// <summary><see cref="CardQuirks.AnsweredKeyVersion"/> of these keys; null for all but some transport keys.</summary>
    public byte? AnsweredAs { get; init; }

    /// <summary>Name and version.</summary>
    public override string ToString() => $"{KeySet} {KeyVersion:X2}";
}

/// <summary>What an opening showed of the keys on the card.</summary>
/// <param name="AreOwn">
/// Whether its channel is of the card's own keys: the card made a cryptogram under them, in this opening, and says the rest under them too.
/// </param>
/// <param name="OwnIds">Which of the own keys the card said it has (key information), where it was asked; else none.</param>
internal readonly record struct KeysOnCard(bool AreOwn, ValueList<byte> OwnIds = default);
