using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;

namespace CardIssue.Terminal.Relay;

/// <summary>Why a line is closed: heard from the center, for the log, the display and the outcome; and told to it. Nothing follows from either.</summary>
public sealed partial class TerminalRelay
{
    /// <summary>How long the reason may take to leave; a peer that does not take it does not keep the line open.</summary>
    private static readonly TimeSpan DisconnectLimit = TimeSpan.FromSeconds(2);

    /// <summary>What this end is about to say.</summary>
    private Disconnect? _whyClosed;

    /// <summary>While no end has said why it closes the line.</summary>
    private static readonly (IssueReason Reason, string Text) Unsaid = (IssueReason.LineLost, "");

    /// <summary>Why this line is closed, by the center's word or by this end's.</summary>
    private (IssueReason Reason, string Text) _lost = Unsaid;

    private void Hear(Disconnect disconnect)
    {
        if (Say(disconnect, disconnect.Reason)) Log.CenterDisconnects(_logger, disconnect.Reason);
    }

    /// <summary>The first word counts: a line is closed once.</summary>
    private bool Say(Disconnect disconnect, string text)
    {
        if (_lost != Unsaid) return false;
        _lost = (IssueReasons.Of(disconnect.Code), text);
        return true;
    }

    private Disconnect WhyClosed(DisconnectCode code, TerminalEvent happened) =>
        new(code, $"what belongs to {_state.Phase}", PlainText.Of(Came(happened), FieldLimits.MaxReason));

    private static string Came(TerminalEvent happened) => happened switch
    {
        TerminalEvent.CommandArrived command => $"Command {command.Sequence}",
        TerminalEvent.Received { Message: Script script } => $"Script {script.Kind} of {script.Count} commands from {script.First} on",
        TerminalEvent.Received(var message) => message.Type.ToString(),
        TerminalEvent.Garbage garbage => garbage.Error,
        _ => "nothing",
    };

    private async ValueTask CloseLineAsync(Disconnect? why)
    {
        _whyClosed = null;
        if (why is not null)
        {
            Say(why, $"by this terminal: {why.Reason}");
            Log.Disconnecting(_logger, why.Reason);
            using var limit = new CancellationTokenSource(DisconnectLimit, _time);
            try
            {
                await SendAsync(MessageCodec.Encode(why), limit.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // It is closed all the same.
                Log.DisconnectNotTold(_logger);
            }
        }
        await CloseLineAsync().ConfigureAwait(false);
    }
}
