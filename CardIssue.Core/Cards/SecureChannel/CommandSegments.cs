using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.SecureChannel;

/// <summary>
/// A DELETE, INSTALL or PUT KEY that is too long for one command, in segments (GPCS §11.1.5.1): b8 of P1 is set in all but the last. They are
/// one command for the card, which answers the others with 9000 and nothing else: secure messaging is over the whole, Lc is that of the
/// whole, and the MAC stands at the end of the last one.
/// </summary>
internal static class CommandSegments
{
    /// <summary>
    /// The most data of one command in segments, in bytes, before it is wrapped: enough for a token of RSA 4096 beside parameters.
    /// </summary>
    public const int MaxData = 4096;

    /// <summary>b8 of P1.</summary>
    public const byte MoreFollow = 0x80;

    /// <summary>Segments of encrypted data are whole blocks of either protocol.</summary>
    private const int Block = 16;

    /// <summary>Whether others follow it.</summary>
    public static bool IsSegment(byte ins, byte p1) => ins is Instructions.Delete or Instructions.Install or Instructions.PutKey && (p1 & MoreFollow) != 0;

    /// <summary>The command itself where one carries it, else its segments.</summary>
    /// <param name="command">DELETE, INSTALL or PUT KEY.</param>
    /// <param name="options">What is known of the channel.</param>
    /// <param name="level">Its security level.</param>
    /// <exception cref="ArgumentException">It has more than <see cref="MaxData"/>.</exception>
    public static IReadOnlyList<CommandApdu> Of(CommandApdu command, ScpOptions options, SecurityLevel level)
    {
        if (command.Data.Length > MaxData)
            throw new ArgumentException($"a command has {command.Data.Length} bytes of data; {MaxData} are the most");
        var most = ChannelLimits.MaxPlainData(options, level);
        var segments = new List<CommandApdu>();
        var at = 0;
        while (command.Data.Length - at > most)
        {
            var rest = command.Data.Length - at;
            // Something is left for the last one.
            var length = Math.Min(CommandApdu.MaxShortData, rest - 1);
            if (level.HasCEnc()) length = length / Block * Block;
            segments.Add(Part(command, (byte)(command.P1 | MoreFollow), command.Data.Slice(at, length)));
            at += length;
        }
        return segments.Count == 0 ? [command] : [.. segments, Part(command, command.P1, command.Data.Slice(at, command.Data.Length - at))];
    }

    private static CommandApdu Part(CommandApdu command, byte p1, ByteString data) =>
        new(command.Cla, command.Ins, p1, command.P2, data, command.Le);
}
