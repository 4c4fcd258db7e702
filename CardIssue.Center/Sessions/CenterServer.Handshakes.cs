using System.Text.Encodings.Web;
using System.Text.Json;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Sessions;

/// <summary>Handshakes that came to nothing, by name in the log: few rows, however many come. The listener says them in the host's log.</summary>
public sealed partial class CenterServer
{
    private const int MaxHandshakeDetail = 512;

    private readonly HandshakeCounts _handshakes = new();

    private void Hear(HandshakeRefusal refusal, LineNumber? line)
    {
        if (!_handshakes.IsTold(refusal.Fault)) return;
        var detail = JsonEncodedText.Encode(PlainText.Of(refusal.Detail, MaxHandshakeDetail), JavaScriptEncoder.Default);
        // Nobody waits for it, and there are few at a time.
        _ = LogHandshakeAsync(line, "HandshakeRefused",
            $"{{\"fault\":\"{refusal.Fault}\",\"from\":\"{refusal.Address?.ToString() ?? "no address"}\",\"detail\":\"{detail}\"}}");
    }

    /// <summary>At the end of a window.</summary>
    private async Task TellHandshakesAsync()
    {
        if (_handshakes.Take() is not { Count: > 0 } counts) return;
        var named = string.Join(',', counts.Select(count => $"\"{count.Fault}\":{count.Count}"));
        await LogHandshakeAsync(null, "HandshakesRefused", $"{{{named},\"seconds\":{(long)_services.Admissions.Window.TotalSeconds}}}").ConfigureAwait(false);
    }

    private async Task LogHandshakeAsync(LineNumber? line, string kind, string detail)
    {
        try
        {
            await _services.Log.AppendAsync(new LogEntry(_services.Host, null, line, null, LogDirection.None, 310, kind, detail), default).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            OperationLog.NotLogged(_logger, _services.Host, $"{e.GetType().Name}: {e.Message}");
        }
    }
}
