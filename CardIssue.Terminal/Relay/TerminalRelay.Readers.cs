using CardIssue.Core.Cards;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;

namespace CardIssue.Terminal.Relay;

/// <summary>S250: the reader is checked when it is connected, before each card, and before each connection to one; and is enrolled.</summary>
public sealed partial class TerminalRelay
{
    /// <summary>A request from <see cref="EnrollReaderAsync"/> on its way.</summary>
    private sealed record PendingEnrollment(EnrollReader Request)
    {
        public TaskCompletionSource<ReaderEnrollmentOutcome> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Sent { get; set; }
    }

    /// <summary>Judges the reader by the list that the center gave (S250): <see cref="ReaderJudgement.Known"/> or <see cref="ReaderJudgement.Unknown"/>; before the first access it is not known.</summary>
    /// <exception cref="CardException">The reader is gone.</exception>
    public async ValueTask<ReaderJudgement> JudgeReaderAsync(CancellationToken cancellation) =>
        await _readers.JudgeAsync(await _reader.IdentifyAsync(cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);

    /// <summary>
    /// Asks the center to know this reader, as soon as no order is under way. A reader that is known comes with the list that names it, which is taken at once;
    /// for one that waits, ask again later. One at a time.
    /// </summary>
    /// <exception cref="CardException">The reader or its key is gone, or tells of itself what no list can hold.</exception>
    /// <exception cref="InvalidOperationException">
    /// The relay does not run; access was never granted yet; or the same question is under way.
    /// </exception>
    /// <exception cref="TimeoutException">
    /// The center did not answer within <see cref="TerminalRelayOptions.CenterSilence"/>: the line is down, or an order is under way.
    /// </exception>
    public async Task<ReaderEnrollmentOutcome> EnrollReaderAsync(CancellationToken cancellation)
    {
        using var _ = AskedOnce(ref _enrolling, nameof(EnrollReaderAsync), () => _enrolling = 0);
        var pending = new PendingEnrollment(await DescribeReaderAsync(cancellation).ConfigureAwait(false));
        await _queue.PostAsync(new Item.EnrollmentWanted(pending), cancellation).ConfigureAwait(false);
        return await AnswerAsync(pending.Done.Task, cancellation).ConfigureAwait(false);
    }

    private async ValueTask<EnrollReader> DescribeReaderAsync(CancellationToken cancellation)
    {
        var reader = await _reader.IdentifyAsync(cancellation).ConfigureAwait(false);
        var key = default(P256PublicKey);
        if (_readerKey is not null)
        {
            var answer = await _readerKey.ReadPublicKeyAsync(cancellation).ConfigureAwait(false);
            if (!P256PublicKey.TryParse(answer.Value.Span, out key))
                throw new CardException(CardFault.Protocol, $"The reader's key cannot be read: {answer.Fault}, {answer.Detail}. Put the SAM in, or enroll the reader without.");
        }
        return EnrollReader.TryMake(reader, key, out var fault)
            ?? throw new CardException(CardFault.Protocol, $"This reader cannot be enrolled: {fault}.");
    }

    private async ValueTask TakeEnrollmentAsync(PendingEnrollment asked, ReaderEnrollment answer, CancellationToken cancellation)
    {
        _enrollment = null;
        if (!answer.ReaderList.IsEmpty && _readers.TryAccept(answer.ReaderList)) _readerWatch.Renew();
        asked.Done.TrySetResult(new ReaderEnrollmentOutcome(answer.Status, await CheckAsync(cancellation).ConfigureAwait(false)));
    }

    private async ValueTask CheckReaderAsync(CancellationToken cancellation)
    {
        var judgement = await CheckAsync(cancellation).ConfigureAwait(false);
        // An unknown one is reported by the machine, which just now asked.
        _readerWatch.Looked(judgement);
        await StepAsync(Judged(judgement), cancellation).ConfigureAwait(false);
    }

    /// <summary>Between orders: looks at a reader that came, and asks the center to know it where that is wanted.</summary>
    private async ValueTask MindReaderAsync(CancellationToken cancellation)
    {
        if (_readerWatch.IsDue && await LookAsync(cancellation).ConfigureAwait(false) is { } judgement && _readerWatch.Looked(judgement))
            await StepAsync(Judged(judgement), cancellation).ConfigureAwait(false);
        if (_enrollment is { Sent: false } enrollment)
        {
            enrollment.Sent = true;
            await SendAsync(enrollment.Request, cancellation).ConfigureAwait(false);
        }
    }

    private static TerminalEvent.ReaderJudged Judged(ReaderJudgement judgement) =>
        new(judgement is ReaderJudgement.Known, judgement is ReaderJudgement.Unknown unknown ? unknown.Reason : "");

    /// <summary>Null when there is no reader: nothing to report until it comes back.</summary>
    private async ValueTask<ReaderJudgement?> LookAsync(CancellationToken cancellation)
    {
        try
        {
            return await CheckInTimeAsync(cancellation).ConfigureAwait(false);
        }
        catch (CardException e)
        {
            Log.ReaderGone(_logger, e.Fault, e.Message, _options.ReaderPause);
            _readerWatch.Wait();
            return null;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            Log.Failed(_logger, e, nameof(LookAsync), _state.Phase);
            _readerWatch.Wait();
            return null;
        }
    }

    /// <summary>A reader that does not say what it is, is not known.</summary>
    private async ValueTask<ReaderJudgement> CheckAsync(CancellationToken cancellation)
    {
        ReaderJudgement judgement;
        try
        {
            judgement = await CheckInTimeAsync(cancellation).ConfigureAwait(false);
        }
        catch (CardException e)
        {
            judgement = new ReaderJudgement.Unknown($"the reader does not say what it is: {e.Fault}");
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            Log.Failed(_logger, e, nameof(CheckAsync), _state.Phase);
            judgement = new ReaderJudgement.Unknown("the reader does not say what it is: its driver or its key failed");
        }
        if (judgement is ReaderJudgement.Unknown unknown) Log.ReaderNotKnown(_logger, unknown.Reason);
        return judgement;
    }

    private async ValueTask<ReaderJudgement> CheckInTimeAsync(CancellationToken cancellation)
    {
        using var slow = new CancellationTokenSource(_options.ReaderCheck, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, slow.Token);
        try
        {
            return await JudgeReaderAsync(either.Token).AsTask().WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (slow.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            return new ReaderJudgement.Unknown($"the reader did not say within {_options.ReaderCheck.TotalSeconds:0} s what it is");
        }
    }

    private async Task WatchReaderAsync(CancellationToken cancellation)
    {
        while (true)
        {
            CardFault? away = null;
            try
            {
                await _reader.IdentifyAsync(cancellation).ConfigureAwait(false);
                await _queue.PostAsync(new Item.ReaderCame(), cancellation).ConfigureAwait(false);
                await WatchCardsAsync(cancellation).ConfigureAwait(false);
            }
            catch (CardException e)
            {
                if (e.Fault is CardFault.ReaderGone or CardFault.ServiceGone)
                {
                    _card.LoseReader();
                    away = e.Fault;
                }
                Log.ReaderGone(_logger, e.Fault, e.Message, _options.ReaderPause);
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                _card.LoseReader();
                Log.Failed(_logger, e, nameof(WatchReaderAsync), Phase);
            }
            await _queue.PostAsync(new Item.Happened(new TerminalEvent.CardGone()), cancellation).ConfigureAwait(false);
            if (away is { } fault) await _queue.PostAsync(new Item.ReaderWent(fault), cancellation).ConfigureAwait(false);
            await Task.Delay(_options.ReaderPause, _time, cancellation).ConfigureAwait(false);
        }
    }

    private async Task WatchCardsAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var atr = await _reader.WaitForCardAsync(cancellation).ConfigureAwait(false);
            if (FieldLimits.IsAtr(atr))
            {
                _atr = atr;
                await _queue.PostAsync(new Item.Happened(new TerminalEvent.CardInserted(atr)), cancellation).ConfigureAwait(false);
            }
            else
            {
                // No card as ISO 7816-3 knows one: nothing begins with it, and the operator is told to take it out.
                Log.NoAtr(_logger, atr.Length);
                var refused = new TerminalEffect.Show(IssueNotice.CardRejected, nameof(CardRejection.Unreadable));
                await _queue.PostAsync(new Item.Shown(refused, IssueReason.CardUnreadable), cancellation).ConfigureAwait(false);
            }
            await _reader.WaitForRemovalAsync(cancellation).ConfigureAwait(false);
            await _queue.PostAsync(new Item.Happened(new TerminalEvent.CardGone()), cancellation).ConfigureAwait(false);
        }
    }
}
