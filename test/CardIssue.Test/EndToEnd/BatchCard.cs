using System.Collections.Immutable;
using CardIssue.Core.Primitives;
using CardIssue.Test.Modules;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Crypto;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Test.EndToEnd;

/// <summary>Cards of a batch that share what others have of their own.</summary>
internal static class BatchCard
{
    /// <summary>Shared by the whole batch.</summary>
    public static readonly ByteString Kdd = ByteString.FromHex("43415244495300000000");

    /// <summary>A blank card with the batch's diversification data.</summary>
    /// <param name="serial">The serial number in its CPLC.</param>
    /// <param name="diversification">none or kdf3.</param>
    /// <param name="cplc">Its CPLC; null for one with the serial number.</param>
    /// <param name="data">Its data objects, as pairs of tag and value.</param>
    public static CardSimulator Make(uint serial, string diversification, string? cplc = null,
        params ReadOnlySpan<(int Tag, string Value)> data)
    {
        var method = diversification == "none" ? Diversification.None : Diversification.Kdf3;
        var state = CardProfile.BlankEmv(serial, [CardKeySet.Derive(0x30, method, Counter.Master.Span, Kdd.Span)]) with { Kdd = Kdd };
        if (cplc is not null) state = state with { Cplc = ByteString.FromHex(cplc) };
        foreach (var (tag, value) in data) state = state with { Data = state.Data.SetItem(tag, ByteString.FromHex(value)) };
        return CardSimulator.Create(state);
    }

    /// <summary>The number that the center gave it, or what else is in tag 45; null when nothing is.</summary>
    public static ByteString? Number(this CardSimulator card) => card.State.Data.TryGetValue(0x45, out var number) ? number : null;

    public static bool IsClosed(this CardSimulator card) =>
        card.Inspect().Application(Products.Application).LifeCycle is 0x0F or 0x87;
}
