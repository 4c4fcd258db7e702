using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Keys;

/// <summary>Where a sealed command belongs. All of it is bound to the seal: in any other place it does not open.</summary>
/// <param name="Order">The order.</param>
/// <param name="Card">The card.</param>
/// <param name="Opening">The opening.</param>
/// <param name="Attempt">The attempt at the record.</param>
/// <param name="Record">The record, or 0.</param>
/// <param name="Kind">What the script is for.</param>
/// <param name="Index">The command's place in the script, from 0.</param>
/// <param name="Count">How many commands the script has.</param>
/// <param name="Last">Whether it is the last record.</param>
/// <param name="Sequence">The command's number in the session.</param>
public readonly record struct CommandContext(
    OrderId Order, CardId Card, int Opening, int Attempt, int Record, ScriptKind Kind, int Index, int Count, bool Last, int Sequence)
{
    /// <summary>The place of one command of a script.</summary>
    /// <param name="order">The order.</param>
    /// <param name="card">The card.</param>
    /// <param name="script">The script's head.</param>
    /// <param name="index">From 0.</param>
    public static CommandContext Of(OrderId order, CardId card, Script script, int index)
    {
        ArgumentNullException.ThrowIfNull(script);
        return new CommandContext(order, card, script.Opening, script.Attempt, script.Record, script.Kind, index, script.Count, script.Last, script.First + index);
    }

    /// <summary>
    /// The associated data: "CardIssue command v1", 00, order and card (each led by its length in two bytes), opening, attempt, record (4 bytes each),
    /// script kind (1), index, count (4 each), last flag (1: 00 or 01), sequence (4); big-endian.
    /// </summary>
    internal byte[] ToBytes() => new BoundFields("CardIssue command v1")
        .Text(Order.Value).Bytes(Card.Value.Span)
        .Number(Opening).Number(Attempt).Number(Record).Byte((byte)Kind)
        .Number(Index).Number(Count).Byte(Last ? (byte)1 : (byte)0).Number(Sequence)
        .ToArray();
}

/// <summary>A command APDU sealed by the center for the terminal's module: ciphertext as long as the command, then 16 bytes of tag.</summary>
public static class SealedCommand
{
    /// <summary>How many bytes a seal adds.</summary>
    public const int Overhead = OpeningKey.TagLength;

    /// <summary>Seals a command.</summary>
    /// <param name="key">The opening's key.</param>
    /// <param name="context">Where it belongs; its sequence number must rise from call to call.</param>
    /// <param name="command">The plain command APDU.</param>
    /// <param name="destination">Must hold <see cref="Overhead"/> bytes more than the command.</param>
    /// <returns>The number of bytes written.</returns>
    /// <exception cref="InvalidOperationException">The sequence number was used or passed.</exception>
    public static int Seal(OpeningKey key, in CommandContext context, ReadOnlySpan<byte> command, Span<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key.Seal(OpeningKey.Domain.Command, context.Sequence, context.ToBytes(), command, destination);
    }

    /// <summary>Opens a command.</summary>
    /// <param name="key">The opening's key.</param>
    /// <param name="context">Where it is to belong.</param>
    /// <param name="payload">What came.</param>
    /// <param name="command">Pinned memory for the plain command; the caller zeroes it.</param>
    /// <param name="length">The command's length in bytes.</param>
    /// <returns>False when it was not sealed with this key for this place, or does not fit.</returns>
    public static bool TryOpen(OpeningKey key, in CommandContext context, ReadOnlySpan<byte> payload, Span<byte> command, out int length)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key.TryOpen(OpeningKey.Domain.Command, context.Sequence, context.ToBytes(), payload, command, out length);
    }
}
