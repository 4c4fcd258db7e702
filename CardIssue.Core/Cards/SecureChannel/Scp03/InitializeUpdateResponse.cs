using System.Diagnostics.CodeAnalysis;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.SecureChannel.Scp03;

/// <summary>The answer to INITIALIZE UPDATE in SCP03, S8 mode (Amendment D §7.1.1.6). Nothing in it is believed until the cryptogram was verified.</summary>
/// <param name="DiversificationData">Key diversification data, 10 bytes; who the card claims to be.</param>
/// <param name="KeyVersion">Key version number that the card uses.</param>
/// <param name="Mode">The parameter "i" (Amendment D table 5-1).</param>
/// <param name="CardChallenge">8 bytes.</param>
/// <param name="CardCryptogram">8 bytes.</param>
/// <param name="SequenceCounter">3 bytes when the challenge is pseudo-random, else none.</param>
public sealed record InitializeUpdateResponse(
    ByteString DiversificationData, byte KeyVersion, byte Mode, ByteString CardChallenge, ByteString CardCryptogram, ByteString SequenceCounter)
{
    /// <summary>The protocol number of SCP03, at byte 11.</summary>
    public const byte Protocol = 0x03;

    /// <summary>Length of the key diversification data in bytes.</summary>
    public const int DiversificationLength = 10;

    internal const int ProtocolAt = 11;

    private const int FixedLength = 29, SequenceLength = 3, ModeAt = 12, ChallengeAt = 13, CryptogramAt = 21;
    private const byte S16Bit = 0x01, PseudoRandomBit = 0x10, RMacBit = 0x20, REncBit = 0x40;

    /// <summary>Whether the mode asks for 16-byte challenges and MACs (bit 1; Amendment D 1.2).</summary>
    public bool IsS16 => (Mode & S16Bit) != 0;

    /// <summary>Whether the challenge comes from the sequence counter and the AID, not from a random generator.</summary>
    public bool HasPseudoRandomChallenge => (Mode & PseudoRandomBit) != 0;

    /// <summary>Whether the card can protect its responses as <paramref name="level"/> asks.</summary>
    public bool Supports(SecurityLevel level) =>
        (!level.HasRMac() || (Mode & RMacBit) != 0) && (!level.HasREnc() || (Mode & REncBit) != 0);

    /// <summary>Parses the response data, without status word.</summary>
    /// <param name="data">29 bytes, or 32 with a sequence counter.</param>
    /// <param name="response">The parts.</param>
    /// <param name="error">What is wrong, when the result is false.</param>
    public static bool TryParse(ReadOnlySpan<byte> data, [NotNullWhen(true)] out InitializeUpdateResponse? response, [NotNullWhen(false)] out string? error)
    {
        response = null;
        error = null;
        var due = data.Length > ModeAt && (data[ModeAt] & PseudoRandomBit) != 0 ? FixedLength + SequenceLength : FixedLength;
        if (data.Length != due) error = $"INITIALIZE UPDATE answered {data.Length} bytes; {due} are due.";
        else if (data[ProtocolAt] != Protocol) error = $"The card speaks secure channel protocol {data[ProtocolAt]:X2}.";
        if (error is not null) return false;
        response = new InitializeUpdateResponse(
            ByteString.Copy(data[..10]), data[10], data[ModeAt],
            ByteString.Copy(data[ChallengeAt..CryptogramAt]), ByteString.Copy(data[CryptogramAt..FixedLength]), ByteString.Copy(data[FixedLength..]));
        return true;
    }
}
