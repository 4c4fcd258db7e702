using CardIssue.Center.Orders;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Sessions;

/// <summary>
/// Terminals are witnesses: what one remembers of this center is compared before it is let in, and it is told how far the center is.
/// </summary>
internal sealed partial class CenterSession
{
    /// <summary>
    /// Compares what the terminal remembers. A center that knows less was put back: what may have changed is quarantined before anything
    /// is asked for here.
    /// Only what verifies under the center's own keys counts, so that no terminal can bring that about with anything else.
    /// </summary>
    private async Task HearAsync(TerminalId terminal, ByteString shown, CancellationToken cancellation)
    {
        if (shown.IsEmpty) return;
        var history = _services.Orders.History;
        if (!_services.Vault.TryVerifyNote(shown, out var note))
        {
            OperationLog.NoteRefused(_logger, Name, terminal);
            _log.Decided(220, "NoteRefused", "what the terminal shows as this center's note is not one");
            return;
        }
        if (await history.CompareAsync(note, cancellation).ConfigureAwait(false) is HistoryFinding.Known)
        {
            _unwritten.Add(new SessionRecord.Shown(terminal, note));
            return;
        }
        var heard = await history.HearAsync(terminal, note, cancellation).ConfigureAwait(false);
        var (generation, sequence, chain) = (note.Note.Generation, note.Note.Sequence, note.Note.Chain);
        var detail = $"{terminal} remembers generation {generation} and entry {sequence} of {chain}: {heard.Finding}; "
            + (heard.IsNews ? $"the center was put back, {heard.Orders} orders are quarantined" : "that is known already");
        if (heard.IsNews) OperationLog.PutBack(_logger, Name, detail);
        _log.Decided(220, "Witness", detail);
        Show(220, detail);
    }

    /// <summary>What stands before it is durable by then, so that the note covers it.</summary>
    private async ValueTask<bool> SendWitnessAsync(CancellationToken cancellation)
    {
        if (!await MakeDurableAsync(cancellation).ConfigureAwait(false)) return false;
        var position = await PatientlyAsync(() => _services.Orders.History.PositionAsync(_services.Vault.Identity.Id, cancellation)).ConfigureAwait(false);
        var keys = _terminal!.Keys;
        var witness = new Witness(keys.SignWitness(position), keys.SignNextCertificate(), keys.SignNextKeys());
        await SendFrameAsync(MessageCodec.Encode(witness), cancellation).ConfigureAwait(false);
        return true;
    }
}
