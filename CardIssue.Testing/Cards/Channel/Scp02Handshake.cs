using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards.Channel;

/// <summary>How an SCP02 session begins (GPCS E.1.2): by INITIALIZE UPDATE, or by the first command that has a C-MAC.</summary>
internal static class Scp02Handshake
{
    private const int LastSequence = 0xFFFF, ChallengeLength = 6;

    public static Reply InitializeUpdate(CardMemory card, Command command, CardKeySet keys)
    {
        var parameter = new Scp02Parameter(card.State.ScpParameter);
        if (Sequence(card.ChannelKeys!, keys) is not { } sequence) return Sw.Conditions;
        var challenge = parameter.HasPseudoRandomChallenge
            ? Scp02Channel.PseudoRandomChallenge(keys, parameter, sequence, card.Volatile.Selected.Span) : card.RandomChallenge(ChallengeLength);
        var channel = new Scp02Channel(keys, parameter, sequence, command.Data, challenge);
        card.Volatile.Pending = channel;
        return Reply.Ok([.. card.State.Kdd.Span, keys.Version, 0x02, .. sequence, .. challenge, .. channel.CardCryptogram]);
    }

    /// <summary>The session that a command with a C-MAC would open; null when such a card, or such a moment, it is not.</summary>
    public static Scp02Channel? Implicit(CardMemory card)
    {
        var parameter = new Scp02Parameter(card.State.ScpParameter);
        if (card.State.Scp != CardState.Scp02 || parameter.IsExplicit || !card.IsDomainSelected) return null;
        if (card.ChannelKeys is not { } domain || Handshake.IsBlocked(card.State, domain)) return null;
        if (domain.Set(0, card.State.Scp) is not { } keys || Sequence(domain, keys) is not { } sequence) return null;
        var channel = new Scp02Channel(keys, parameter, sequence, [], []);
        channel.BeginImplicitly(card.Volatile.Selected.Span);
        return channel;
    }

    /// <summary>A session's first C-MAC was right: its sequence counter is never used again (E.1.2.1), a power cut or not.</summary>
    public static DomainKeys CountUp(DomainKeys domain, CardKeySet keys) => domain with
    {
        SequenceCounters = domain.SequenceCounters.SetItem(keys.Version, domain.SequenceCounters.GetValueOrDefault(keys.Version) + 1),
    };

    public static bool Supports(byte parameter, byte level) => level switch
    {
        0x00 or 0x01 or 0x03 => true,
        0x10 or 0x11 or 0x13 => new Scp02Parameter(parameter).HasResponseMac,
        _ => false,
    };

    private static byte[]? Sequence(DomainKeys domain, CardKeySet keys)
    {
        var counter = domain.SequenceCounters.GetValueOrDefault(keys.Version);
        return counter > LastSequence ? null : [(byte)(counter >> 8), (byte)counter];
    }
}
