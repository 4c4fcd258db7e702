using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Sessions;

/// <summary>
/// A terminal that is to be known, or whose keys are renewed: one message and its answer on a line of its own, in place of an admission.
/// The machine sees none of it but the line's end.
/// </summary>
internal sealed partial class CenterSession
{
    /// <summary>Whether this is asked for where it may be: as the first message of a line.</summary>
    private bool IsEnrolment(CenterEvent happened, out EnrollTerminal asked)
    {
        asked = (happened as CenterEvent.Received)?.Message as EnrollTerminal ?? null!;
        return asked is not null && _state.Phase is CenterPhase.Connected;
    }

    private async ValueTask EnrolAsync(EnrollTerminal asked, CancellationToken cancellation)
    {
        try
        {
            var outcome = await new EnrolmentDesk(_services).JudgeAsync(_line.Peer, asked, cancellation).ConfigureAwait(false);
            var detail = $"{asked.Terminal} from {_line.Peer.Address?.ToString() ?? "no address"} on line {_line.Peer.Line}: {outcome.Detail}";
            if (outcome.IsAltered) OperationLog.Altered(_logger, Name, outcome.Detail);
            if (outcome.Answer is { } answer)
            {
                _isTold = true;
                _log.Terminal = asked.Terminal;
                await TellAsync(220, "Enrolling", detail, answer, cancellation).ConfigureAwait(false);
            }
            else if (IsTold(outcome.Known)) await TellAsync(310, "Refusing", detail, new Refused(RefusalCode.NotKnown),
                cancellation).ConfigureAwait(false);
            else await SendFrameAsync(MessageCodec.Encode(new Refused(RefusalCode.TooMany)), cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            // Nothing was answered: the terminal asks again, with the same keys.
            await FailAsync(nameof(EnrolAsync), e).ConfigureAwait(false);
        }
        await CloseLineAsync().ConfigureAwait(false);
        await StepAsync(new CenterEvent.LineDown(), cancellation).ConfigureAwait(false);
    }

    private async ValueTask TellAsync(int step, string kind, string detail, RelayMessage answer, CancellationToken cancellation)
    {
        _log.Begin();
        _log.Decided(step, kind, detail);
        Show(step, detail);
        await SendAsync(answer, cancellation).ConfigureAwait(false);
    }
}
