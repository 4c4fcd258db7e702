using CardIssue.Core.Cards;
using CardIssue.Reader.PcSc.Binding;

namespace CardIssue.Reader.PcSc;

/// <summary>Looks what became of a card after a call that failed without saying why.</summary>
internal static class CardLook
{
    /// <summary>How long the service may take to notice that a card was pulled: pcscd asks its drivers every 0.2 to 0.5 s.</summary>
    private static readonly TimeSpan NoticeLimit = TimeSpan.FromSeconds(1);
    private const int MaximumLooks = 4;

    /// <summary>Removed, reader or service gone; or mute when the card is still in.</summary>
    public static CardFault After(IPcscApi api, nint context, string reader)
    {
        Span<ReaderState> states = [new ReaderState(reader)];
        for (var look = 0; look < MaximumLooks; look++)
        {
            var code = api.GetStatusChange(context, NoticeLimit, states);
            if (code == PcscCode.Timeout) return CardFault.Mute;
            if (code != PcscCode.Success) return PcscFaults.Of(code) ?? CardFault.ReaderGone;
            var before = (uint)states[0].Known >> 16;
            var sight = ReaderSight.Of(states[0], service: 0);
            if (sight.Kind == SightKind.ReaderAbsent) return CardFault.ReaderGone;
            if (sight.Kind == SightKind.NoCard || (before != 0 && sight.Counter != before)) return CardFault.Removed;
            states[0].Known = states[0].Event & ~PcscState.Changed;
        }
        return CardFault.Mute;
    }
}
