using CardIssue.Core.Cards;
using CardIssue.Core.Lines;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;
using Microsoft.Extensions.Logging;

namespace CardIssue.Terminal;

/// <summary>Every log line of this assembly. Never a command's or a response's data, never a reference or code.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Line up, line number as configured here: {Line}")]
    public static partial void LineUp(ILogger logger, string line);

    [LoggerMessage(2, LogLevel.Warning, "Line down: {Fault}: {Reason}")]
    public static partial void LineDown(ILogger logger, LineFault fault, string reason);

    [LoggerMessage(3, LogLevel.Warning, "Rejected in phase {Phase}: {Event}: {Reason}; the line is closed")]
    public static partial void Rejected(ILogger logger, TerminalPhase phase, TerminalEventKind @event, string reason);

    [LoggerMessage(4, LogLevel.Debug, "Ignored in phase {Phase}: {Event}: {Reason}")]
    public static partial void Ignored(ILogger logger, TerminalPhase phase, TerminalEventKind @event, string reason);

    [LoggerMessage(5, LogLevel.Warning, "Card lost: {Fault}: {Reason}")]
    public static partial void CardLost(ILogger logger, CardFault fault, string reason);

    [LoggerMessage(6, LogLevel.Warning, "The secure module refused: {Refusal}, command {Sequence}")]
    public static partial void ModuleRefused(ILogger logger, ModuleRefusal refusal, int sequence);

    [LoggerMessage(7, LogLevel.Warning, "Reader gone: {Fault}: {Reason}; asked again in {Pause}")]
    public static partial void ReaderGone(ILogger logger, CardFault fault, string reason, TimeSpan pause);

    [LoggerMessage(8, LogLevel.Information, "{Step} {Notice} {Detail} {Record}")]
    public static partial void Shown(ILogger logger, string step, IssueNotice notice, string detail, int record);

    [LoggerMessage(9, LogLevel.Error, "The card is issued; its receipt could not be printed, print it again: {Reason}")]
    public static partial void NotPrinted(ILogger logger, Exception exception, string reason);

    [LoggerMessage(10, LogLevel.Warning, "The reader is not known: {Reason}")]
    public static partial void ReaderNotKnown(ILogger logger, string reason);

    [LoggerMessage(11, LogLevel.Warning, "No card was touched: the reader is not known any more")]
    public static partial void CardWithheld(ILogger logger);

    [LoggerMessage(12, LogLevel.Error, "A fault of this program or of a part that it was given, in {Part}, phase {Phase}; the relay goes on")]
    public static partial void Failed(ILogger logger, Exception exception, string part, TerminalPhase phase);

    [LoggerMessage(13, LogLevel.Error, "A display failed at {Notice}; the card goes on")]
    public static partial void NotShown(ILogger logger, Exception exception, IssueNotice notice);

    [LoggerMessage(14, LogLevel.Warning, "A card whose answer to reset has {Length} bytes, where 2 to 33 can be, is not used")]
    public static partial void NoAtr(ILogger logger, int length);

    [LoggerMessage(15, LogLevel.Error, "A card connection failed while it was closed; the relay goes on")]
    public static partial void NotPoweredDown(ILogger logger, Exception exception);

    [LoggerMessage(16, LogLevel.Error, "The center's note of how far it is could not be kept; the card goes on: {Reason}")]
    public static partial void NoteNotKept(ILogger logger, Exception exception, string reason);

    [LoggerMessage(17, LogLevel.Warning, "Center {Center} tells another history than before: it was put back to an older copy, "
        + "or is not one center; both notes are kept")]
    public static partial void NotesContradict(ILogger logger, string center);

    [LoggerMessage(18, LogLevel.Warning, "A note came that is not one of center {Center}; it is not kept")]
    public static partial void NoteRefused(ILogger logger, string center);

    [LoggerMessage(19, LogLevel.Warning, "The center closes the line: {Reason}")]
    public static partial void CenterDisconnects(ILogger logger, string reason);

    [LoggerMessage(20, LogLevel.Warning, "The line is closed: {Reason}")]
    public static partial void Disconnecting(ILogger logger, string reason);

    [LoggerMessage(21, LogLevel.Information, "The center did not take the reason in time")]
    public static partial void DisconnectNotTold(ILogger logger);

    [LoggerMessage(22, LogLevel.Warning, "What came as the next certificate of center {Center} is none of it, or older than what is kept; it is not kept")]
    public static partial void CertificateRefused(ILogger logger, string center);

    [LoggerMessage(23, LogLevel.Error, "The center's next certificate could not be kept; the card goes on, and it is told again: {Reason}")]
    public static partial void CertificateNotKept(ILogger logger, Exception exception, string reason);

    [LoggerMessage(24, LogLevel.Warning, "What came as the next keys of center {Center} is none of it, or older than what is kept, or the module keeps none; "
        + "they are not kept")]
    public static partial void CenterKeysRefused(ILogger logger, string center);

    [LoggerMessage(25, LogLevel.Error, "The center's next keys could not be kept; the card goes on, and they are told again: {Reason}")]
    public static partial void CenterKeysNotKept(ILogger logger, Exception exception, string reason);

    [LoggerMessage(26, LogLevel.Warning, "A card is in that says nothing: {Reason}")]
    public static partial void CardMute(ILogger logger, string reason);
}
