using System.Globalization;
using System.Threading.Channels;
using CardIssue.Terminal.Relay;
using CardIssue.TerminalHost.Counter;
using CardIssue.TerminalHost.Printing;
using CardIssue.Transport.Reconnect;

namespace CardIssue.TerminalHost.Display.Screen;

/// <summary>
/// The operator's screen (numeral 214). Whoever has something to tell changes the view, and never waits for the terminal; one task draws,
/// the newest view, whole. So nothing mixes with what is typed, and a terminal that stands still holds up no card.
/// </summary>
internal sealed class CounterScreen : IStepDisplay, IAsyncDisposable
{
    /// <summary>How often the window's size and the clock are looked at.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    private readonly ITerminalScreen _terminal;
    private readonly Language _language;
    private readonly TimeProvider _time;
    private readonly ReceiptDesk _receipts;
    private readonly Channel<bool> _changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly Task _drawing;
    private CounterView _view;

    /// <summary>Draws from now on.</summary>
    /// <param name="terminal">Where; is disposed with this.</param>
    /// <param name="language">The operator's.</param>
    /// <param name="view">What is there at the beginning.</param>
    /// <param name="receipts">Knows why a receipt was not printed.</param>
    /// <param name="time">The clock.</param>
    public CounterScreen(ITerminalScreen terminal, Language language, CounterView view, ReceiptDesk receipts, TimeProvider time)
    {
        (_terminal, _view, _receipts, _time) = (terminal, view, receipts, time);
        // A terminal that shows ASCII alone shows no Japanese.
        _language = terminal.Surface.Unicode ? language : Language.English;
        _drawing = Task.Run(DrawAsync);
    }

    /// <summary>What is typed.</summary>
    public ChannelReader<ConsoleKeyInfo> Keys => _terminal.Keys;

    /// <summary>What is on the screen, or will be at once.</summary>
    public CounterView View
    {
        get
        {
            lock (_gate) return _view;
        }
    }

    /// <summary>Changes the view.</summary>
    public void Change(Func<CounterView, CounterView> change)
    {
        lock (_gate) _view = change(_view);
        _changed.Writer.TryWrite(true);
    }

    public void Show(IssueProgress step) => Change(view => view.With(step));

    public void Failed(FailedTry failed) => Change(view => view.With(failed, _time.GetUtcNow()));

    public void End(IssueOutcome outcome) => Change(view => view.With(outcome, _receipts.Fault));

    public void Tell(Text text) => Tell(text, Tone.Calm);

    /// <summary>One more line of what happened.</summary>
    public void Tell(Text text, Tone tone) => Change(view => view.Tell(_time.GetUtcNow(), "", text, tone));

    /// <summary>The relay stands otherwise.</summary>
    public void Show(RelayStatus status) => Change(view => view.With(status));

    /// <summary>The reader is seen otherwise.</summary>
    public void Show(ReaderSight sight) => Change(view => view.With(sight));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _drawing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _terminal.Dispose();
        _stop.Dispose();
    }

    private async Task DrawAsync()
    {
        (CounterView View, Surface Surface, string Minute)? drawn = null;
        while (!_stop.IsCancellationRequested)
        {
            var now = _time.GetLocalNow();
            var next = (View, _terminal.Surface, now.ToString("HH:mm", CultureInfo.InvariantCulture));
            if (!ReferenceEquals(drawn?.View, next.View) || drawn?.Surface != next.Surface || drawn?.Minute != next.Item3)
                _terminal.Show(CounterFrame.Of(next.View, next.Surface, _language, now));
            drawn = next;
            using var look = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            look.CancelAfter(Look);
            try
            {
                await _changed.Reader.ReadAsync(look.Token);
            }
            catch (OperationCanceledException)
            {
                // The time is over, or the work.
                continue;
            }
        }
    }
}
