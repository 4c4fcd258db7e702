using System.Security.Cryptography;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.SecureChannel.Scp03;

/// <summary>What came of an opening: a session, which only exists when the card's cryptogram was verified, or a diagnosis.</summary>
public abstract record Scp03OpenResult
{
    private protected Scp03OpenResult() { }

    /// <summary>The card knows the keys.</summary>
    public sealed record Opened : Scp03OpenResult
    {
        internal Opened(Scp03Session session, InitializeUpdateResponse answer) => (Session, Answer) = (session, answer);

        /// <summary>The session; its first command is EXTERNAL AUTHENTICATE. The caller disposes it.</summary>
        public Scp03Session Session { get; }

        /// <summary>What the card said of itself; the cryptogram proves only that it knows the keys of this diversification data.</summary>
        public InitializeUpdateResponse Answer { get; }
    }

    /// <summary>The channel can't be opened, and EXTERNAL AUTHENTICATE can't be sent.</summary>
    public sealed record Refused : Scp03OpenResult
    {
        internal Refused(OpenDiagnosis diagnosis, ushort statusWord, string detail) => (Diagnosis, StatusWord, Detail) = (diagnosis, statusWord, detail);

        /// <summary>Why.</summary>
        public OpenDiagnosis Diagnosis { get; }

        /// <summary>What the card answered to INITIALIZE UPDATE.</summary>
        public ushort StatusWord { get; }

        /// <summary>For the log: what was expected and what came; no keys, challenges or cryptograms.</summary>
        public string Detail { get; }
    }
}

/// <summary>Judges the answer to INITIALIZE UPDATE.</summary>
public static class Scp03Opening
{
    /// <summary>Verifies the card's cryptogram and makes the session.</summary>
    /// <param name="staticKeys">The card's keys; still the caller's to dispose.</param>
    /// <param name="expectedKvn">The key version number that INITIALIZE UPDATE asked for; 00 stands for that of <paramref name="staticKeys"/>.</param>
    /// <param name="hostChallenge">The 8 bytes that INITIALIZE UPDATE carried.</param>
    /// <param name="response">The card's answer to it.</param>
    /// <param name="level">The protection wanted.</param>
    /// <param name="quirks">In what the card departs from others; null when in nothing.</param>
    /// <exception cref="ArgumentException">The challenge is not 8 bytes, the keys are not of the version expected, or the level is none of SCP03.</exception>
    public static Scp03OpenResult TryOpen(
        Scp03StaticKeys staticKeys,
        byte expectedKvn,
        ReadOnlySpan<byte> hostChallenge,
        ResponseApdu response,
        SecurityLevel level,
        CardQuirks? quirks = null)
    {
        ArgumentNullException.ThrowIfNull(staticKeys);
        if (hostChallenge.Length != Scp03.ChallengeLength) throw new ArgumentException("The host challenge has 8 bytes.", nameof(hostChallenge));
        if (expectedKvn != 0 && expectedKvn != staticKeys.KeyVersion)
            throw new ArgumentException($"The keys are of version {staticKeys.KeyVersion:X2}, not {expectedKvn:X2}.", nameof(expectedKvn));
        if (!IsScp03Level(level)) throw new ArgumentException($"{(byte)level:X2} is no security level of SCP03.", nameof(level));

        quirks ??= CardQuirks.None;
        if (Diagnose(quirks.AnsweredKeyVersion ?? staticKeys.KeyVersion, response, level, out var answer) is { } refused) return refused;
        return Verify(staticKeys, hostChallenge, answer!, level, quirks.CountsEmptyCommands);
    }

    internal static bool IsScp03Level(SecurityLevel level) => level is SecurityLevel.None or SecurityLevel.CMac or SecurityLevel.CMacCEnc
        or SecurityLevel.CMacRMac or SecurityLevel.CMacCEncRMac or SecurityLevel.CMacCEncRMacREnc;

    private static Scp03OpenResult.Refused? Diagnose(byte keyVersion, ResponseApdu response, SecurityLevel level, out InitializeUpdateResponse? answer)
    {
        answer = null;
        Scp03OpenResult.Refused Refuse(OpenDiagnosis diagnosis, string detail) => new(diagnosis, response.StatusWord, detail);
        const ushort keyNotFound = 0x6A88, wrongLength = 0x6700;
        if (response.StatusWord == keyNotFound) return Refuse(OpenDiagnosis.UnknownKeyVersion, $"The card has no keys of version {keyVersion:X2}.");
        if (response.StatusWord == wrongLength) return Refuse(OpenDiagnosis.CardRefused, "INITIALIZE UPDATE was refused with 6700: the card may want S16 mode.");
        if (!response.IsOk) return Refuse(OpenDiagnosis.CardRefused, $"INITIALIZE UPDATE was refused with {response.StatusWord:X4}.");

        var data = response.Data.Span;
        const int s16Length = 45, s16SequenceLength = 48;
        if (data.Length <= InitializeUpdateResponse.ProtocolAt) return Refuse(OpenDiagnosis.MalformedResponse, $"INITIALIZE UPDATE answered {data.Length} bytes.");
        if (data[InitializeUpdateResponse.ProtocolAt] != InitializeUpdateResponse.Protocol)
            return Refuse(OpenDiagnosis.NotScp03, $"The card speaks secure channel protocol {data[InitializeUpdateResponse.ProtocolAt]:X2}.");
        if (data.Length is s16Length or s16SequenceLength) return Refuse(OpenDiagnosis.UnsupportedMode, "The card speaks S16 mode.");
        if (!InitializeUpdateResponse.TryParse(data, out answer, out var error)) return Refuse(OpenDiagnosis.MalformedResponse, error);
        if (answer.IsS16) return Refuse(OpenDiagnosis.UnsupportedMode, $"The card speaks S16 mode (i = {answer.Mode:X2}).");
        if (answer.KeyVersion != keyVersion)
            return Refuse(OpenDiagnosis.UnknownKeyVersion, $"The card answered with keys of version {answer.KeyVersion:X2}; {keyVersion:X2} was expected.");
        return answer.Supports(level) ? null
            : Refuse(OpenDiagnosis.LevelNotSupported, $"The card (i = {answer.Mode:X2}) can't protect its responses as level {(byte)level:X2} asks.");
    }

    private static Scp03OpenResult Verify(
        Scp03StaticKeys staticKeys, ReadOnlySpan<byte> hostChallenge, InitializeUpdateResponse answer, SecurityLevel level, bool countsEmptyCommands)
    {
        var cardChallenge = answer.CardChallenge.Span;
        Span<byte> context = [.. hostChallenge, .. cardChallenge];
        Span<byte> cryptogram = stackalloc byte[Scp03.ChallengeLength];
        var mac = Scp03Kdf.DeriveKey(staticKeys.Mac, Scp03Kdf.SessionMac, hostChallenge, cardChallenge);
        Scp03Kdf.Derive(mac.Span, Scp03Kdf.CardCryptogram, context, cryptogram);
        if (!CryptographicOperations.FixedTimeEquals(cryptogram, answer.CardCryptogram.Span))
        {
            mac.Dispose();
            CryptographicOperations.ZeroMemory(cryptogram);
            return new Scp03OpenResult.Refused(OpenDiagnosis.WrongCryptogram, 0x9000, "The card's cryptogram is not one of these keys.");
        }
        Scp03Kdf.Derive(mac.Span, Scp03Kdf.HostCryptogram, context, cryptogram);
        var enc = Scp03Kdf.DeriveKey(staticKeys.Enc, Scp03Kdf.SessionEnc, hostChallenge, cardChallenge);
        var rmac = Scp03Kdf.DeriveKey(staticKeys.Mac, Scp03Kdf.SessionRmac, hostChallenge, cardChallenge);
        var keys = new Scp03SessionKeys(level, countsEmptyCommands, cryptogram, enc, mac, rmac);
        return new Scp03OpenResult.Opened(new Scp03Session(keys, SecretBytes.Copy(staticKeys.Dek.Span)), answer);
    }
}
