using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Center;
using Microsoft.Extensions.Logging;

namespace CardIssue.Center;

/// <summary>Every line of this assembly for the host's own log. Never data of an order, a reference, a code or a key.</summary>
internal static partial class OperationLog
{
    [LoggerMessage(1, LogLevel.Debug, "{Session}: line {Line} up from {Address}")]
    public static partial void LineUp(ILogger logger, string session, LineNumber line, string address);

    [LoggerMessage(EventId = 2, Message = "{Session}: line down: {Fault}: {Reason}")]
    public static partial void LineDown(ILogger logger, LogLevel level, string session, LineFault fault, string reason);

    [LoggerMessage(EventId = 3, Message = "{Session}: rejected in phase {Phase}: {Event}: {Reason}; the line is closed")]
    public static partial void Rejected(ILogger logger, LogLevel level, string session, CenterPhase phase, CenterEventKind @event, string reason);

    [LoggerMessage(4, LogLevel.Debug, "{Session}: ignored in phase {Phase}: {Event}: {Reason}")]
    public static partial void Ignored(ILogger logger, string session, CenterPhase phase, CenterEventKind @event, string reason);

    [LoggerMessage(5, LogLevel.Error, "{Session}: could not be logged, so it is not acted on: {Reason}")]
    public static partial void NotLogged(ILogger logger, string session, string reason);

    [LoggerMessage(6, LogLevel.Error, "{Session}: {What} was not saved: {Reason}")]
    public static partial void NotSaved(ILogger logger, string session, string what, string reason);

    [LoggerMessage(EventId = 7, Message = "{Session}: over")]
    public static partial void SessionOver(ILogger logger, LogLevel level, string session);

    [LoggerMessage(8, LogLevel.Error, "{Session}: failed")]
    public static partial void SessionFailed(ILogger logger, Exception exception, string session);

    [LoggerMessage(9, LogLevel.Warning, "Line {Line}: {Count} sessions are the most; a further one was closed")]
    public static partial void TooManySessions(ILogger logger, LineNumber line, int count);

    [LoggerMessage(10, LogLevel.Error, "Line {Line}: cannot listen any more: {Reason}")]
    public static partial void ListenerFailed(ILogger logger, LineNumber line, string reason);

    [LoggerMessage(11, LogLevel.Information, "Claims of earlier sessions of this host let go: {Count}")]
    public static partial void Released(ILogger logger, int count);

    [LoggerMessage(12, LogLevel.Error, "No checkpoint of the log: {Reason}")]
    public static partial void NoCheckpoint(ILogger logger, string reason);

    [LoggerMessage(13, LogLevel.Error, "Old write data was not deleted: {Reason}")]
    public static partial void NotDeleted(ILogger logger, string reason);

    [LoggerMessage(14, LogLevel.Error, "Line {Line}: came up without TLS from {Address}, which its configuration does not allow; it was closed")]
    public static partial void WithoutTls(ILogger logger, LineNumber line, string address);

    [LoggerMessage(15, LogLevel.Error, "{Session}: a fault of this program or of a part that it was given, in {Part}; the server goes on")]
    public static partial void Fault(ILogger logger, Exception exception, string session, string part);

    [LoggerMessage(16, LogLevel.Error, "{Session}: a display failed at S{Step}; the card goes on")]
    public static partial void NotShown(ILogger logger, Exception exception, string session, int step);

    [LoggerMessage(17, LogLevel.Error, "Line {Line}: a listener failed as none does; it is asked again in {Pause}")]
    public static partial void ListenerFault(ILogger logger, Exception exception, LineNumber line, TimeSpan pause);

    [LoggerMessage(18, LogLevel.Error, "A fault of this program or of a part that it was given, in {Part}; the server goes on")]
    public static partial void ServerFault(ILogger logger, Exception exception, string part);

    [LoggerMessage(19, LogLevel.Error, "The issuer's feed failed; what was not told waits: {Reason}")]
    private static partial void NotTold(ILogger logger, Exception? exception, string reason);

    /// <summary>An issuer, a disk or a store that is away is told by its words; where it happened matters for faults alone.</summary>
    public static void NotTold(ILogger logger, Exception error) =>
        NotTold(logger, error is IOException or UnauthorizedAccessException or Storage.StoreException ? null : error, error.Message);

    [LoggerMessage(20, LogLevel.Information, "{Session}: terminal {Terminal} let in on line {Line} from {Address}")]
    public static partial void LetIn(ILogger logger, string session, TerminalId terminal, LineNumber line, string address);

    [LoggerMessage(EventId = 21, Message = "{Session}: ended by the center: {Reason}")]
    public static partial void Ended(ILogger logger, LogLevel level, string session, string reason);

    [LoggerMessage(22, LogLevel.Warning, "{Count} further attempts at access from {Who} were refused within {Window}")]
    public static partial void Refused(ILogger logger, int count, string who, TimeSpan window);

    [LoggerMessage(23, LogLevel.Error, "The registry of terminals cannot be read: {Reason}")]
    public static partial void RegistryNotRead(ILogger logger, string reason);

    [LoggerMessage(24, LogLevel.Error, "{Session}: {Detail}; settle them with order reconcile")]
    public static partial void PutBack(ILogger logger, string session, string detail);

    [LoggerMessage(25, LogLevel.Warning, "{Session}: what terminal {Terminal} shows as a note of this center is not one")]
    public static partial void NoteRefused(ILogger logger, string session, TerminalId terminal);

    [LoggerMessage(26, LogLevel.Error, "The center was put back to an older copy (found by {By}): {Orders} orders are quarantined, "
        + "and so is what is imported; settle them with order reconcile")]
    public static partial void Unsettled(ILogger logger, string by, int orders);

    [LoggerMessage(29, LogLevel.Warning, "Checkpoints of the log are not exported: name a directory that another host holds (Center:Log:CheckpointDirectory)")]
    public static partial void NotExported(ILogger logger);

    [LoggerMessage(27, LogLevel.Error, "{Where}: not as this center left it: {What}")]
    public static partial void Altered(ILogger logger, string where, string what);

    [LoggerMessage(28, LogLevel.Error, "{Session}: the order is not issued, and only people at the center can mend that: {Why}")]
    public static partial void CenterLacks(ILogger logger, string session, string why);

    [LoggerMessage(31, LogLevel.Warning, "{Session}: terminal {Terminal} failed: {Name}: {Detail}")]
    public static partial void TerminalFault(ILogger logger, string session, TerminalId terminal, string name, string detail);

    [LoggerMessage(EventId = 30,
        Message = "Write data of an older store: of {Taken} orders sealed anew for its product; {Left} could not be, and can't be issued")]
    public static partial void TakenOver(ILogger logger, LogLevel level, int taken, int left);

    [LoggerMessage(32, LogLevel.Warning, "{Session}: the line of terminal {Terminal} is closed: {Reason}")]
    public static partial void Disconnecting(ILogger logger, string session, TerminalId terminal, string reason);

    [LoggerMessage(33, LogLevel.Information, "{Session}: why the line is closed could not be told: {Reason}")]
    public static partial void DisconnectNotTold(ILogger logger, string session, string reason);

    [LoggerMessage(34, LogLevel.Warning, "{Session}: terminal {Terminal} closes the line: {Reason}")]
    public static partial void TerminalDisconnects(ILogger logger, string session, TerminalId terminal, string reason);

    [LoggerMessage(38, LogLevel.Information, "The vault was changed by another program; its keys as they are now are in use")]
    public static partial void VaultChanged(ILogger logger);

    [LoggerMessage(39, LogLevel.Error, "What another program changed in the vault cannot be taken; the keys of before stay in use: {Reason}")]
    public static partial void VaultNotRead(ILogger logger, string reason);

    [LoggerMessage(40, LogLevel.Error, "The lines cannot be made as the registry has them; those of before are served on: {Reason}")]
    public static partial void LinesNotChanged(ILogger logger, string reason);

    [LoggerMessage(35, LogLevel.Warning, "Host {Host} has given no sign of life for {Silence}: what its sessions have claimed may be claimed anew")]
    public static partial void HostLost(ILogger logger, string host, TimeSpan silence);

    [LoggerMessage(37, LogLevel.Warning, "{Session}: the store is away; it is waited for: {Reason}")]
    public static partial void StoreAway(ILogger logger, string session, string reason);

    [LoggerMessage(36, LogLevel.Error, "This host could give no sign of life to the others: {Reason}")]
    public static partial void NoBeat(ILogger logger, string reason);

    [LoggerMessage(42, LogLevel.Information, "The settings were changed; in force from now on: {Names}")]
    public static partial void SettingsTaken(ILogger logger, string names);

    [LoggerMessage(43, LogLevel.Warning, "The settings were changed; from this host's next start on: {Names}")]
    public static partial void SettingsLater(ILogger logger, string names);

    [LoggerMessage(44, LogLevel.Warning, "The center has another certificate from now on: number {Number}")]
    public static partial void CertificateChanged(ILogger logger, int number);

    [LoggerMessage(45, LogLevel.Information, "{Session}: the link to the host of its data half is gone: {Reason}")]
    public static partial void LinkLost(ILogger logger, string session, string reason);

    [LoggerMessage(46, LogLevel.Warning, "A connection to the hosts' link from {Place} came to nothing: {Reason}")]
    public static partial void LinkRefused(ILogger logger, string place, string reason);

    [LoggerMessage(47, LogLevel.Warning, "The center's keys, as people changed them: terminals are told of keys {Told}; keys {Alone} and later ones count")]
    public static partial void KeysFollowed(ILogger logger, int told, int alone);

    [LoggerMessage(41, LogLevel.Error, "This host is not ready to serve: {Reason}")]
    public static partial void NotReady(ILogger logger, string reason);
}
