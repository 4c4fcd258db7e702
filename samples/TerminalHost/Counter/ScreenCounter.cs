using System.Threading.Channels;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Relay;
using CardIssue.TerminalHost.Cli;
using CardIssue.TerminalHost.Display;
using CardIssue.TerminalHost.Display.Screen;
using CardIssue.TerminalHost.Operators;
using CardIssue.TerminalHost.Printing;

namespace CardIssue.TerminalHost.Counter;

/// <summary>
/// The counter at a screen: who works here, customer after customer, until the operator ends it. Whatever fails meanwhile is told, and the
/// work goes on.
/// </summary>
internal sealed class ScreenCounter(CounterScreen screen, CounterSetup setup, TimeProvider time)
{
    /// <summary>Before what failed is tried again.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private OperatorId? _who = setup.Who;
    private long _active = time.GetTimestamp();
    private string _receipt = "";
    private Task _printing = Task.CompletedTask;

    private bool LogsIn => setup.Who is null;

    /// <summary>Whether somebody is logged in who is logged off when nothing is typed for long.</summary>
    private bool MayIdle => LogsIn && _who is not null && setup.IdleLogOff > TimeSpan.Zero;

    /// <summary>How long nothing more may be typed.</summary>
    private TimeSpan Rest => setup.IdleLogOff - time.GetElapsedTime(_active) is { Ticks: > 0 } rest ? rest : TimeSpan.Zero;

    /// <summary>What the operator wants, when a question is answered.</summary>
    private enum Wish
    {
        Go,
        Back,
        LogOff,
        Idle,
        End,
    }

    /// <summary>Works until the operator ends it.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var isOver = false;
        while (!isOver)
        {
            try
            {
                await setup.Rotation.WhenDueAsync(setup.File, screen, cancellation);
                await using var counter = setup.Open(screen, screen.Show);
                counter.Relay.StatusChanged += (_, status) => screen.Show(status);
                counter.Start();
                isOver = await ServeAsync(counter, cancellation);
            }
            catch (CommandException e) when (e.Code is ExitCode.Failed)
            {
                // No reader yet, for one.
                screen.Show(ReaderSight.Lost);
                screen.Tell(Text.Same(e.Message), Tone.Bad);
                isOver = await PauseAsync(cancellation);
            }
            catch (Exception e) when (e is not CommandException && !cancellation.IsCancellationRequested)
            {
                screen.Tell(CounterTexts.StartedAnew + Text.Same($" ({e.GetType().Name})"), Tone.Bad);
                isOver = await PauseAsync(cancellation);
            }
        }
        await _printing.WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Customer after customer.</summary>
    /// <returns>Whether the work is over; else something is due between two customers.</returns>
    private async Task<bool> ServeAsync(TerminalCounter counter, CancellationToken cancellation)
    {
        while (true)
        {
            if (_who is null && !await LogInAsync(cancellation)) return true;
            var (wish, request) = await AskAsync(cancellation);
            if (wish is Wish.End) return true;
            if (wish is Wish.LogOff or Wish.Idle) LogOff(wish);
            if (request is null) continue;
            using (request.Code) await IssueAsync(counter, request, cancellation);
            if (setup.Rotation.IsDue(setup.File)) return false;
        }
    }

    private async Task<bool> LogInAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var (wish, name) = await ReadAsync(Question.Operator, line => line.ReadText(), cancellation);
            if (wish is Wish.End) return false;
            if (string.IsNullOrEmpty(name)) continue;
            (wish, var password) = await ReadAsync(Question.Password, line => line.ReadSecret(), cancellation);
            if (wish is Wish.End) return false;
            if (password is null) continue;
            using var secret = password;
            screen.Change(view => view with { Question = Question.Nothing });
            switch (await Task.Run(() => setup.Login.Try(name, secret), cancellation))
            {
                case LoginResult.Right:
                    _who = new OperatorId(name);
                    screen.Change(view => view with { Operator = name, Slip = null });
                    screen.Tell(CounterTexts.LoggedIn + Text.Same(name));
                    return true;
                case LoginResult.TooMany:
                    Slip(CounterTexts.TooManyTries);
                    break;
                default:
                    Slip(CounterTexts.WrongPassword);
                    break;
            }
        }
    }

    /// <summary>Nothing of the last operator's customers stays.</summary>
    private void LogOff(Wish wish)
    {
        (_who, _receipt) = (null, "");
        screen.Change(view => view.Begin() with { Operator = "", CanPrintAgain = false });
        screen.Tell(wish is Wish.Idle ? CounterTexts.LoggedOffIdle : CounterTexts.LoggedOff);
    }

    /// <summary>The next customer's request, if one could be made. The caller disposes its code.</summary>
    private async Task<(Wish Wish, IssueRequest? Request)> AskAsync(CancellationToken cancellation)
    {
        var (wish, order) = await ReadAsync(Question.Order, line => line.ReadText(), cancellation);
        if (string.IsNullOrEmpty(order)) return (wish, null);
        if (RequestText.Fault(order) is not null)
        {
            Slip(CounterTexts.NotText);
            return (wish, null);
        }
        screen.Change(view => view with { Reference = order });
        (wish, var code) = await ReadAsync(Question.Code, line => line.ReadSecret(), cancellation);
        if (code is null) return (wish, null);
        if (IssueRequest.CodeFault(code) is null) return (wish, new IssueRequest(order, code, _who!.Value));
        code.Dispose();
        Slip(CounterTexts.NotCode);
        return (wish, null);
    }

    private async Task IssueAsync(TerminalCounter counter, IssueRequest request, CancellationToken cancellation)
    {
        screen.Change(view => view.Begin());
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var issue = counter.IssueAsync(request, cancel.Token);
        await WatchKeysAsync(issue, cancel, cancellation);
        IssueOutcome outcome;
        try
        {
            outcome = await issue;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            outcome = TerminalCounter.Cancelled(time.GetUtcNow());
        }
        if (outcome.IsIssued) _receipt = outcome.Receipt;
        _active = time.GetTimestamp();
        screen.End(outcome);
        screen.Change(view => view with { CanPrintAgain = _receipt.Length > 0 });
    }

    /// <summary>While a request is under way Ctrl-C, twice, cancels it; whatever else is typed counts for nothing.</summary>
    private async Task WatchKeysAsync(Task issue, CancellationTokenSource cancel, CancellationToken cancellation)
    {
        while (!issue.IsCompleted)
        {
            var typed = screen.Keys.WaitToReadAsync(cancellation).AsTask();
            await Task.WhenAny(issue, typed);
            if (issue.IsCompleted) return;
            // Without a terminal the card is still issued.
            if (!await typed) return;
            if (!screen.Keys.TryRead(out var key)) continue;
            var asked = screen.View.AsksToEnd;
            screen.Change(view => view with { AsksToEnd = IsEnd(key) && !asked, Cancels = view.Cancels || (asked && IsEnd(key)) });
            if (asked && IsEnd(key)) await cancel.CancelAsync();
        }
    }

    /// <summary>Asks; a question is left by Enter, by a key that wants something else, or by Esc where nothing is typed.</summary>
    private async Task<(Wish Wish, T? Answer)> ReadAsync<T>(Question question, Func<TypedLine, T> read, CancellationToken cancellation) where T : class
    {
        using var line = new TypedLine(question is Question.Password or Question.Code);
        screen.Change(view => view with { Question = question, Typed = "" });
        while (true)
        {
            ConsoleKeyInfo key;
            try
            {
                if (await KeyAsync(cancellation) is not { } pressed) return (Wish.Idle, null);
                key = pressed;
            }
            catch (ChannelClosedException)
            {
                return (Wish.End, null);
            }
            var asked = screen.View.AsksToEnd;
            if (IsEnd(key) && asked) return (Wish.End, null);
            screen.Change(view => view with { AsksToEnd = IsEnd(key) });
            // The key that says no says nothing else.
            if (IsEnd(key) || asked) continue;
            if (key.Key is ConsoleKey.Enter)
            {
                screen.Change(view => view with { Typed = "" });
                return (Wish.Go, read(line));
            }
            if (IsCommand(key, ConsoleKey.F3, ConsoleKey.O) && LogsIn && _who is not null) return (Wish.LogOff, null);
            if (key.Key is ConsoleKey.Escape && line.Shown.Length == 0 && (question is Question.Password or Question.Code)) return (Wish.Back, null);
            if (IsCommand(key, ConsoleKey.F2, ConsoleKey.R)) PrintAgain();
            else if (line.Take(key)) screen.Change(view => view with { Typed = line.Shown, Slip = null });
        }
    }

    /// <summary>The next key; null when the operator who is logged in has gone, as it seems.</summary>
    private async Task<ConsoleKeyInfo?> KeyAsync(CancellationToken cancellation)
    {
        using var idle = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var clock = new CancellationTokenSource(MayIdle ? Rest : Timeout.InfiniteTimeSpan, time);
        await using var _ = clock.Token.Register(idle.Cancel);
        try
        {
            var key = await screen.Keys.ReadAsync(idle.Token);
            _active = time.GetTimestamp();
            return key;
        }
        catch (OperationCanceledException) when (clock.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Beside the work: the next customer need not wait for a printer.</summary>
    private void PrintAgain()
    {
        if (_who is null || !_printing.IsCompleted) return;
        screen.Change(view => view with { Receipt = _receipt });
        if (_receipt.Length == 0) screen.Tell(CounterTexts.NothingToPrint);
        else if (!setup.Receipts.Prints) screen.Tell(CounterTexts.NoPrinter);
        else _printing = PrintAgainAsync(_receipt);
    }

    private async Task PrintAgainAsync(string receipt)
    {
        screen.Tell(CounterTexts.Printing);
        try
        {
            await Task.Run(() => setup.Receipts.PrintAgainAsync(receipt, CancellationToken.None));
            screen.Change(view => view with { PrinterFault = null });
            screen.Tell(CounterTexts.PrintedAgain, Tone.Good);
        }
        catch (PrinterException e)
        {
            screen.Change(view => view.Outcome is null ? view : view with { PrinterFault = e.Fault });
            screen.Tell(CounterTexts.NotPrinted + PrinterException.TextOf(e.Fault), Tone.Bad);
        }
    }

    /// <summary>Waits a little; keys are heard.</summary>
    /// <returns>Whether the operator ends the work.</returns>
    private async Task<bool> PauseAsync(CancellationToken cancellation)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        enough.CancelAfter(Pause);
        try
        {
            var (wish, _) = await ReadAsync(Question.Order, _ => "", enough.Token);
            if (wish is Wish.LogOff or Wish.Idle) LogOff(wish);
            return wish is Wish.End;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    private void Slip(Text text) => screen.Change(view => view with { Slip = text });

    private static bool IsEnd(ConsoleKeyInfo key) => key.KeyChar == '\u0003' || (key.Key is ConsoleKey.C && key.Modifiers.HasFlag(ConsoleModifiers.Control));

    /// <summary>A function key, or a letter with Ctrl where function keys do not come through.</summary>
    private static bool IsCommand(ConsoleKeyInfo key, ConsoleKey function, ConsoleKey letter) =>
        key.Key == function || (key.Key == letter && key.Modifiers.HasFlag(ConsoleModifiers.Control));
}
