using CardIssue.Core.Cards;
using Microsoft.Extensions.Logging;

namespace CardIssue.Reader;

/// <summary>What the serial reader logs. Never a message's data.</summary>
internal static partial class Log
{
    [LoggerMessage(40, LogLevel.Debug, "Port {Port} does not know {Setting}: {Reason}")]
    public static partial void SettingNotTaken(ILogger logger, string port, string setting, string reason);

    [LoggerMessage(41, LogLevel.Information, "Reader on {Port}: {Firmware}, echoes {Echoes}, tells of cards {Notifies}")]
    public static partial void Opened(ILogger logger, string port, string firmware, bool? echoes, bool notifies);

    [LoggerMessage(42, LogLevel.Debug, "{Command}, sequence {Sequence}: {Happened}, {Action}")]
    public static partial void Repaired(ILogger logger, string command, byte sequence, string happened, string action);

    [LoggerMessage(43, LogLevel.Warning, "Reader on {Port} lost ({Fault}): {Reason}")]
    public static partial void Lost(ILogger logger, string port, CardFault fault, string reason);

    [LoggerMessage(44, LogLevel.Debug, "Card at {Voltage}: {Reason}")]
    public static partial void VoltageFailed(ILogger logger, string voltage, string reason);

    [LoggerMessage(45, LogLevel.Information, "The card did not agree to {Protocol} with TA1 {Speed:X2}; it is reset and used as it is")]
    public static partial void PpsRefused(ILogger logger, int protocol, byte speed);

    [LoggerMessage(46, LogLevel.Debug, "T=1: {Event}")]
    public static partial void T1Repaired(ILogger logger, string @event);

    [LoggerMessage(47, LogLevel.Warning, "More than {Limit} frames came unasked; one is dropped")]
    public static partial void FrameDropped(ILogger logger, int limit);

    [LoggerMessage(48, LogLevel.Debug, "The port could not be closed in order: {Reason}")]
    public static partial void NotClosedInOrder(ILogger logger, string reason);

    [LoggerMessage(49, LogLevel.Information, "{Count} bytes after the end of the answer to reset are left out")]
    public static partial void AtrTrailed(ILogger logger, int count);
}
