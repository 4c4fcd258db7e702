using System.Security.Cryptography;
using CardIssue.Core.Lines;
using CardIssue.Core.Modules;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;

namespace CardIssue.Terminal.Relay;

/// <summary>The machine's effects, carried out; and what feeds it from the line.</summary>
public sealed partial class TerminalRelay
{
    private ValueTask CarryOutAsync(TerminalEffect effect, CancellationToken cancellation)
    {
        switch (effect)
        {
            case TerminalEffect.Send send:
                if (send.Message is Credit credit) _pace.Credited(credit.Until);
                MeasureRequest(send.Message);
                return SendAsync(send.Message, cancellation);
            case TerminalEffect.SendResult result:
                _facts.Take(result.Stop);
                _request?.ScriptEnds(result.Stop);
                return SendResultAsync(result, cancellation);
            case TerminalEffect.Sign sign: return SignAsync(sign, cancellation);
            case TerminalEffect.JudgeCenter judge: return JudgeCenterAsync(judge.Admitted, cancellation);
            case TerminalEffect.KeepWitness keep: return KeepWitnessAsync(keep, cancellation);
            case TerminalEffect.BringUpResults bring:
                BringUpResults(bring.JoinToken);
                break;
            case TerminalEffect.CheckReader:
                _check++;
                CheckReader(TimeSpan.Zero, cancellation);
                TellUnread();
                break;
            case TerminalEffect.BeginScript begin:
                _request?.ScriptBegins(begin.Script);
                return _card.BeginScriptAsync(begin.Script, cancellation);
            case TerminalEffect.Transmit transmit:
                _pace.Transmitted();
                return _card.TransmitAsync(transmit.Sequence, cancellation);
            case TerminalEffect.ReleaseCard:
                // Also those of a script that no card was put in for.
                _commands.Discard(_state.NextSequence);
                return _card.ReleaseAsync(cancellation);
            case TerminalEffect.DiscardCommands discard:
                _commands.Discard(discard.Before);
                break;
            case TerminalEffect.Show show:
                Show(show);
                break;
            case TerminalEffect.Print print:
                Print(print.Receipt, cancellation);
                break;
            case TerminalEffect.ArmTimer:
                _queue.ArmTimer(_options.CenterSilence);
                break;
            case TerminalEffect.StopTimer:
                _queue.StopTimer();
                break;
            case TerminalEffect.CloseLine: return CloseLineAsync(_whyClosed);
            default: throw new InvalidOperationException($"No one carries out {effect.GetType().Name}.");
        }
        return ValueTask.CompletedTask;
    }

    /// <summary>A line that breaks while sending is reported by its receiving end.</summary>
    private async ValueTask SendAsync(RelayMessage message, CancellationToken cancellation)
    {
        var frame = MessageCodec.Encode(message is CardPresent { Atr.IsEmpty: true } present ? present with { Atr = _atr } : message);
        await SendAsync(frame, cancellation).ConfigureAwait(false);
    }

    private async ValueTask SendAsync(byte[] frame, CancellationToken cancellation)
    {
        if (_line is null) return;
        try
        {
            await _line.SendAsync(frame, cancellation).ConfigureAwait(false);
        }
        catch (LineException e)
        {
            Log.LineDown(_logger, e.Fault, e.Message);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            // A line that fails as no line does is a broken one: the order goes on on the next.
            Log.Failed(_logger, e, nameof(SendAsync), _state.Phase);
            await CloseLineAsync().ConfigureAwait(false);
        }
    }

    /// <summary>S290. The responses are lent, not copied, and zeroed with the frame that carries them.</summary>
    private async ValueTask SendResultAsync(TerminalEffect.SendResult result, CancellationToken cancellation)
    {
        _pace.Reported();
        var frame = _responses.Drain(responses => MessageCodec.Encode(new Result(
            result.First, result.Stop, responses, result.Stop is ScriptStop.ModuleRefused ? _card.Refusal : ModuleRefusal.None)));
        try
        {
            await SendAsync(frame, cancellation).ConfigureAwait(false);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(frame);
        }
    }

    private async ValueTask SignAsync(TerminalEffect.Sign sign, CancellationToken cancellation)
    {
        var admission = _line!.Admission;
        var (refusal, proof) = await _card.WithModuleAsync(
            _ => (admission.Prove(sign.Hello, sign.Challenge, out var made), made), cancellation).ConfigureAwait(false);
        if (proof is not null)
        {
            await StepAsync(new TerminalEvent.Signed(proof), cancellation).ConfigureAwait(false);
            return;
        }
        Log.ModuleRefused(_logger, refusal, 0);
        await CloseLineAsync().ConfigureAwait(false);
    }

    private async ValueTask JudgeCenterAsync(Admitted admitted, CancellationToken cancellation)
    {
        var admission = _line!.Admission;
        var isCenter = await _card.WithModuleAsync(_ => admission.IsCenter(admitted), cancellation).ConfigureAwait(false);
        var genuine = isCenter && _readers.TryAccept(admitted.ReaderList);
        if (isCenter) KeepCertificate(certificates => certificates.Saw(_line.Received.Peer.PeerCertificate));
        // A new list, and a center that has not heard of the reader yet.
        _readerWatch.NewAccess();
        await StepAsync(new TerminalEvent.CenterJudged(genuine), cancellation).ConfigureAwait(false);
    }

    /// <summary>A witness that cannot remember is a worse one; the card goes on.</summary>
    private async ValueTask KeepWitnessAsync(TerminalEffect.KeepWitness told, CancellationToken cancellation)
    {
        try
        {
            var keeping = await _card.WithModuleAsync(module => module.KeepNote(told.Note), cancellation).ConfigureAwait(false);
            if (keeping is NoteKeeping.Contradicted) Log.NotesContradict(_logger, _module.Center.Id.Value);
            if (keeping is NoteKeeping.Refused) Log.NoteRefused(_logger, _module.Center.Id.Value);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            Log.NoteNotKept(_logger, e, e.Message);
        }
        if (!told.Certificate.IsEmpty) KeepCertificate(certificates =>
        {
            if (!certificates.Keep(told.Certificate)) Log.CertificateRefused(_logger, _module.Center.Id.Value);
        });
        if (!told.Keys.IsEmpty) await KeepCenterKeysAsync(told.Keys, cancellation).ConfigureAwait(false);
    }

    /// <summary>A module that cannot keep them is told again; the card goes on.</summary>
    private async ValueTask KeepCenterKeysAsync(ByteString statement, CancellationToken cancellation)
    {
        try
        {
            if (!await _card.WithModuleAsync(module => module.KeepCenterKeys(statement), cancellation).ConfigureAwait(false))
                Log.CenterKeysRefused(_logger, _module.Center.Id.Value);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            Log.CenterKeysNotKept(_logger, e, e.Message);
        }
    }

    /// <summary>A terminal that cannot keep it is told again; the card goes on.</summary>
    private void KeepCertificate(Action<CenterCertificates> keep)
    {
        try
        {
            if (_certificates is not null) keep(_certificates);
        }
        catch (IOException e)
        {
            Log.CertificateNotKept(_logger, e, e.Message);
        }
    }

    /// <summary>Beside the queue: the data half goes on being read while the results half is brought up.</summary>
    private void BringUpResults(ByteString joinToken)
    {
        var line = _line!;
        var half = new ResultsHalf(line, _card, _readers, _options.CenterSilence, (refused, reason) => _queue.PostAsync(new Item.Shown(refused, reason)), _time, _logger);
        var start = TerminalState.Start(_module.Identity.Id, _options.Policy, LineHalf.Results, joinToken);
        line.BringUpResults(stop => Task.Run(() => half.JoinAsync(((SplitConnector)_connector).Results, start, stop), CancellationToken.None));
    }

    private void Show(TerminalEffect.Show show)
    {
        (_shown, _beforeAway) = (show, null);
        var isLost = show.Notice is IssueNotice.LineLost or IssueNotice.AskAgain;
        if (isLost && show.Text.Length == 0) show = show with { Text = _lost.Text };
        var reason = isLost ? _lost.Reason : _facts.ReasonOf(show.Notice);
        var progress = _facts.In(new IssueProgress(_time.GetUtcNow(), IssueProgress.StepOf(show.Notice), show.Notice, show.Text), reason)
            with { Record = show.Notice is IssueNotice.Reporting ? _facts.Record : show.Record };
        TakeAccess(show.Notice, reason);
        MeasureEnd(show.Notice);
        Log.Shown(_logger, progress.Step, progress.Notice, progress.Detail, progress.Record);
        Tell(_display, progress);
        if (_pending is { Asked: true } asked) Tell(asked.Progress, progress);
        if (EndingOf(show.Notice) is { } ending) End(ending, show.Text, reason);
        // What comes next is another customer's.
        if (show.Notice is IssueNotice.Ready) _facts.Begin();
    }

    private static IssueEnding? EndingOf(IssueNotice notice) => notice switch
    {
        IssueNotice.OrderDeclined => IssueEnding.Declined,
        IssueNotice.Aborted => IssueEnding.Aborted,
        IssueNotice.ReaderRefused => IssueEnding.ReaderRefused,
        IssueNotice.AccessRefused => IssueEnding.AccessRefused,
        IssueNotice.CenterNotKnown => IssueEnding.CenterNotKnown,
        IssueNotice.AskAgain => IssueEnding.LineLost,
        _ => null,
    };

    private void End(IssueEnding ending, string detail, IssueReason reason)
    {
        _pending?.Done.TrySetResult(_facts.In(new IssueOutcome(ending, detail, "") { At = _time.GetUtcNow() }, reason));
        _pending = null;
    }

    private async Task KeepLineAsync(CancellationToken cancellation)
    {
        var lineReturn = new LineReturn(_options.RefusedPause, _time);
        while (true)
        {
            var failed = false;
            LineException? fault = null;
            try
            {
                var line = new RelayLine(await _connector.ConnectAsync(cancellation).ConfigureAwait(false), _module);
                await using var _ = line.ConfigureAwait(false);
                lineReturn.Up();
                Log.LineUp(_logger, line.Received.Peer.Line?.ToString() ?? "none");
                _commands.Reset();
                var nonce = await _card.WithModuleAsync(module => module.BeginAdmission(_state.Half), cancellation).ConfigureAwait(false);
                await _queue.PostAsync(new Item.LineUp(line, nonce), cancellation).ConfigureAwait(false);
                await ReceiveAsync(line, cancellation).ConfigureAwait(false);
            }
            catch (LineException e)
            {
                Log.LineDown(_logger, e.Fault, e.Message);
                fault = e;
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                Log.Failed(_logger, e, nameof(KeepLineAsync), Phase);
                failed = true;
            }
            // What was still coming in goes nowhere any more.
            _commands.Reset();
            var lost = lineReturn.Lost(Phase);
            var pause = failed ? _options.RefusedPause : lost;
            await _queue.PostAsync(new Item.Happened(new TerminalEvent.LineDown()), cancellation).ConfigureAwait(false);
            if (fault is not null) await _queue.PostAsync(new Item.LineFailed(fault), cancellation).ConfigureAwait(false);
            await Task.Delay(pause, _time, cancellation).ConfigureAwait(false);
        }
    }

    private async Task ReceiveAsync(RelayLine line, CancellationToken cancellation)
    {
        try
        {
            while (await line.Received.ReceiveAsync(cancellation).ConfigureAwait(false) is { } frame)
            {
                using (frame)
                    await _queue.PostAsync(Read(frame), cancellation).ConfigureAwait(false);
            }
        }
        catch (LineException e) when (line.ResultsFault is { } fault)
        {
            // Said where it was asked; the data half's machine is the one that waits for it.
            if (line.Refusal is { } refused) await _queue.PostAsync(new Item.Happened(new TerminalEvent.Received(refused)), cancellation).ConfigureAwait(false);
            throw new LineException(fault.Fault, $"results half: {fault.Message}", e);
        }
    }

    /// <summary>A command's payload goes straight from the frame's pinned memory into the buffer's.</summary>
    private Item Read(LineFrame frame)
    {
        if (CommandFrame.TryRead(frame.Span, out var sequence, out var payload, out var expected))
            return _commands.Put(sequence, payload, expected) switch
            {
                PutOutcome.Kept => new Item.CommandCame(sequence, IsKept: true),
                PutOutcome.Double => new Item.CommandCame(sequence, IsKept: false),
                PutOutcome.Full => new Item.Happened(new TerminalEvent.Garbage("more commands than the window holds")),
            };
        var decoded = MessageCodec.Decode(frame.Memory);
        return new Item.Happened(decoded.IsMessage ? new TerminalEvent.Received(decoded.Message) : new TerminalEvent.Garbage(decoded.Error));
    }
}
