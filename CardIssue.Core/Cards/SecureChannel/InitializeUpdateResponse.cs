using System.Diagnostics.CodeAnalysis;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.SecureChannel;

/// <summary>The answer to INITIALIZE UPDATE (GPCS §E.5.1, Amendment D §7.1.1.6). Nothing in it is believed until the cryptogram was verified.</summary>
/// <param name="DiversificationData">Key diversification data, 10 bytes; who the card claims to be.</param>
/// <param name="KeyVersion">Key version number that the card uses.</param>
/// <param name="Protocol">The protocol.</param>
/// <param name="Mode">The parameter "i" of SCP03; 00 in SCP02, which does not tell it here.</param>
/// <param name="CardChallenge">8 bytes, in S16 mode 16; in SCP02 6, without the sequence counter.</param>
/// <param name="CardCryptogram">8 bytes, in S16 mode 16.</param>
/// <param name="SequenceCounter">SCP02: 2 bytes. SCP03: 3 bytes when the challenge is pseudo-random, else none.</param>
public sealed record InitializeUpdateResponse(
    ByteString DiversificationData,
    byte KeyVersion,
    ScpProtocol Protocol,
    byte Mode,
    ByteString CardChallenge,
    ByteString CardCryptogram,
    ByteString SequenceCounter)
{
    /// <summary>Length of the key diversification data in bytes.</summary>
    public const int DiversificationLength = 10;

    internal const int ProtocolAt = 11;

    private const int SequenceLength02 = 2, SequenceLength03 = 3, ModeAt = 12;
    private const int ChallengeAt02 = ProtocolAt + 1 + SequenceLength02, CryptogramAt02 = ChallengeAt02 + 6, Length02 = CryptogramAt02 + 8;

    /// <summary>The parameter "i" of SCP03.</summary>
    public ScpOptions Options => new(Protocol, Mode);

    /// <summary>Parses the response data, without status word.</summary>
    /// <param name="data">SCP02: 28 bytes. SCP03: 29 bytes, in S16 mode 45, and 3 more with a sequence counter.</param>
    /// <param name="response">The parts.</param>
    /// <param name="error">What is wrong, when the result is false.</param>
    public static bool TryParse(ReadOnlySpan<byte> data, [NotNullWhen(true)] out InitializeUpdateResponse? response, [NotNullWhen(false)] out string? error)
    {
        response = null;
        error = null;
        if (data.Length <= ModeAt)
        {
            error = $"INITIALIZE UPDATE answered {data.Length} bytes.";
            return false;
        }
        var options = new ScpOptions((ScpProtocol)data[ProtocolAt], data[ModeAt]);
        var due = options.Protocol switch
        {
            ScpProtocol.Scp02 => Length02,
            ScpProtocol.Scp03 => ModeAt + 1 + 2 * options.ChallengeLength + (options.HasPseudoRandomChallenge ? SequenceLength03 : 0),
            _ => 0,
        };
        if (due == 0) error = $"The card speaks secure channel protocol {data[ProtocolAt]:X2}.";
        else if (data.Length != due) error = $"INITIALIZE UPDATE answered {data.Length} bytes; {due} are due.";
        if (error is not null) return false;
        response = options.Protocol is ScpProtocol.Scp02 ? Parse02(data) : Parse03(data, options);
        return true;
    }

    private static InitializeUpdateResponse Parse02(ReadOnlySpan<byte> data) => new(
        ByteString.Copy(data[..DiversificationLength]), data[DiversificationLength], ScpProtocol.Scp02, 0, ByteString.Copy(data[ChallengeAt02..CryptogramAt02]),
        ByteString.Copy(data[CryptogramAt02..]), ByteString.Copy(data[(ProtocolAt + 1)..ChallengeAt02]));

    private static InitializeUpdateResponse Parse03(ReadOnlySpan<byte> data, ScpOptions options)
    {
        const int challengeAt = ModeAt + 1;
        var length = options.ChallengeLength;
        return new InitializeUpdateResponse(
            ByteString.Copy(data[..DiversificationLength]), data[DiversificationLength], ScpProtocol.Scp03, options.Value,
            ByteString.Copy(data.Slice(challengeAt, length)), ByteString.Copy(data.Slice(challengeAt + length, length)),
            ByteString.Copy(data[(challengeAt + 2 * length)..]));
    }
}
