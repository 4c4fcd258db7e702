using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.SecureChannel;

/// <summary>The commands that open a secure channel, the same in SCP02 and SCP03 (GPCS §E.5, Amendment D §7.1).</summary>
internal static class ChannelCommands
{
    /// <summary>Length of a host challenge in bytes: SCP02, and SCP03 in S8 mode.</summary>
    public const int ChallengeLength = 8;

    /// <summary>Length of a host challenge in bytes: SCP03 in S16 mode.</summary>
    public const int LongChallengeLength = 16;

    /// <summary>INITIALIZE UPDATE.</summary>
    /// <param name="keyVersion">The key version number wanted; 00 lets the card choose.</param>
    /// <param name="hostChallenge">8 random bytes, or 16 for S16 mode, fresh for each opening.</param>
    /// <exception cref="ArgumentException">The challenge has another length.</exception>
    public static CommandApdu InitializeUpdate(byte keyVersion, ReadOnlySpan<byte> hostChallenge) => IsChallenge(hostChallenge)
        ? new CommandApdu(0x80, Instructions.InitializeUpdate, keyVersion, 0x00, ByteString.Copy(hostChallenge), CommandApdu.MaxShortLe)
        : throw new ArgumentException($"The host challenge has {ChallengeLength} bytes, or {LongChallengeLength}.", nameof(hostChallenge));

    internal static bool IsChallenge(ReadOnlySpan<byte> hostChallenge) => hostChallenge.Length is ChallengeLength or LongChallengeLength;
}
