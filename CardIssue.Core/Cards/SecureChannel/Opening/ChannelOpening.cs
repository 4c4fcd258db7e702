using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.SecureChannel.Scp02;
using CardIssue.Core.Cards.SecureChannel.Scp03;

namespace CardIssue.Core.Cards.SecureChannel.Opening;

/// <summary>Begins a session of either protocol: by judging the answer to INITIALIZE UPDATE, or from session keys.</summary>
internal static class ChannelOpening
{
    /// <summary>Verifies the card's cryptogram and makes the session.</summary>
    /// <param name="staticKeys">The card's keys; still the caller's to dispose.</param>
    /// <param name="expectedKvn">The key version number that INITIALIZE UPDATE asked for; 00 stands for that of <paramref name="staticKeys"/>.</param>
    /// <param name="hostChallenge">The 8 bytes that INITIALIZE UPDATE carried, in S16 mode 16.</param>
    /// <param name="response">The card's answer to it.</param>
    /// <param name="terms">How it is to be opened.</param>
    /// <exception cref="ArgumentException">The challenge has another length than the terms' options say, the keys are not of the version expected
    /// or not for the terms' protocol, or the level is none of it.</exception>
    public static ChannelOpenResult TryOpen(
        StaticKeys staticKeys, byte expectedKvn, ReadOnlySpan<byte> hostChallenge, ResponseApdu response, ChannelTerms terms)
    {
        ArgumentNullException.ThrowIfNull(staticKeys);
        ArgumentNullException.ThrowIfNull(terms);
        CheckArguments(staticKeys, expectedKvn, hostChallenge, terms);
        if (Diagnose(staticKeys, hostChallenge.Length, response, terms, out var answer, out var options) is { } refused) return refused;
        SecureChannelSession? session = options.Protocol is ScpProtocol.Scp02
            ? Scp02Opening.Verify(staticKeys, hostChallenge, answer!, options, terms.Level)
            : Scp03Opening.Verify(staticKeys, hostChallenge, answer!, terms);
        return session is null
            ? new ChannelOpenResult.Refused(OpenDiagnosis.WrongCryptogram, response.StatusWord, "The card's cryptogram is not one of these keys.")
            : new ChannelOpenResult.Opened(session, answer!);
    }

    /// <summary>
    /// Begins an SCP02 channel that the card opens when the first command's C-MAC is right (GPCS §E.1.2.2), at level 01. Nothing shows beforehand
    /// that the card is genuine, so the first command must be harmless, and one try of the card is spent when the keys are wrong.
    /// </summary>
    /// <param name="staticKeys">The card's keys; still the caller's to dispose.</param>
    /// <param name="sequenceCounter">The 2 bytes that GET DATA (00C1) tells.</param>
    /// <param name="selected">What is selected, which the first ICV is over where <paramref name="options"/> say so.</param>
    /// <param name="options">The parameter "i"; its bit 3 is not set.</param>
    /// <exception cref="ArgumentException">The keys are not for SCP02, the counter does not have 2 bytes, or the options are for explicit initiation.</exception>
    public static SecureChannelSession OpenImplicitly(StaticKeys staticKeys, ReadOnlySpan<byte> sequenceCounter, Aid selected, byte options)
    {
        ArgumentNullException.ThrowIfNull(staticKeys);
        var scp02 = new ScpOptions(ScpProtocol.Scp02, options);
        if (staticKeys.Protocol is not ScpProtocol.Scp02) throw new ArgumentException("These keys are not for SCP02.", nameof(staticKeys));
        if (scp02.IsExplicit) throw new ArgumentException($"{scp02} is opened by INITIALIZE UPDATE.", nameof(options));
        return Scp02Opening.Implicit(staticKeys, sequenceCounter, selected, scp02);
    }

    /// <summary>Makes a session of session keys alone, as a terminal's secure module gets them. It can't encrypt under the DEK.</summary>
    /// <param name="keys">Taken over: zeroed with the session.</param>
    public static SecureChannelSession FromSessionKeys(ChannelSessionKeys keys) => Of(keys, judgesAnswers: true);

    /// <summary>Makes a session that only wraps, without a cap on outstanding answers: in module mode the center judges them, from the same keys.</summary>
    /// <param name="keys">Taken over: zeroed with the session.</param>
    public static SecureChannelSession ForWrappingAlone(ChannelSessionKeys keys) => Of(keys, judgesAnswers: false);

    private static SecureChannelSession Of(ChannelSessionKeys keys, bool judgesAnswers)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return keys.Options.Protocol is ScpProtocol.Scp02 ? new Scp02Session(keys, null, judgesAnswers) : new Scp03Session(keys, null, judgesAnswers);
    }

    private static void CheckArguments(StaticKeys staticKeys, byte expectedKvn, ReadOnlySpan<byte> hostChallenge, ChannelTerms terms)
    {
        if (expectedKvn != 0 && expectedKvn != staticKeys.KeyVersion)
            throw new ArgumentException($"The keys are of version {staticKeys.KeyVersion:X2}, not {expectedKvn:X2}.", nameof(expectedKvn));
        if (terms.Protocol is { } wanted && wanted != staticKeys.Protocol)
            throw new ArgumentException($"The keys are for SCP{(byte)staticKeys.Protocol:X2}, not for SCP{(byte)wanted:X2}.", nameof(terms));
        var length = (terms.OptionsOf(staticKeys.Protocol) ?? new ScpOptions(staticKeys.Protocol, 0)).ChallengeLength;
        if (hostChallenge.Length != length) throw new ArgumentException($"The host challenge has {length} bytes.", nameof(hostChallenge));
        if (!ScpOptions.IsLevel(staticKeys.Protocol, terms.Level))
            throw new ArgumentException($"{(byte)terms.Level:X2} is no security level of SCP{(byte)staticKeys.Protocol:X2}.", nameof(terms));
    }

    private static ChannelOpenResult.Refused? Diagnose(
        StaticKeys staticKeys, int challengeLength, ResponseApdu response, ChannelTerms terms, out InitializeUpdateResponse? answer, out ScpOptions options)
    {
        (answer, options) = (null, default);
        ChannelOpenResult.Refused Refuse(OpenDiagnosis diagnosis, string detail) => new(diagnosis, response.StatusWord, detail);
        var keyVersion = terms.Quirks.AnsweredKeyVersion ?? staticKeys.KeyVersion;
        const ushort keyNotFound = 0x6A88, wrongLength = 0x6700;
        if (response.StatusWord == keyNotFound) return Refuse(OpenDiagnosis.UnknownKeyVersion, $"The card has no keys of version {keyVersion:X2}.");
        if (response.StatusWord == wrongLength)
            return Refuse(OpenDiagnosis.CardRefused, "INITIALIZE UPDATE was refused with 6700: the card may want the other one of S8 and S16 mode.");
        if (!response.IsOk) return Refuse(OpenDiagnosis.CardRefused, $"INITIALIZE UPDATE was refused with {response.StatusWord:X4}.");

        var data = response.Data.Span;
        if (data.Length <= InitializeUpdateResponse.ProtocolAt) return Refuse(OpenDiagnosis.MalformedResponse, $"INITIALIZE UPDATE answered {data.Length} bytes.");
        var protocol = (ScpProtocol)data[InitializeUpdateResponse.ProtocolAt];
        if (protocol != staticKeys.Protocol)
            return Refuse(OpenDiagnosis.OtherProtocol, $"The card speaks secure channel protocol {(byte)protocol:X2}; the keys are for {(byte)staticKeys.Protocol:X2}.");
        if (protocol is ScpProtocol.Scp03 && S16Fault(data, challengeLength) is { } fault) return Refuse(OpenDiagnosis.UnsupportedMode, fault);
        if (!InitializeUpdateResponse.TryParse(data, out answer, out var error)) return Refuse(OpenDiagnosis.MalformedResponse, error);
        if (answer.KeyVersion != keyVersion)
            return Refuse(OpenDiagnosis.UnknownKeyVersion, $"The card answered with keys of version {answer.KeyVersion:X2}; {keyVersion:X2} was expected.");
        var named = terms.OptionsOf(protocol);
        if (protocol is ScpProtocol.Scp02 && named is null)
            return Refuse(OpenDiagnosis.UnknownOptions, "The card tells no \"i\" of SCP02 in its card data (tag 66), and the product names none.");
        options = protocol is ScpProtocol.Scp02 ? named!.Value : answer.Options;
        if (named is not null && named != options) return Refuse(OpenDiagnosis.UnsupportedMode, $"The card speaks {options}; {named} was expected.");
        if (!options.IsExplicit) return Refuse(OpenDiagnosis.UnsupportedMode, $"{options} is opened without INITIALIZE UPDATE: such a card proves nothing beforehand.");
        return options.Supports(terms.Level) ? null
            : Refuse(OpenDiagnosis.LevelNotSupported, $"The card ({options}) can't protect its responses as level {(byte)terms.Level:X2} asks.");
    }

    /// <summary>The card's mode must be that of the challenge: S8 and S16 differ in all lengths.</summary>
    private static string? S16Fault(ReadOnlySpan<byte> data, int challengeLength)
    {
        const int modeAt = InitializeUpdateResponse.ProtocolAt + 1, s16Length = 45, s16SequenceLength = 48;
        if (data.Length <= modeAt) return null;
        var options = new ScpOptions(ScpProtocol.Scp03, data[modeAt]);
        var isS16 = options.IsS16 || data.Length is s16Length or s16SequenceLength;
        return isS16 == (challengeLength == ChannelCommands.LongChallengeLength) ? null
            : isS16 ? $"The card speaks S16 mode ({options}), which the product does not name." : $"The card speaks S8 mode ({options}), not S16.";
    }
}
