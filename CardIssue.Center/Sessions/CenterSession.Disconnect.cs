using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Sessions;

/// <summary>
/// Why a line is closed is told to the terminal that was let in, as the last thing on the line, and heard from it. Nothing follows from
/// either. A session that is cut from outside (the terminal may not come in any more, or its newer sessions are too many) and one whose
/// log fails say nothing: nothing leaves there any more.
/// </summary>
internal sealed partial class CenterSession
{
    /// <summary>How long the reason may take to be logged and to leave; a store or a peer that is slow does not keep a line open.</summary>
    public static readonly TimeSpan DisconnectLimit = TimeSpan.FromSeconds(2);

    private Disconnect? _disconnect;

    private void PrepareDisconnect(DisconnectCode code, string expected, string came) =>
        _disconnect = new Disconnect(code, PlainText.Of(expected, FieldLimits.MaxReason), PlainText.Of(came, FieldLimits.MaxReason));

    /// <summary>Logged before it leaves, like every message. Where that fails, the line is closed all the same.</summary>
    private async ValueTask TellDisconnectAsync()
    {
        if (_disconnect is not { } disconnect || _closed || !Volatile.Read(ref _isLetIn)) return;
        _disconnect = null;
        OperationLog.Disconnecting(_logger, Name, _terminal!.Identity.Id, disconnect.Reason);
        Show(0, $"{disconnect.Type}: {disconnect.Reason}");
        using var limit = new CancellationTokenSource(DisconnectLimit, _services.Time);
        try
        {
            var frame = MessageCodec.Encode(disconnect);
            _log.Sending(disconnect, frame);
            if (!await MayLeaveAsync(limit.Token).ConfigureAwait(false)) return;
            await SendFrameAsync(frame, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            OperationLog.DisconnectNotTold(_logger, Name, $"{e.GetType().Name}: {e.Message}");
        }
    }

    private void Hear(Disconnect told)
    {
        if (!Volatile.Read(ref _isLetIn)) return;
        OperationLog.TerminalDisconnects(_logger, Name, _terminal!.Identity.Id, told.Reason);
        Show(0, $"the terminal closes the line: {told.Reason}");
    }
}
