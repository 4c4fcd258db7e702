using System.Collections.Immutable;
using CardIssue.Core.Lines;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Relay;
using CardIssue.TerminalHost.Counter;
using CardIssue.TerminalHost.Printing;
using CardIssue.Transport.Reconnect;

namespace CardIssue.TerminalHost.Display.Screen;

/// <summary>What the operator is asked at the moment.</summary>
internal enum Question
{
    /// <summary>Nothing: a request is under way.</summary>
    Nothing,
    /// <summary>Who works here.</summary>
    Operator,
    /// <summary>That person's password.</summary>
    Password,
    /// <summary>An order number or customer id.</summary>
    Order,
    /// <summary>Its issue code.</summary>
    Code,
}

/// <summary>How a line of the screen is meant.</summary>
internal enum Tone
{
    /// <summary>As it should be; nothing to do.</summary>
    Calm,
    /// <summary>Something is to be done.</summary>
    Act,
    /// <summary>Something is to be waited for.</summary>
    Wait,
    /// <summary>It went well.</summary>
    Good,
    /// <summary>It did not.</summary>
    Bad,
}

/// <summary>What to do now: one sentence, and why or what about.</summary>
internal sealed record Now(Tone Tone, Text Do, Text More);

/// <summary>An exchange, as it happened.</summary>
internal sealed record Exchange(DateTimeOffset At, string Step, Text Text, Tone Tone);

/// <summary>
/// All that is on the screen. A value: each event makes the next one, and what to do now follows from it. What is typed is in it, so that no
/// event can write over it.
/// </summary>
internal sealed record CounterView
{
    /// <summary>So many exchanges are kept.</summary>
    public const int MaxExchanges = 200;

    /// <summary>The terminal's name.</summary>
    public string Terminal { get; init; } = "";

    /// <summary>Who works here; empty while nobody does.</summary>
    public string Operator { get; init; } = "";

    /// <summary>Whether operators log in, and so may log off.</summary>
    public bool HasLogin { get; init; }

    /// <summary>What is asked.</summary>
    public Question Question { get; init; }

    /// <summary>What was typed, as it may be shown.</summary>
    public string Typed { get; init; } = "";

    /// <summary>Whose code is asked for: an order number or customer id, as it was typed.</summary>
    public string Reference { get; init; } = "";

    /// <summary>Whether Ctrl-C was pressed once.</summary>
    public bool AsksToEnd { get; init; }

    /// <summary>Whether the request under way is being cancelled.</summary>
    public bool Cancels { get; init; }

    /// <summary>What was wrong with what was typed, or nothing.</summary>
    public Text? Slip { get; init; }

    /// <summary>How the relay stands.</summary>
    public RelayStatus Status { get; init; } = new(RelayState.Closed, DateTimeOffset.UnixEpoch);

    /// <summary>How the reader stands.</summary>
    public ReaderSight Reader { get; init; } = ReaderSight.None;

    /// <summary>Whether the reader is not the center's.</summary>
    public bool IsReaderUnknown { get; init; }

    /// <summary>The last step of this customer's.</summary>
    public IssueProgress? Step { get; init; }

    /// <summary>How the last request ended; null while one is under way.</summary>
    public IssueOutcome? Outcome { get; init; }

    /// <summary>Why the last receipt is not printed.</summary>
    public PrinterFault? PrinterFault { get; init; }

    /// <summary>The last receipt, while it is shown.</summary>
    public string Receipt { get; init; } = "";

    /// <summary>Whether there is one to print again.</summary>
    public bool CanPrintAgain { get; init; }

    /// <summary>The last exchanges, the newest last.</summary>
    public ImmutableList<Exchange> Exchanges { get; init; } = [];

    /// <summary>The record that was last in work, of <see cref="Records"/>; one more when all are written.</summary>
    public int Record { get; init; }

    /// <summary>How many records this customer's card gets; 0 while nothing is to tell.</summary>
    public int Records { get; init; }

    /// <summary>Whether this customer's card is issued, also while it is still in the reader.</summary>
    public bool IsIssued { get; init; }

    /// <summary>What to do now.</summary>
    public Now Now =>
        AsksToEnd ? Question is Question.Nothing ? new Now(Tone.Act, CounterTexts.AskCancel, CounterTexts.AskCancelMore) : new Now(Tone.Act, CounterTexts.AskEnd, CounterTexts.AskEndMore)
        : Question switch
        {
            Question.Nothing => Outcome is null ? AtWork : Between,
            Question.Password => new Now(Tone.Act, CounterTexts.LogIn, CounterTexts.LogInMore),
            Question.Operator when Slip is { } slip => new Now(Tone.Bad, slip, CounterTexts.LogInMore),
            Question.Operator => new Now(Tone.Act, CounterTexts.LogIn, CounterTexts.LogInMore),
            Question.Code => new Now(Tone.Act, CounterTexts.EnterCode, CounterTexts.EnterCodeMore(Reference)),
            Question.Order => Between,
        };

    /// <summary>Whether only people can mend it: the center, or a certificate at either end, says no.</summary>
    public bool IsRefused => Status.State is RelayState.Refused || Status is { State: RelayState.Connecting, LineFault: LineFault.NotTrusted };

    private bool IsCardDue => Step?.Notice is IssueNotice.TakeCardOut && Reader is ReaderSight.CardIn;

    /// <summary>A request is under way, and may have begun with the card that is in, whatever was told last.</summary>
    private bool IsCardBegun =>
        Reader is ReaderSight.CardIn || (Reader is not ReaderSight.Empty && Step is { } step && CounterTexts.IsOnCard(step.Notice));

    /// <summary>A request is under way.</summary>
    private Now AtWork =>
        Cancels ? new Now(Tone.Wait, CounterTexts.Cancelling, default)
        : IsRefused ? new Now(Tone.Bad, CounterTexts.Call, RefusedWhy)
        : Status.State is RelayState.Connecting or RelayState.Closed ? new Now(Tone.Wait, CounterTexts.WaitLineCard, IsCardBegun ? CounterTexts.LeaveCard : LineWhy)
        : Step is not { } step ? new Now(Tone.Wait, CounterTexts.Wait, default)
        : step.Notice switch
        {
            IssueNotice.ReaderAway => new Now(Tone.Bad, CounterTexts.ReaderGone, default),
            IssueNotice.InsertCard or IssueNotice.InsertSameCard when Reader is ReaderSight.Lost => new Now(Tone.Bad, CounterTexts.ReaderGone, default),
            IssueNotice.InsertCard => new Now(Tone.Act, CounterTexts.InsertCard, Text.Same(step.Detail)),
            IssueNotice.InsertSameCard => new Now(Tone.Act, CounterTexts.InsertSameCard, Text.Same(step.Detail)),
            IssueNotice.CardRejected when Wording.IsMute(step) => new Now(Tone.Act, CounterTexts.TurnCard, CounterTexts.TurnCardMore),
            IssueNotice.CardRejected => new Now(Tone.Act, CounterTexts.AnotherCard, Wording.Why(step.Reason)),
            IssueNotice.LineLost => new Now(Tone.Wait, CounterTexts.WaitLineCard, CounterTexts.LeaveCard),
            IssueNotice.TakeCardOut => new Now(Tone.Act, CounterTexts.TakeCardOut, IsIssued ? CounterTexts.Issued : default),
            _ when CounterTexts.IsOnCard(step.Notice) => new Now(Tone.Wait, CounterTexts.WaitCard, Wording.Of(step)),
            _ => new Now(Tone.Wait, CounterTexts.Wait, Wording.Of(step)),
        };

    /// <summary>Between two customers.</summary>
    private Now Between =>
        IsCardDue ? new Now(Tone.Act, CounterTexts.TakeCardOut, Ended)
        : Slip is { } slip ? new Now(Tone.Bad, slip, CounterTexts.EnterOrder)
        : IsRefused ? new Now(Tone.Bad, CounterTexts.Call, RefusedWhy)
        : Status.State is RelayState.Connecting or RelayState.Closed ? new Now(Tone.Wait, CounterTexts.WaitLine, LineWhy)
        : Reader is ReaderSight.Lost ? new Now(Tone.Bad, CounterTexts.ReaderGone, Ended)
        : IsReaderUnknown ? new Now(Tone.Bad, CounterTexts.ReaderNotKnown, default)
        : Outcome is { IsIssued: false } ? new Now(Tone.Bad, CounterTexts.NotIssued, Ended)
        : Outcome is not null ? new Now(PrinterFault is null ? Tone.Good : Tone.Bad, CounterTexts.NextCustomer, Ended)
        : new Now(Tone.Act, CounterTexts.EnterOrder, default);

    private Text RefusedWhy => Status.State is RelayState.Refused ? Wording.Why(Status.Reason) : LineWhy;

    private Text LineWhy => Status.LineFault is { } fault ? Wording.Of(fault) : default;

    private Text Ended => Outcome is not { } outcome ? default
        : !outcome.IsIssued ? Wording.Of(outcome)
        : PrinterFault is { } fault ? CounterTexts.NotPrinted + PrinterException.TextOf(fault) + new Text(".", "。") + CounterTexts.PrintAgainHow
        : CounterTexts.Issued;

    /// <summary>The relay stands otherwise.</summary>
    public CounterView With(RelayStatus status) => this with { Status = status };

    /// <summary>The reader is seen otherwise. What comes back may be another one, and is judged anew.</summary>
    public CounterView With(ReaderSight sight) => this with { Reader = sight, IsReaderUnknown = IsReaderUnknown && sight is not ReaderSight.Lost };

    /// <summary>A step.</summary>
    public CounterView With(IssueProgress step) => Tell(step.At, step.Step, Wording.Of(step), ToneOf(step.Notice)) with
    {
        // The customer's own steps; what is told of the line is in the status.
        Step = step.Notice is IssueNotice.AskingAccess or IssueNotice.AccessGranted or IssueNotice.AccessRefused or IssueNotice.CenterNotKnown ? Step : step,
        Record = step.Notice is IssueNotice.Issued || IsIssued ? Math.Max(Records, step.Records) + 1 : step.Record > 0 ? step.Record : Record,
        IsIssued = IsIssued || step.Notice is IssueNotice.Issued,
        Records = Math.Max(Records, step.Records),
        IsReaderUnknown = step.Notice is IssueNotice.ReaderRefused || (IsReaderUnknown && step.Notice is not (IssueNotice.CardIn or IssueNotice.InsertCard or IssueNotice.AccessingCard)),
    };

    /// <summary>A try to bring the line up failed. What fails again and again is one exchange, which says when it did last.</summary>
    public CounterView With(FailedTry failed, DateTimeOffset at)
    {
        var text = Wording.Of(failed.Fault);
        var isSame = Exchanges is [.., { Step: "" } last] && last.Text == text;
        return (isSame ? this with { Exchanges = Exchanges.RemoveAt(Exchanges.Count - 1) } : this).Tell(at, "", text, Tone.Bad);
    }

    /// <summary>A request begins.</summary>
    public CounterView Begin() => this with
    {
        Question = Question.Nothing, Typed = "", Slip = null, Cancels = false,
        Step = null, Record = 0, Records = 0, IsIssued = false, Outcome = null, PrinterFault = null, Receipt = "",
    };

    /// <summary>A request ended.</summary>
    public CounterView With(IssueOutcome outcome, PrinterFault? fault) => this with
    {
        Outcome = outcome, Receipt = outcome.Receipt, Cancels = false, AsksToEnd = false,
        PrinterFault = outcome.PrintFault is null ? null : fault ?? Printing.PrinterFault.Slow,
    };

    /// <summary>One more exchange; the oldest goes.</summary>
    public CounterView Tell(DateTimeOffset at, string step, Text text, Tone tone)
    {
        var all = Exchanges.Add(new Exchange(at, step, text, tone));
        return this with { Exchanges = all.Count > MaxExchanges ? all.RemoveAt(0) : all };
    }

    private static Tone ToneOf(IssueNotice notice) => notice switch
    {
        IssueNotice.InsertCard or IssueNotice.InsertSameCard or IssueNotice.TakeCardOut => Tone.Act,
        IssueNotice.AccessGranted or IssueNotice.Issued => Tone.Good,
        IssueNotice.AccessRefused or IssueNotice.CenterNotKnown or IssueNotice.OrderDeclined or IssueNotice.ReaderRefused or IssueNotice.ReaderAway or IssueNotice.CardRejected
            or IssueNotice.Aborted => Tone.Bad,
        IssueNotice.LineLost or IssueNotice.Resuming or IssueNotice.AskAgain => Tone.Wait,
        _ => Tone.Calm,
    };
}
