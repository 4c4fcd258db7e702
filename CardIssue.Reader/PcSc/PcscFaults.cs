using CardIssue.Core.Cards;
using CardIssue.Reader.PcSc.Binding;

namespace CardIssue.Reader.PcSc;

/// <summary>What PC/SC's codes mean for a card.</summary>
internal static class PcscFaults
{
    /// <summary>The fault that a code names; null when it leaves open what happened.</summary>
    public static CardFault? Of(PcscCode code) => code switch
    {
        PcscCode.RemovedCard => CardFault.Removed,
        PcscCode.ResetCard => CardFault.Reset,
        PcscCode.NoCard => CardFault.NoCard,
        PcscCode.UnresponsiveCard or PcscCode.UnpoweredCard => CardFault.Mute,
        PcscCode.SharingViolation => CardFault.Busy,
        PcscCode.UnknownReader or PcscCode.ReaderUnavailable or PcscCode.NoReaders => CardFault.ReaderGone,
        PcscCode.ProtocolMismatch or PcscCode.CardUnsupported or PcscCode.InsufficientBuffer => CardFault.Protocol,
        _ when IsService(code) => CardFault.ServiceGone,
        _ => null,
    };

    /// <summary>Whether the service went away: a new context is needed. pcsc-lite says 13 when its socket breaks, and 03 for contexts of a service that was restarted.</summary>
    public static bool IsService(PcscCode code) => code is
        PcscCode.NoService or PcscCode.ServiceStopped or PcscCode.InvalidHandle or PcscCode.CommunicationError or PcscCode.SystemCancelled or
        PcscCode.WindowsInvalidHandle;

    /// <summary>A fault with what to do about it.</summary>
    public static CardException Exception(CardFault fault, string reader, string? detail = null)
    {
        var text = fault switch
        {
            CardFault.NoCard => $"No card is in {reader}; insert one.",
            CardFault.Removed => $"The card was taken out of {reader}; insert it again and start over.",
            CardFault.Reset => $"Another program reset the card in {reader}: its session is gone; reset it and start over.",
            CardFault.Mute => $"The card in {reader} does not answer; take it out, turn it, or try another one.",
            CardFault.SlowCard => $"The card in {reader} did not answer in time; reset it, or try another one.",
            CardFault.ReaderGone => $"The reader {reader} is not there or does not answer any more; check its cable, or unplug it and plug it in again.",
            CardFault.ServiceGone => $"The system's smart card service is not running or was restarted; start {Service}.",
            CardFault.Busy => $"Another program holds the card in {reader}; close it.",
            CardFault.Protocol => $"The card in {reader} and the reader do not understand each other; try another card.",
        };
        return new CardException(fault, detail is null ? text : $"{text} ({detail})");
    }

    /// <summary>The same from a code.</summary>
    public static CardException Exception(PcscCode code, string reader, CardFault otherwise) => Exception(Of(code) ?? otherwise, reader, Text(code));

    private static string Service => OperatingSystem.IsWindows() ? "the service SCardSvr" : OperatingSystem.IsMacOS() ? "com.apple.ifdreader" : "pcscd";

    public static string Text(PcscCode code) => Enum.IsDefined(code) ? $"{code}, {(uint)code:X8}" : $"{(uint)code:X8}";
}
