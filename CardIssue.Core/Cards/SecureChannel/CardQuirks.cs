namespace CardIssue.Core.Cards.SecureChannel;

/// <summary>
/// In what a card departs from Amendment D, or from what most cards do. Its product says so; nothing is guessed from what the card
/// answers.
/// </summary>
/// <param name="AskedKeyVersion">P1 of INITIALIZE UPDATE where it is not the key version itself: 00 for a card that knows its keys only
/// as its default ones. Null: the key version.</param>
/// <param name="AnsweredKeyVersion">The key version number that the card answers for these keys where it is not the one that they go by
/// at the center: FF or 00, often, for a
/// factory's keys. Null: the key version.</param>
/// <param name="CountsEmptyCommands">False for cards that forget to count commands without data (Amendment D §6.2.6); both ends of the
/// channel must know.</param>
public sealed record CardQuirks(byte? AskedKeyVersion = null, byte? AnsweredKeyVersion = null, bool CountsEmptyCommands = true)
{
    /// <summary>A card like most.</summary>
    internal static CardQuirks None { get; } = new();
}
