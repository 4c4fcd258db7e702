using System.Security.Cryptography;
using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.Crypto;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards.Channel;

/// <summary>INITIALIZE UPDATE and EXTERNAL AUTHENTICATE (GPCS E.5, GPC Amd D 7.1).</summary>
public static class Handshake
{
    /// <summary>The bit of SCP03's parameter "i" that says S16 mode (GPC Amd D 1.2, 5.1).</summary>
    public const byte S16 = 0x01;

    private const int LastSequence = 0xFFFFFF;
    private const byte PseudoRandom = 0x10;

    internal static Reply InitializeUpdate(CardMemory card, Command command)
    {
        card.EndChannel();
        if (command.P2 != 0) return Sw.WrongP1P2;
        var is02 = card.State.Scp == CardState.Scp02;
        if (is02 && !new Scp02Parameter(card.State.ScpParameter).IsExplicit) return Sw.UnknownIns;
        if (command.Data.Length != (!is02 && (card.State.ScpParameter & S16) != 0 ? 16 : 8)) return Sw.WrongLength;
        if (card.ChannelKeys is not { } domain) return Sw.Conditions;
        if (IsBlocked(card.State, domain)) return Sw.Blocked;
        if (domain.Set(command.P1, card.State.Scp) is not { } keys) return Sw.ReferenceNotFound;
        return is02 ? Scp02Handshake.InitializeUpdate(card, command, keys) : InitializeUpdate(card, command, keys);
    }

    private static Reply InitializeUpdate(CardMemory card, Command command, CardKeySet keys)
    {
        var length = command.Data.Length;
        byte[] sequence = [];
        byte[] challenge;
        if ((card.State.ScpParameter & PseudoRandom) != 0)
        {
            // Counted up before use (6.2.2.1), and for good: a power cut does not bring a challenge back.
            var domain = card.ChannelKeys!;
            var next = domain.SequenceCounters.GetValueOrDefault(keys.Version) + 1;
            if (next > LastSequence) return Sw.Conditions;
            card.KeepChannelKeys(domain with { SequenceCounters = domain.SequenceCounters.SetItem(keys.Version, next) });
            sequence = [(byte)(next >> 16), (byte)(next >> 8), (byte)next];
            challenge = PseudoRandomChallenge(keys, sequence, card.Volatile.Selected.Span, length);
        }
        else challenge = card.RandomChallenge(length);

        var channel = new Scp03Channel(keys, command.Data, challenge) { CountsEmptyCommands = card.State.CountsEmptyCommands };
        card.Volatile.Pending = channel;
        return Reply.Ok([.. card.State.Kdd.Span, keys.Version, 0x03, card.State.ScpParameter, .. challenge, .. channel.CardCryptogram, .. sequence]);
    }

    internal static Reply ExternalAuthenticate(CardMemory card, Command command)
    {
        var channel = card.Volatile.Pending;
        card.EndChannel();
        if (!command.IsSecured) return Sw.UnknownCla;
        if (card.ChannelKeys is not { } domain) return Sw.Conditions;
        if (IsBlocked(card.State, domain)) return Sw.Blocked;
        if (channel is null) return Sw.Conditions;
        if (command.P2 != 0 || !Supports(card.State, command.P1)) return Sw.WrongP1P2;
        if (command.Data.Length != 2 * channel.MacLength) return Sw.WrongLength;

        var cryptogramIsRight = CryptographicOperations.FixedTimeEquals(channel.HostCryptogram, command.Data.AsSpan(0, channel.MacLength));
        if (!cryptogramIsRight || !channel.VerifyAuthentication(command))
        {
            card.KeepChannelKeys(domain with { FailedAuthentications = domain.FailedAuthentications + 1 });
            return cryptogramIsRight ? Sw.Security : Sw.HostCryptogramWrong;
        }
        channel.Level = (SecurityLevel)command.P1;
        card.Volatile.Channel = channel;
        if (domain.FailedAuthentications != 0) domain = domain with { FailedAuthentications = 0 };
        if (card.State.Scp == CardState.Scp02) domain = Scp02Handshake.CountUp(domain, channel.KeySet);
        if (domain != card.ChannelKeys) card.KeepChannelKeys(domain);
        // Of what it would be a MAC no standard says; hosts take it.
        return card.State.AnswersAuthenticationWithMac && channel.Requires(SecurityLevel.ResponseMac)
            ? Reply.Ok([.. channel.CardCryptogram[..8]]) : Reply.Ok();
    }

    /// <summary>The challenge that a card with i=1x/3x/7x gives (6.2.2.1): predictable from the counter on.</summary>
    /// <param name="aid">Of the application that calls on the secure channel.</param>
    /// <param name="length">8 bytes (S8) or 16 (S16).</param>
    internal static byte[] PseudoRandomChallenge(CardKeySet keys, ReadOnlySpan<byte> sequence, ReadOnlySpan<byte> aid, int length) =>
        Scp03Kdf.Derive(keys.Enc.Span, Scp03Kdf.CardChallenge, length, [.. sequence, .. aid]);

    /// <summary>Opens a session by a command that has a C-MAC (GPCS E.1.2.2), where the card is one of those; null when it is not or the MAC is wrong.</summary>
    internal static (SecureChannel Channel, Command Plain)? OpenImplicitly(CardMemory card, Command command)
    {
        if (Scp02Handshake.Implicit(card) is not { } channel) return null;
        if (channel.Unwrap(command) is not { } plain)
        {
            card.KeepChannelKeys(card.ChannelKeys! with { FailedAuthentications = card.ChannelKeys.FailedAuthentications + 1 });
            return null;
        }
        card.KeepChannelKeys(Scp02Handshake.CountUp(card.ChannelKeys! with { FailedAuthentications = 0 }, channel.KeySet));
        card.Volatile.Channel = channel;
        return (channel, plain);
    }

    internal static bool IsBlocked(CardState state, DomainKeys domain) => domain.FailedAuthentications >= state.AuthenticationLimit;

    private static bool Supports(CardState state, byte level) => state.Scp == CardState.Scp02 ? Scp02Handshake.Supports(state.ScpParameter, level) : level switch
    {
        0x00 or 0x01 or 0x03 => true,
        0x11 or 0x13 => (state.ScpParameter & 0x20) != 0,
        0x33 => (state.ScpParameter & 0x60) == 0x60,
        _ => false,
    };
}
