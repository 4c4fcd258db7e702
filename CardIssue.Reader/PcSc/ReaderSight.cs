using CardIssue.Core.Primitives;
using CardIssue.Reader.PcSc.Binding;

namespace CardIssue.Reader.PcSc;

/// <summary>What is to be seen of a reader.</summary>
internal enum SightKind
{
    /// <summary>Not looked yet.</summary>
    NotYet,
    ServiceGone,
    ReaderAbsent,
    NoCard,
    Card,
    MuteCard,
}

/// <summary>A reader and its card as they were last seen.</summary>
/// <param name="Kind">What there is.</param>
/// <param name="Atr">The card's answer to reset; empty without a card.</param>
/// <param name="Service">Counts the contexts: another one means that the service was restarted.</param>
/// <param name="Counter">Counts cards coming and going, so that a swapped card is told from the one before; 0 on macOS.</param>
internal sealed record ReaderSight(SightKind Kind, ByteString Atr, int Service, uint Counter)
{
    /// <summary>Reads a state that PC/SC told.</summary>
    public static ReaderSight Of(in ReaderState state, int service)
    {
        var (flags, counter) = (state.Event, (uint)state.Event >> 16);
        if ((flags & (PcscState.Unknown | PcscState.Unavailable | PcscState.Ignore)) != 0) return new ReaderSight(SightKind.ReaderAbsent, default, service, 0);
        if ((flags & PcscState.Present) == 0) return new ReaderSight(SightKind.NoCard, default, service, counter);
        return (flags & PcscState.Mute) != 0
            ? new ReaderSight(SightKind.MuteCard, default, service, counter)
            : new ReaderSight(SightKind.Card, state.Atr, service, counter);
    }
}
