using CardIssue.Center.Terminals;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;
using Microsoft.Extensions.Logging;

namespace CardIssue.Center.Sessions;

/// <summary>
/// What a peer may before it is let in: two small messages, one after the other, and no row of the log for each. After it: a few frames under way, so that no terminal fills the
/// host's memory by sending faster than it is answered.
/// </summary>
internal sealed partial class CenterSession
{
    /// <summary>Frames of an admitted terminal that wait to be handled; then the line is not read.</summary>
    public const int MaxFramesWaiting = 8;

    /// <summary>Messages before access is granted: <see cref="Hello"/> and <see cref="Proof"/>.</summary>
    public const int MaxUnadmittedFrames = 2;

    /// <summary>The longest frame before access is granted, in bytes: three times the longest <see cref="Hello"/>.</summary>
    public const int MaxUnadmittedFrame = 1_024;

    private readonly SemaphoreSlim _frames = new(1);
    private int _framesBeforeAccess;
    private long _letInAt;
    private DateTimeOffset _since;
    private bool _isLetIn, _isTold;

    /// <summary>The next frame, once there is room for it. Null at the line's end, and when one who is not let in says too much.</summary>
    private async ValueTask<LineFrame?> NextFrameAsync(CancellationToken cancellation)
    {
        await _frames.WaitAsync(cancellation).ConfigureAwait(false);
        var frame = await _line.ReceiveAsync(cancellation).ConfigureAwait(false);
        if (frame is null || Volatile.Read(ref _isLetIn)) return frame;
        if (++_framesBeforeAccess <= MaxUnadmittedFrames && frame.Memory.Length <= MaxUnadmittedFrame) return frame;
        frame.Dispose();
        throw new LineException(LineFault.Oversized, $"Before access is granted a peer says {MaxUnadmittedFrames} messages of at most {MaxUnadmittedFrame} bytes; it said more.");
    }

    /// <summary>A frame was handled: another may be read.</summary>
    public void FrameHandled() => _frames.Release();

    private void LetIn()
    {
        Volatile.Write(ref _isLetIn, true);
        _frames.Release(MaxFramesWaiting - 1);
        OperationLog.LetIn(_logger, Name, _terminal!.Identity.Id, _line.Peer.Line!.Value, _line.Peer.Address?.ToString() ?? "no address");
        _since = _services.Time.GetUtcNow();
        Volatile.Write(ref _letInAt, _services.Time.GetTimestamp());
        WhenLetIn?.Invoke(_terminal.Identity.Id);
        WhenChanged?.Invoke();
    }

    /// <summary>Counts a refusal, once for this session; whether it is logged by itself.</summary>
    private bool IsTold(TerminalId? known)
    {
        _isTold = true;
        return _services.Admissions.Refused(_line.Peer, known, tell: true);
    }

    /// <summary>One who went without having been let in or refused.</summary>
    private async ValueTask TellUnadmittedAsync()
    {
        if (_isLetIn || _isTold || !IsTold(known: null)) return;
        try
        {
            _log.Begin();
            _log.Decided(310, "Unadmitted", $"from {LinePlace.Of(_line.Peer)}: gone before access was decided");
        }
        catch (Exception e)
        {
            // There is nobody left to tell, and the session's end goes on.
            OperationLog.NotLogged(_logger, Name, $"{e.GetType().Name}: {e.Message}");
        }
    }

    /// <summary>How loud the host's log is about this session: whoever is not let in must not fill it.</summary>
    private LogLevel Level(LogLevel level) => Volatile.Read(ref _isLetIn) ? level : LogLevel.Debug;

    /// <summary>Why the terminal that was let in here could not come in any more; null when it could.</summary>
    /// <param name="known">The registry's record of it as it is now; null when there is none.</param>
    public string? NoLongerFits(TerminalRecord? known)
    {
        var finding = TerminalAdmission.Check(_line.Peer, known);
        if (finding is not AdmissionFinding.Fits) return $"terminal {Terminal!.Id} may no longer come in: {finding}";
        if (KeysEnded() is { } ended) return ended;
        return Terminal!.CredentialKey.Encoded != known!.CredentialKey || Terminal.AgreementKey.Encoded != known.AgreementKey
            ? $"terminal {Terminal.Id} has other keys now"
            : null;
    }

    /// <summary>That the center's keys which the terminal came with have ended; null when they count, or nobody was let in.</summary>
    public string? KeysEnded() =>
        Volatile.Read(ref _terminal) is { } terminal && !_services.Vault.SessionKeys.Any(keys => keys.Number == terminal.Keys.Number)
            ? $"terminal {terminal.Identity.Id} came with keys {terminal.Keys.Number} of the center, which have ended"
            : null;

    /// <summary>The same, by the registry as it is now; null also before a terminal was judged to be one that may come in.</summary>
    private async ValueTask<string?> NoLongerFitsAsync(CancellationToken cancellation) => _terminal is not { } terminal ? null
        : NoLongerFits(await _services.Terminals.GetAsync(terminal.Identity.Id, cancellation).ConfigureAwait(false));

    /// <summary>
    /// Looked at before each message leaves, so that a terminal gets nothing more once <c>terminal disable</c> has returned, by whatever program; the server's look at the registry ends a session that says
    /// nothing. The session ends here as with any lost line: what was under way is in doubt, and is looked at when the terminal may come in again.
    /// </summary>
    private async ValueTask<bool> MayStayAsync(CancellationToken cancellation)
    {
        if (await PatientlyAsync(() => NoLongerFitsAsync(cancellation).AsTask()).ConfigureAwait(false) is not { } reason) return true;
        OperationLog.Ended(_logger, Level(LogLevel.Warning), Name, reason);
        _log.Decided(0, "Ended", reason);
        await HangUpAsync().ConfigureAwait(false);
        return false;
    }

    /// <summary>Ends the session at once, wherever it stands: its line is closed, and what it had of an order is let go as with any lost line.</summary>
    /// <param name="reason">For the log.</param>
    public async ValueTask CutAsync(string reason)
    {
        OperationLog.Ended(_logger, Level(LogLevel.Warning), Name, reason);
        await _line.DisposeAsync().ConfigureAwait(false);
        await _queue.PostAsync(new Item(new CenterEvent.LineDown(), ByteString.Empty, Ended: reason)).ConfigureAwait(false);
    }
}
