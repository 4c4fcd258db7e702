using CardIssue.Core.Cards;
using CardIssue.Reader.PcSc.Binding;
using Microsoft.Extensions.Logging;

namespace CardIssue.Reader.PcSc;

/// <summary>Every log line of the PC/SC readers. Never a command's or a response's data.</summary>
internal static partial class PcscLog
{
    [LoggerMessage(101, LogLevel.Information, "{Reader}: {Sight}")]
    public static partial void Seen(ILogger logger, string reader, SightKind sight);

    [LoggerMessage(102, LogLevel.Information, "{Reader}: connected, {Protocol}")]
    public static partial void Connected(ILogger logger, string reader, PcscProtocols protocol);

    [LoggerMessage(103, LogLevel.Warning, "{Reader}: {Fault}, code {Code:X8}")]
    public static partial void Failed(ILogger logger, string reader, CardFault fault, uint code);

    [LoggerMessage(104, LogLevel.Warning, "{Reader}: a call to the service does not return; it is left behind, and a new context is used")]
    public static partial void Abandoned(ILogger logger, string reader);

    [LoggerMessage(105, LogLevel.Debug, "{Reader}: the card could not be powered down: {Code:X8}")]
    public static partial void NotPoweredDown(ILogger logger, string reader, uint code);
}
