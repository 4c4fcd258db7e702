using System.Security.Cryptography;
using CardIssue.Core;
using CardIssue.Core.Cards;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Modules;
using CardIssue.Core.Protocol;

namespace CardIssue.Terminal.Relay;

/// <summary>The machine's effects, carried out; and what feeds it from the line.</summary>
public sealed partial class TerminalRelay
{
    private ValueTask CarryOutAsync(TerminalEffect effect, CancellationToken cancellation)
    {
        switch (effect)
        {
            case TerminalEffect.Send send: return SendAsync(send.Message, cancellation);
            case TerminalEffect.SendResult result: return SendResultAsync(result, cancellation);
            case TerminalEffect.Sign sign: return SignAsync(sign, cancellation);
            case TerminalEffect.JudgeCenter judge: return JudgeCenterAsync(judge.Admitted, cancellation);
            case TerminalEffect.CheckReader: return CheckReaderAsync(cancellation);
            case TerminalEffect.BeginScript begin: return _card.BeginScriptAsync(begin.Script, cancellation);
            case TerminalEffect.Transmit transmit: return _card.TransmitAsync(transmit.Sequence, cancellation);
            case TerminalEffect.ReleaseCard: return _card.ReleaseAsync(cancellation);
            case TerminalEffect.DiscardCommands discard:
                _commands.Discard(discard.Before);
                break;
            case TerminalEffect.Show show:
                Show(show);
                break;
            case TerminalEffect.Print print: return PrintAsync(print.Receipt, cancellation);
            case TerminalEffect.ArmTimer:
                _queue.ArmTimer(_options.CenterSilence);
                break;
            case TerminalEffect.StopTimer:
                _queue.StopTimer();
                break;
            case TerminalEffect.CloseLine: return CloseLineAsync();
            default: throw new InvalidOperationException($"No one carries out {effect.GetType().Name}.");
        }
        return ValueTask.CompletedTask;
    }

    /// <summary>A line that breaks while sending is reported by its receiving end.</summary>
    private async ValueTask SendAsync(Message message, CancellationToken cancellation)
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
    }

    /// <summary>S290. The responses are lent, not copied, and zeroed with the frame that carries them.</summary>
    private async ValueTask SendResultAsync(TerminalEffect.SendResult result, CancellationToken cancellation)
    {
        var frame = _responses.Drain(responses => MessageCodec.Encode(new Result(result.First, result.Stop, responses)));
        await SendAsync(frame, cancellation).ConfigureAwait(false);
        CryptographicOperations.ZeroMemory(frame);
    }

    private async ValueTask SignAsync(TerminalEffect.Sign sign, CancellationToken cancellation)
    {
        _admission = new AdmissionTally(sign.Hello, sign.Challenge);
        var transcript = Transcript();
        var (refusal, signature) = await _card.WithModuleAsync(
            module => (module.SignAdmission(transcript, out var made), made), cancellation).ConfigureAwait(false);
        if (refusal is ModuleRefusal.None) refusal = await ProtectAsync(transcript, cancellation).ConfigureAwait(false);
        if (refusal is ModuleRefusal.None)
        {
            await StepAsync(new TerminalEvent.Signed(new Proof(signature)), cancellation).ConfigureAwait(false);
            return;
        }
        Log.ModuleRefused(_logger, refusal, 0);
        await CloseLineAsync().ConfigureAwait(false);
    }

    /// <summary>The keys of a line without TLS are there before the proof leaves: it is the last message in the clear.</summary>
    private async ValueTask<ModuleRefusal> ProtectAsync(AdmissionTranscript transcript, CancellationToken cancellation)
    {
        if (_line is not AuthenticatedLine line) return ModuleRefusal.None;
        var (refusal, keys) = await _card.WithModuleAsync(
            module => (module.OpenLineKeys(transcript, out var made), made), cancellation).ConfigureAwait(false);
        if (keys is not null) line.Protect(keys);
        return refusal;
    }

    private async ValueTask JudgeCenterAsync(Admitted admitted, CancellationToken cancellation)
    {
        var genuine = Transcript().IsSigned(AdmissionRole.Center, _module.Center.SigningKey, admitted.Signature) && _readers.TryAccept(admitted.ReaderList);
        // A new list, and a center that has not heard of the reader yet.
        _readerWatch.NewAccess();
        await StepAsync(new TerminalEvent.CenterJudged(genuine), cancellation).ConfigureAwait(false);
    }

    private AdmissionTranscript Transcript() => new()
    {
        MinVersion = _admission.Hello!.MinVersion,
        MaxVersion = _admission.Hello.MaxVersion,
        Version = _admission.Challenge!.Version,
        Terminal = _admission.Hello.Terminal,
        Center = _module.Center.Id,
        Window = _admission.Hello.Window,
        Line = _admission.Challenge.Line,
        TerminalNonce = _admission.Hello.Nonce,
        CenterNonce = _admission.Challenge.Nonce,
        TerminalCertificate = _line!.Peer.OwnCertificate,
        CenterCertificate = _line.Peer.PeerCertificate,
    };

    private async ValueTask CloseLineAsync()
    {
        if (_line is not null) await _line.DisposeAsync().ConfigureAwait(false);
    }

    private void Show(TerminalEffect.Show show)
    {
        var progress = new IssueProgress(_time.GetUtcNow(), IssueProgress.StepOf(show.Notice), show.Notice, show.Text, show.Record);
        Log.Shown(_logger, progress.Step, progress.Notice, progress.Detail, progress.Record);
        _display?.Report(progress);
        if (_pending is { Asked: true } asked) asked.Progress?.Report(progress);
        if (EndingOf(show.Notice) is { } ending) End(ending, show.Text);
    }

    private static IssueEnding? EndingOf(Notice notice) => notice switch
    {
        Notice.OrderDeclined => IssueEnding.Declined,
        Notice.Aborted => IssueEnding.Aborted,
        Notice.ReaderRefused => IssueEnding.ReaderRefused,
        Notice.AccessRefused => IssueEnding.AccessRefused,
        Notice.CenterNotKnown => IssueEnding.CenterNotKnown,
        Notice.AskAgain => IssueEnding.LineLost,
        _ => null,
    };

    private void End(IssueEnding ending, string detail, string receipt = "")
    {
        _pending?.Done.TrySetResult(new IssueOutcome(ending, detail, receipt));
        _pending = null;
    }

    private async ValueTask PrintAsync(string receipt, CancellationToken cancellation)
    {
        End(IssueEnding.Issued, "", receipt);
        if (_printer is null) return;
        try
        {
            await _printer.PrintAsync(receipt, cancellation).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            Log.NotPrinted(_logger, e.Message);
        }
    }

    private async Task KeepLineAsync(CancellationToken cancellation)
    {
        var lineReturn = new LineReturn(_options.RefusedPause, _time);
        while (true)
        {
            try
            {
                var line = await ConnectAsync(cancellation).ConfigureAwait(false);
                await using var _ = line.ConfigureAwait(false);
                lineReturn.Up();
                Log.LineUp(_logger, line.Peer.Line?.ToString() ?? "none");
                _commands.Reset();
                var nonce = await _card.WithModuleAsync(module => module.BeginAdmission(), cancellation).ConfigureAwait(false);
                await _queue.PostAsync(new Item.LineUp(line, nonce), cancellation).ConfigureAwait(false);
                await ReceiveAsync(line, cancellation).ConfigureAwait(false);
            }
            catch (LineException e)
            {
                Log.LineDown(_logger, e.Fault, e.Message);
            }
            // What was still coming in goes nowhere any more.
            _commands.Reset();
            var pause = lineReturn.Lost(Phase);
            await _queue.PostAsync(new Item.Happened(new TerminalEvent.LineDown()), cancellation).ConfigureAwait(false);
            await Task.Delay(pause, _time, cancellation).ConfigureAwait(false);
        }
    }

    private async ValueTask<ILine> ConnectAsync(CancellationToken cancellation)
    {
        var line = await _connector.ConnectAsync(cancellation).ConfigureAwait(false);
        return line.Peer.HasTls ? line : AuthenticatedLine.AtTerminal(line);
    }

    private async Task ReceiveAsync(ILine line, CancellationToken cancellation)
    {
        while (await line.ReceiveAsync(cancellation).ConfigureAwait(false) is { } frame)
        {
            using (frame)
                await _queue.PostAsync(Read(frame), cancellation).ConfigureAwait(false);
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
