using CardIssue.Center.Orders;
using CardIssue.Core;
using CardIssue.Core.Keys;
using CardIssue.Core.Protocol;

namespace CardIssue.Center.Sessions;

/// <summary>
/// Terminals are witnesses: what one remembers of this center is compared before it is let in, and it is told how far the center is.
/// </summary>
internal sealed partial class CenterSession
{
    /// <summary>
    /// Compares what the terminal remembers. A center that knows less was put back: what may have changed is quarantined before anything
    /// is asked for here.
    /// Only what verifies under the center's own key counts, so that no terminal can bring that about with anything else.
    /// </summary>
    private async Task HearAsync(TerminalId terminal, ByteString shown, CancellationToken cancellation)
    {
        if (shown.IsEmpty || _services.History is not { } history) return;
        if (!SignedWitnessNote.TryVerify(shown, _services.Vault.Identity, out var note))
        {
            OperationLog.NoteRefused(_logger, Name, terminal);
            await _log.DecidedAsync(220, "NoteRefused", "what the terminal shows as this center's note is not one", cancellation)
                .ConfigureAwait(false);
            return;
        }
        var heard = await history.HearAsync(terminal, note, cancellation).ConfigureAwait(false);
        if (heard.Finding is HistoryFinding.Known) return;
        var (generation, sequence, chain) = (note.Note.Generation, note.Note.Sequence, note.Note.Chain);
        var detail = $"{terminal} remembers generation {generation} and entry {sequence} of {chain}: {heard.Finding}; "
            + (heard.IsNews ? $"the center was put back, {heard.Orders} orders are quarantined" : "that is known already");
        if (heard.IsNews) OperationLog.PutBack(_logger, Name, detail);
        await _log.DecidedAsync(220, "Witness", detail, cancellation).ConfigureAwait(false);
        Show(220, detail);
    }

    private async ValueTask SendWitnessAsync(CancellationToken cancellation)
    {
        if (_services.History is not { } history) return;
        var position = await history.PositionAsync(_services.Vault.Identity.Id, cancellation).ConfigureAwait(false);
        await SendFrameAsync(MessageCodec.Encode(new Witness(_services.Vault.SignWitness(position))), cancellation).ConfigureAwait(false);
    }
}
