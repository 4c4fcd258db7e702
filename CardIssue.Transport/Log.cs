using System.Net;
using CardIssue.Core.Lines;
using Microsoft.Extensions.Logging;

namespace CardIssue.Transport;

/// <summary>What this assembly logs. Never a frame's bytes.</summary>
internal static partial class Log
{
    // Whoever has the line is told the same, and knows whether its peer was let in: one who was not must not fill the log.
    [LoggerMessage(1, LogLevel.Debug, "Line {Line} with {Address} broke ({Fault}): {Reason}")]
    public static partial void LineBroke(ILogger logger, int? line, IPAddress? address, LineFault fault, string reason);

    [LoggerMessage(2, LogLevel.Debug, "Line {Line} with {Address} could not be closed in order")]
    public static partial void NotClosedInOrder(ILogger logger, int? line, IPAddress? address, Exception cause);

    [LoggerMessage(3, LogLevel.Debug, "Line {Line} with {Address}: the keep-alive could not be sent")]
    public static partial void KeepAliveNotSent(ILogger logger, int? line, IPAddress? address, Exception cause);

    [LoggerMessage(4, LogLevel.Warning, "Line {Line}: a connection could not be accepted")]
    public static partial void AcceptFailed(ILogger logger, int line, Exception cause);

    [LoggerMessage(5, LogLevel.Warning, "Line {Line}: a connection from {Address} was cut: {Reason}")]
    public static partial void ConnectionRefused(ILogger logger, int line, IPAddress? address, string reason);

    [LoggerMessage(6, LogLevel.Error, "Line {Line}: a connection from {Address} ended in an unexpected error")]
    public static partial void ConnectionFailed(ILogger logger, int line, IPAddress? address, Exception cause);

    [LoggerMessage(7, LogLevel.Warning, "Try {Try} to bring the line up failed ({Fault}): {Reason} Next try in {Delay}")]
    public static partial void ConnectFailed(ILogger logger, int @try, LineFault fault, string reason, TimeSpan delay);

    [LoggerMessage(8, LogLevel.Error, "Try {Try} to bring the line up failed ({Fault}): {Reason} It was the last")]
    public static partial void ConnectGivenUp(ILogger logger, int @try, LineFault fault, string reason);

    [LoggerMessage(9, LogLevel.Warning, "Line {Line}: the serial port could not be opened: {Reason} It is tried again until it can")]
    public static partial void PortNotOpened(ILogger logger, int line, string reason);

    [LoggerMessage(10, LogLevel.Information, "Line {Line}: the serial port is open")]
    public static partial void PortOpened(ILogger logger, int line);

    [LoggerMessage(11, LogLevel.Warning, "Line {Line}: a serial line did not come up: {Reason}")]
    public static partial void SerialLineNotUp(ILogger logger, int line, string reason);

    [LoggerMessage(12, LogLevel.Error, "Line {Line}: the serial listener met an unexpected error and goes on")]
    public static partial void SerialListenerFailed(ILogger logger, int line, Exception cause);

    [LoggerMessage(13, LogLevel.Warning, "Line {Line}: {Count} further connections were cut within {Window}")]
    public static partial void ConnectionsRefused(ILogger logger, int line, int count, TimeSpan window);
}
