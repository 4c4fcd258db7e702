using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.SecureChannel.Scp03;

/// <summary>The first command of SCP03 and its sizes in S8 mode (GlobalPlatform Amendment D 1.1).</summary>
public static class Scp03
{
    /// <summary>Length of challenges, cryptograms and transmitted MACs in bytes: S8 mode.</summary>
    public const int ChallengeLength = 8;

    /// <summary>INS of INITIALIZE UPDATE.</summary>
    public const byte InitializeUpdateIns = 0x50;

    /// <summary>INS of EXTERNAL AUTHENTICATE.</summary>
    public const byte ExternalAuthenticateIns = 0x82;

    /// <summary>INITIALIZE UPDATE (Amendment D §7.1.1).</summary>
    /// <param name="keyVersion">The key version number wanted; 00 lets the card choose.</param>
    /// <param name="hostChallenge">8 random bytes, fresh for each opening.</param>
    /// <exception cref="ArgumentException">The challenge is not 8 bytes.</exception>
    public static CommandApdu InitializeUpdate(byte keyVersion, ReadOnlySpan<byte> hostChallenge) => hostChallenge.Length == ChallengeLength
        ? new CommandApdu(0x80, InitializeUpdateIns, keyVersion, 0x00, ByteString.Copy(hostChallenge), CommandApdu.MaxShortLe)
        : throw new ArgumentException($"The host challenge has {ChallengeLength} bytes.", nameof(hostChallenge));
}
