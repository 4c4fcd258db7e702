using System.Security.Cryptography;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.SecureChannel.Scp03;

/// <summary>SCP03's mutual authentication (Amendment D §6.2.2).</summary>
internal static class Scp03Opening
{
    /// <summary>The session; null when the card's cryptogram is wrong.</summary>
    public static Scp03Session? Verify(StaticKeys staticKeys, ReadOnlySpan<byte> hostChallenge, InitializeUpdateResponse answer, ChannelTerms terms)
    {
        var cardChallenge = answer.CardChallenge.Span;
        Span<byte> context = [.. hostChallenge, .. cardChallenge];
        Span<byte> cryptogram = stackalloc byte[ChannelCommands.LongChallengeLength];
        cryptogram = cryptogram[..answer.Options.ChallengeLength];
        var mac = Scp03Kdf.DeriveKey(staticKeys.Mac, Scp03Kdf.SessionMac, hostChallenge, cardChallenge);
        Scp03Kdf.Derive(mac.Span, Scp03Kdf.CardCryptogram, context, cryptogram);
        if (!CryptographicOperations.FixedTimeEquals(cryptogram, answer.CardCryptogram.Span))
        {
            mac.Dispose();
            CryptographicOperations.ZeroMemory(cryptogram);
            return null;
        }
        Scp03Kdf.Derive(mac.Span, Scp03Kdf.HostCryptogram, context, cryptogram);
        var enc = Scp03Kdf.DeriveKey(staticKeys.Enc, Scp03Kdf.SessionEnc, hostChallenge, cardChallenge);
        var rmac = Scp03Kdf.DeriveKey(staticKeys.Mac, Scp03Kdf.SessionRmac, hostChallenge, cardChallenge);
        var keys = new ChannelSessionKeys(answer.Options, terms.Level, terms.Quirks.CountsEmptyCommands, cryptogram, enc, mac, rmac);
        return new Scp03Session(keys, SecretBytes.Copy(staticKeys.Dek.Span), judgesAnswers: true);
    }
}
