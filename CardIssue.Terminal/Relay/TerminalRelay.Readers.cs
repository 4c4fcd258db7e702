using CardIssue.Core.Cards;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;

namespace CardIssue.Terminal.Relay;

/// <summary>
/// S250: the reader is checked when it is connected, before each card, and before each connection to one; and is enrolled. One that is away is not
/// unknown: an order waits for it as for the card, and what comes back is checked anew.
/// </summary>
public sealed partial class TerminalRelay
{
    /// <summary>The check that is under way, by number; and what the operator read before that the reader is away, null while it is not.</summary>
    private int _check;
    private TerminalEffect.Show? _shown, _beforeAway;

    /// <summary>What is wrong with the card that is in and can't be read; null while there is none.</summary>
    private CardFault? _unread;

    /// <summary>A request from <see cref="EnrollReaderAsync"/> on its way.</summary>
    private sealed record PendingEnrollment(EnrollReader Request)
    {
        public TaskCompletionSource<ReaderEnrollmentOutcome> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Sent { get; set; }
    }

    /// <summary>Judges the reader by the list that the center gave (S250): <see cref="ReaderJudgement.Known"/> or <see cref="ReaderJudgement.Unknown"/>; before the first access it is not known.</summary>
    /// <exception cref="CardException">The reader, or the slot that its key is in, is gone.</exception>
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
            if (answer.Fault is ReaderKeyFault.Away)
                throw new CardException(CardFault.ReaderGone, $"The slot of the reader's key is gone: {answer.Detail}; see that it is connected.");
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

    /// <summary>Beside the queue: a reader that takes its time keeps neither operator nor center waiting.</summary>
    private void CheckReader(TimeSpan pause, CancellationToken cancellation)
    {
        var check = _check;
        _ = Task.Run(
            async () =>
            {
                await Task.Delay(pause, _time, cancellation).ConfigureAwait(false);
                var judgement = await CheckAsync(cancellation).ConfigureAwait(false);
                if (judgement is ReaderJudgement.Away) _card.LoseReader();
                await _queue.PostAsync(new Item.ReaderChecked(check, judgement), cancellation).ConfigureAwait(false);
            },
            cancellation);
    }

    /// <summary>The order waits for a reader that is away: how long is the center's affair, as with a card that does not come.</summary>
    private async ValueTask TakeCheckAsync(ReaderJudgement judgement, CancellationToken cancellation)
    {
        if (judgement is ReaderJudgement.Away away)
        {
            TellAway(away.Fault);
            CheckReader(_options.ReaderPause, cancellation);
            return;
        }
        if (judgement is ReaderJudgement.Known) SayAgain();
        // An unknown one is reported by the machine, which just now asked.
        _readerWatch.Looked(judgement);
        await StepAsync(Judged(judgement), cancellation).ConfigureAwait(false);
    }

    /// <summary>Whoever was asked to put a card in reads why it is of no use now.</summary>
    private void TellAway(CardFault fault)
    {
        if (_beforeAway is not null || _state.Phase is not (TerminalPhase.CheckingReader or TerminalPhase.AwaitingCard)) return;
        var before = _shown;
        _facts.Take(fault);
        Show(new TerminalEffect.Show(IssueNotice.ReaderAway, fault.ToString()));
        _beforeAway = before;
    }

    /// <summary>The reader is back: what is to be done is what was to be done before.</summary>
    private void SayAgain()
    {
        if (_beforeAway is { } before) Show(before);
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
            if (await CheckInTimeAsync(cancellation).ConfigureAwait(false) is not ReaderJudgement.Away and var judgement) return judgement;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            Log.Failed(_logger, e, nameof(LookAsync), _state.Phase);
        }
        _readerWatch.Wait();
        return null;
    }

    /// <summary>A driver that fails otherwise than with a reader that is away says nothing that could be known.</summary>
    private async ValueTask<ReaderJudgement> CheckAsync(CancellationToken cancellation)
    {
        ReaderJudgement judgement;
        try
        {
            judgement = await CheckInTimeAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            Log.Failed(_logger, e, nameof(CheckAsync), Phase);
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
        catch (CardException e)
        {
            return new ReaderJudgement.Away(e.Fault);
        }
        catch (OperationCanceledException) when (slow.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            return new ReaderJudgement.Away(CardFault.ReaderGone);
        }
    }

    private async Task WatchReaderAsync(CancellationToken cancellation)
    {
        while (true)
        {
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
                    await _queue.PostAsync(new Item.ReaderWent(e.Fault), cancellation).ConfigureAwait(false);
                }
                Log.ReaderGone(_logger, e.Fault, e.Message, _options.ReaderPause);
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                _card.LoseReader();
                Log.Failed(_logger, e, nameof(WatchReaderAsync), Phase);
            }
            await _queue.PostAsync(new Item.Happened(new TerminalEvent.CardGone()), cancellation).ConfigureAwait(false);
            await Task.Delay(_options.ReaderPause, _time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>That a reader says what it is does not show that it is there: one that is simulated has its name from its address. That it goes on waiting does.</summary>
    private async ValueTask<ByteString> WaitForCardAsync(CancellationToken cancellation)
    {
        var card = _reader.WaitForCardAsync(cancellation).AsTask();
        if (await Task.WhenAny(card, Task.Delay(_options.ReaderPause, _time, cancellation)).ConfigureAwait(false) != card)
            await _queue.PostAsync(new Item.ReaderStays(), cancellation).ConfigureAwait(false);
        return await card.ConfigureAwait(false);
    }

    private async Task WatchCardsAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var isRead = await TakeCardAsync(cancellation).ConfigureAwait(false);
            await _reader.WaitForRemovalAsync(cancellation).ConfigureAwait(false);
            await _queue.PostAsync(new Item.Happened(new TerminalEvent.CardGone()), cancellation).ConfigureAwait(false);
            // A driver that can't read a card may not see that it stays in, either.
            if (!isRead) await Task.Delay(_options.ReaderPause, _time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Waits for a card.</summary>
    /// <returns>Whether it is one: most often it is not because it lies the wrong way round, and then nothing begins with it, and the operator is told.</returns>
    private async Task<bool> TakeCardAsync(CancellationToken cancellation)
    {
        try
        {
            var atr = await WaitForCardAsync(cancellation).ConfigureAwait(false);
            if (FieldLimits.IsAtr(atr))
            {
                _atr = atr;
                await _queue.PostAsync(new Item.Happened(new TerminalEvent.CardInserted(atr)), cancellation).ConfigureAwait(false);
                return true;
            }
            Log.NoAtr(_logger, atr.Length);
            await _queue.PostAsync(new Item.CardUnread(CardFault.Protocol), cancellation).ConfigureAwait(false);
        }
        catch (CardException e) when (e.Fault is CardFault.Mute)
        {
            Log.CardMute(_logger, e.Message);
            await _queue.PostAsync(new Item.CardUnread(e.Fault), cancellation).ConfigureAwait(false);
        }
        return false;
    }

    /// <summary>
    /// Whoever was asked to put a card in reads that the one which is in can't be read: when it comes, and when a card is asked for while it is in. When the reader
    /// was away, what is said again is what was to be done before.
    /// </summary>
    private void TellUnread()
    {
        if (_unread is not { } fault || _state.Phase is not (TerminalPhase.CheckingReader or TerminalPhase.AwaitingCard)) return;
        var before = _beforeAway ?? _shown;
        _facts.Say(IssueReason.CardUnreadable);
        _facts.Take(fault);
        Show(new TerminalEffect.Show(IssueNotice.CardRejected, nameof(CardRejection.Unreadable)));
        _shown = before;
    }
}
