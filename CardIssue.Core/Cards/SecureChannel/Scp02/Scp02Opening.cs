using System.Security.Cryptography;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.SecureChannel.Scp02;

/// <summary>SCP02's mutual authentication (GPCS §E.4.2), and its initiation without one.</summary>
internal static class Scp02Opening
{
    private const int CryptogramLength = 8, BlockLength = 8;

    /// <summary>The session; null when the card's cryptogram is wrong.</summary>
    public static Scp02Session? Verify(
        StaticKeys staticKeys, ReadOnlySpan<byte> hostChallenge, InitializeUpdateResponse answer, ScpOptions options, SecurityLevel level)
    {
        var sequence = answer.SequenceCounter.Span;
        ReadOnlySpan<byte> challenge = [.. sequence, .. answer.CardChallenge.Span];
        Span<byte> cryptogram = stackalloc byte[CryptogramLength];
        var enc = Scp02Kdf.DeriveKey(staticKeys.Enc, Scp02Kdf.Encryption, sequence);
        Cryptogram(enc, hostChallenge, challenge, cryptogram);
        if (!CryptographicOperations.FixedTimeEquals(cryptogram, answer.CardCryptogram.Span))
        {
            enc.Dispose();
            CryptographicOperations.ZeroMemory(cryptogram);
            return null;
        }
        Cryptogram(enc, challenge, hostChallenge, cryptogram);
        var keys = Derive(staticKeys, sequence, options, level, enc, cryptogram);
        return new Scp02Session(keys, DeriveDek(staticKeys, sequence, options), judgesAnswers: true);
    }

    /// <summary>A session without mutual authentication, at level 01.</summary>
    public static Scp02Session Implicit(StaticKeys staticKeys, ReadOnlySpan<byte> sequence, Aid selected, ScpOptions options)
    {
        if (sequence.Length != Scp02Kdf.SequenceLength)
            throw new ArgumentException($"The sequence counter has {Scp02Kdf.SequenceLength} bytes.", nameof(sequence));
        var enc = Scp02Kdf.DeriveKey(staticKeys.Enc, Scp02Kdf.Encryption, sequence);
        var keys = Derive(staticKeys, sequence, options, SecurityLevel.CMac, enc, []);
        var icv = options.HasIcvOverAid ? TripleDes.RetailMac(keys.Mac.Span, 0, selected.Value.Span) : 0;
        return Scp02Session.Implicit(keys, DeriveDek(staticKeys, sequence, options), icv);
    }

    private static ChannelSessionKeys Derive(
        StaticKeys staticKeys, ReadOnlySpan<byte> sequence, ScpOptions options, SecurityLevel level, SecretBytes enc, ReadOnlySpan<byte> hostCryptogram)
    {
        var key = options.HasThreeKeys ? staticKeys.Mac : staticKeys.Enc;
        return new ChannelSessionKeys(
            options, level, countsEmptyCommands: true, hostCryptogram, enc, Scp02Kdf.DeriveKey(key, Scp02Kdf.CommandMac, sequence),
            Scp02Kdf.DeriveKey(key, Scp02Kdf.ResponseMac, sequence));
    }

    private static SecretBytes DeriveDek(StaticKeys staticKeys, ReadOnlySpan<byte> sequence, ScpOptions options) =>
        Scp02Kdf.DeriveKey(options.HasThreeKeys ? staticKeys.Dek : staticKeys.Enc, Scp02Kdf.DataEncryption, sequence);

    /// <summary>The last block of triple DES in CBC mode over both challenges and a block of padding (GPCS §E.4.2.1).</summary>
    private static void Cryptogram(SecretBytes enc, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, Span<byte> cryptogram)
    {
        Span<byte> blocks = [.. first, .. second, 0x80, 0, 0, 0, 0, 0, 0, 0];
        TripleDes.EncryptCbc(enc.Span, blocks, blocks);
        blocks[^BlockLength..].CopyTo(cryptogram);
        CryptographicOperations.ZeroMemory(blocks);
    }
}
