using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Keys;

/// <summary>
/// Where a sealed command belongs; in any other place it does not open. Order, card and opening are in the opening's key.
/// </summary>
/// <param name="Script">The head of its script.</param>
/// <param name="Index">Its place in the script, from 0.</param>
public readonly record struct CommandContext(Script Script, int Index)
{
    /// <summary>Its number in the session.</summary>
    public int Sequence => Script.First + Index;

    /// <summary>
    /// The associated data: the CBOR array of "CardIssue 1 command", the script's head as it was sent, with its ticket, and the index. So
    /// whatever the head says is bound.
    /// </summary>
    internal byte[] ToBytes() => new Labelled(ProtocolLabels.Command).Bytes(MessageCodec.BytesOf(Script).Span).Number(Index).ToArray();
}

/// <summary>A command APDU sealed by the center for the terminal's module: ciphertext as long as the command, then 16 bytes of tag.</summary>
internal static class SealedCommand
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
