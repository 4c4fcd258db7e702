using System.Text.RegularExpressions;
using CardIssue.Core.Cards;
using CardIssue.Core.Lines;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Relay;
using CardIssue.TerminalHost.Counter;
using CardIssue.TerminalHost.Display;
using CardIssue.TerminalHost.Display.Screen;
using CardIssue.TerminalHost.Printing;
using CardIssue.Transport.Reconnect;
using Spectre.Console;
using Text = CardIssue.TerminalHost.Display.Text;

namespace CardIssue.Test.Counters;

/// <summary>What is on the operator's screen, in windows of all sizes, in both languages.</summary>
[TestFixture, Parallelizable]
public sealed partial class CounterFrameTest
{
    private static readonly DateTimeOffset At = new(2026, 11, 27, 9, 30, 0, TimeSpan.Zero);

    private static readonly CounterView Ready = new CounterView { Terminal = "shop-7", Operator = "olga", Question = Question.Order, Reader = ReaderSight.Empty }
        .With(new RelayStatus(RelayState.Ready, At));

    private static readonly CounterView Writing = Ready.Begin().With(Step(IssueNotice.InsertCard, "visa 476173******0119", records: 3))
        .With(Step(IssueNotice.CardIn)).With(Step(IssueNotice.WritingRecord, record: 2, records: 3)) with { Reader = ReaderSight.CardIn };

    private static readonly CounterView Issued = (Writing.With(Step(IssueNotice.Issued)).With(Step(IssueNotice.TakeCardOut)) with { Question = Question.Order, CanPrintAgain = true })
        .With(new IssueOutcome(IssueEnding.Issued, "", "CARD ISSUED\nOrder A-1\nTerminal shop-7, line 1"), null);

    [Test]
    public void AnyWindow_FrameFitsAndWhatIsTypedIsThere([Values] bool japanese, [Values] bool unicode)
    {
        var seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var views = new[] { Ready, Writing, Issued, Ready with { Typed = "E2E-0001" }, Ready with { Question = Question.Code, Typed = "****" }, Writing with { AsksToEnd = true } };
        for (var i = 0; i < 60; i++)
        {
            var (view, width, height) = (views[random.Next(views.Length)], random.Next(1, 140), random.Next(1, 50));
            var drawn = japanese && unicode ? Language.Japanese : Language.English;
            var frame = CounterFrame.Of(view, new Surface(width, height, unicode, unicode && i % 2 == 0, ColorSystem.EightBit), drawn, At);
            var rows = frame.Rows.Select(Plain).ToList();
            Assert.That(rows, Has.Count.EqualTo(height), $"{width} x {height}:\n{string.Join('\n', rows)}");
            // A double-width character needs two columns, and a window of one has none.
            if (width > 1) Assert.That(rows, Has.All.Matches<string>(row => Drawing.Width(row!) <= width), $"{width} x {height}:\n{string.Join('\n', rows)}");
            if (!unicode) Assert.That(string.Concat(rows), Does.Not.Contain("??").And.All.Matches<char>(char.IsAscii));
            Assert.That((frame.CursorRow, frame.CursorColumn), Is.EqualTo((Math.Clamp(frame.CursorRow, 0, height - 1), Math.Clamp(frame.CursorColumn, 0, width - 1))));
            if (view.Typed.Length > 0 && width > 40 && height > 3) Assert.That(rows[frame.CursorRow], Does.Contain(view.Typed), $"{width} x {height}");
        }
    }

    [Test]
    public void UsualWindow_ShowsAllOfIt()
    {
        var screen = Screen(Writing, Language.English);
        Assert.That(screen, Does.Contain("Please wait: do not take the card out").And.Contain("Record 2 of 3").And.Contain("Line: connected").And.Contain("Reader: ready"));
        Assert.That(screen, Does.Contain("Card: in work").And.Contain("S280 writing record 2").And.Contain("S240 insert a card: visa 476173******0119").And.Contain("olga").And.Contain("shop-7"));
        var japanese = Screen(Writing, Language.Japanese);
        Assert.That(japanese, Does.Contain("お待ちください。カードを取り出さないでください").And.Contain("記録 2 / 3").And.Contain("回線: 接続済み").And.Contain("S280 記録 2 を書き込んでいます"));
    }

    /// <summary>A terminal that wrote the last character of a row stands on it still: what is erased then takes that character along.</summary>
    [Test]
    public void FullRow_NothingIsErasedBehindIt()
    {
        var frame = CounterFrame.Of(Writing, new Surface(80, 24, true, true, ColorSystem.EightBit), Language.English, At);
        Assert.That(frame.Rows, Has.Some.Matches<string>(row => Drawing.Width(Plain(row!)) == 80));
        var painted = ConsoleScreen.Painted(frame);
        Assert.That(Erased().Matches(painted), Has.Count.EqualTo(24));
        Assert.That(Erased().Matches(painted).Select(erased => painted[..erased.Index]), Has.All.EndsWith(";1H\e[0m"));
    }

    [Test]
    public void IssuedCard_ReceiptIsOnTheScreen([Values(60, 80, 120)] int width)
    {
        var screen = Screen(Issued, Language.English, width);
        Assert.That(screen, Does.Contain("Take the card out").And.Contain("The card is issued").And.Contain("Order A-1").And.Contain("F2 print receipt again").And.Contain("All records are written"));
    }

    /// <summary>As long as the center writes it. It is whole, or not there.</summary>
    [Test]
    public void IssuedCard_SmallWindow_ReceiptIsThereWithTheNewestExchange([Values(60, 80, 100)] int width, [Values] bool japanese, [Values(20, 24)] int height)
    {
        string[] lines = ["CARD ISSUED", "visa-like-module 476173******0242", "Order MODULE-0001", "Card 004568ACF895E5878EBA5E8AFAA7239296FD", "Terminal shop-7, line 1",
            "2026-11-27 17:16:41 UTC", "Proof: CardMac"];
        var issued = Issued with { Receipt = string.Join('\n', lines) };
        var language = japanese ? Language.Japanese : Language.English;
        var rows = Rows(issued, language, width, height);
        foreach (var line in lines) Assert.That(rows, Has.Some.Contains(line));
        Assert.That(string.Join('\n', rows), Does.Contain(Wording.Of(Step(IssueNotice.TakeCardOut)).In(language)).And.Contain(CounterTexts.TakeCardOut.In(language)));
        foreach (var least in Enumerable.Range(4, 30).Select(low => Rows(issued, language, width, low)))
            Assert.That(lines.Count(line => least.Exists(row => row.Contains(line, StringComparison.Ordinal))), Is.EqualTo(0).Or.EqualTo(lines.Length), string.Join('\n', least));
    }

    /// <summary>A clerk who was called away in between sees whose code it is that is asked for.</summary>
    [Test]
    public void CodeIsAsked_OrderIsOnTheScreen([Values] bool japanese) => Assert.That(
        Screen(Ready with { Question = Question.Code, Reference = "E2E-0001" }, japanese ? Language.Japanese : Language.English), Does.Contain("E2E-0001"));

    /// <summary>It may have been judged while it was away, and another one may come back.</summary>
    [Test]
    public void ReaderThatIsGone_IsNotCalledUnknown()
    {
        var gone = Ready.With(Step(IssueNotice.ReaderRefused)).With(ReaderSight.Lost);
        Says("The card reader does not answer", Tone.Bad, gone);
        Says("The card reader does not answer", Tone.Bad, gone.With(Step(IssueNotice.ReaderRefused)));
        Says("Enter the order number", Tone.Act, gone.With(ReaderSight.Empty));
        var issuing = Ready.Begin().With(Step(IssueNotice.InsertSameCard)).With(Step(IssueNotice.ReaderAway));
        Says("The card reader does not answer", Tone.Bad, issuing);
        Says("The card reader does not answer", Tone.Bad, issuing.With(ReaderSight.Empty));
        Says("Insert the card that was begun", Tone.Act, issuing.With(ReaderSight.Empty).With(Step(IssueNotice.InsertSameCard)));
    }

    /// <summary>Why the line is away stands among what happened; what may not be done stands where the clerk looks.</summary>
    [TestCase(IssueNotice.LineLost)]
    [TestCase(IssueNotice.AskingAccess)]
    public void LineIsAway_CardIsIn_ItIsToBeLeftIn(IssueNotice told)
    {
        var lost = Writing.With(Step(told)).With(new RelayStatus(RelayState.Connecting, At) { LineFault = LineFault.Unreachable });
        Assert.That(lost.Now.More.In(Language.English), Is.EqualTo("Leave the card in."));
        Assert.That(lost.With(ReaderSight.Empty).Now.More.In(Language.English), Does.Contain("center"), "no card is in that could be left in");
    }

    [Test]
    public void NarrowWindow_CardInWork_HowThingsStandIsOneRow([Values] bool japanese, [Values(60, 80)] int width)
    {
        var row = Rows(Writing, japanese ? Language.Japanese : Language.English, width).Single(row => row.Contains(japanese ? "回線:" : "Line:", StringComparison.Ordinal));
        Assert.That(row, Does.Contain(japanese ? "回線: 接続済み" : "Line: connected").And.Contain(japanese ? "リーダー: 使用できます" : "Reader: ready")
            .And.Contain(japanese ? "カード: 処理中" : "Card: in work"));
    }

    [Test]
    public void QuestionComesAndGoes_NothingElseMoves([Values] bool japanese)
    {
        var language = japanese ? Language.Japanese : Language.English;
        var (asked, working) = (Rows(Writing with { Question = Question.Code }, language, 80), Rows(Writing, language, 80));
        foreach (var fixedRow in new[] { CounterTexts.Line, CounterTexts.Exchanges })
            Assert.That(working.FindIndex(row => row.Contains(fixedRow.In(language), StringComparison.Ordinal)),
                Is.EqualTo(asked.FindIndex(row => row.Contains(fixedRow.In(language), StringComparison.Ordinal))));
        Assert.That(working.FindLastIndex(row => row.StartsWith('─')), Is.EqualTo(asked.FindLastIndex(row => row.StartsWith('─'))));
        Assert.That(working[^1], Does.Contain(CounterTexts.HintCancel.In(language)));
        Assert.That(asked[^1], Does.Contain(CounterTexts.HintBack.In(language)).And.Contain(CounterTexts.HintEnd.In(language)));
    }

    /// <summary>It is issued before it is taken out: that is said at once, and cancelling it is no longer offered.</summary>
    [Test]
    public void IssuedCardStillIn_IsSaidToBeIssued_AndTheNextCustomerFollows()
    {
        var view = Writing.With(Step(IssueNotice.Issued)).With(Step(IssueNotice.TakeCardOut));
        Says("Take the card out", Tone.Act, view);
        Assert.That(view.Now.More.In(Language.English), Is.EqualTo("The card is issued."));
        Assert.That(Screen(view, Language.English), Does.Not.Contain("cancel"));
        var ended = view.With(Step(IssueNotice.Ready)).With(new IssueOutcome(IssueEnding.Issued, "", "CARD ISSUED"), null) with { Reader = ReaderSight.Empty };
        Says("Next customer", Tone.Good, ended);
    }

    /// <summary>The closing is a record more than there are, and of a product without one the last record is the last.</summary>
    [Test]
    public void CardIsTakenOut_SaidToBeIssuedOnlyWhereItIs()
    {
        var closing = Writing.With(Step(IssueNotice.ClosingCard, record: 4));
        Assert.That(Screen(closing, Language.English), Does.Contain("Ctrl-C cancel this card").And.Contain("All records are written"));
        var failed = closing.With(Step(IssueNotice.Aborted, record: 4)).With(Step(IssueNotice.TakeCardOut, record: 4));
        Assert.That((failed.Now.Do, failed.Now.More), Is.EqualTo((CounterTexts.TakeCardOut, default(Text))));
        var issued = Writing.With(Step(IssueNotice.Issued, record: 3)).With(Step(IssueNotice.TakeCardOut, record: 3));
        Assert.That((issued.Now.Do, issued.Now.More), Is.EqualTo((CounterTexts.TakeCardOut, CounterTexts.Issued)));
        Assert.That(Screen(issued, Language.English), Does.Not.Contain("Ctrl-C cancel this card").And.Contain("All records are written"));
        Assert.That(issued.Begin().IsIssued, Is.False);
    }

    [Test]
    public void EachSituation_SaysWhatToDoNow()
    {
        Assert.Multiple(() =>
        {
            Says("Enter the order number", Tone.Act, Ready);
            Says("Please wait: there is no line to the center", Tone.Wait, Ready.With(new RelayStatus(RelayState.Connecting, At) { LineFault = LineFault.Unreachable }));
            Says("No cards can be issued now: call the center", Tone.Bad, Ready.With(new RelayStatus(RelayState.Refused, At) { Reason = IssueReason.AccessNotKnown }));
            Says("No cards can be issued now: call the center", Tone.Bad, Ready.With(new RelayStatus(RelayState.Connecting, At) { LineFault = LineFault.NotTrusted }));
            Says("The card reader does not answer", Tone.Bad, Ready with { Reader = ReaderSight.Lost });
            Says("This card reader is not known", Tone.Bad, Ready.With(Step(IssueNotice.ReaderRefused)));
            Says("Enter the customer's issue code", Tone.Act, Ready with { Question = Question.Code });
            Says("Insert a new card", Tone.Act, Ready.Begin().With(Step(IssueNotice.InsertCard)));
            Says("Insert the card that was begun", Tone.Act, Ready.Begin().With(Step(IssueNotice.InsertSameCard)));
            Says("Take this card out and insert another", Tone.Act, Ready.Begin().With(Step(IssueNotice.CardRejected)));
            Says("Turn the card round, or insert another", Tone.Act,
                Ready.Begin().With(Step(IssueNotice.CardRejected) with { Reason = IssueReason.CardUnreadable, ReaderFault = CardFault.Mute }));
            Says("Please wait: do not take the card out", Tone.Wait, Writing);
            Says("Please wait: the line is being connected again", Tone.Wait, Writing.With(new RelayStatus(RelayState.Connecting, At)));
            Says("Take the card out", Tone.Act, Issued with { Reader = ReaderSight.CardIn });
            Says("Next customer: enter the order number", Tone.Good, Issued with { Reader = ReaderSight.Empty });
            Says("Not issued", Tone.Bad, Ready.With(new IssueOutcome(IssueEnding.Declined, "", "") { Reason = IssueReason.OrderOrCode }, null));
            Says("End work?", Tone.Act, Ready with { AsksToEnd = true });
            Says("Cancel this customer's card?", Tone.Act, Writing with { AsksToEnd = true });
            Says("Log in", Tone.Act, Ready with { Question = Question.Operator });
        });
        var notPrinted = Ready.With(new IssueOutcome(IssueEnding.Issued, "", "R") { PrintFault = "x" }, PrinterFault.NoPaper);
        Assert.That(notPrinted.Now.More.In(Language.English), Does.Contain("the printer has no paper").And.Contain("F2"));
        Assert.That(Writing.With(new RelayStatus(RelayState.Connecting, At)).Now.More.In(Language.English), Does.Contain("Leave the card in"));
    }

    [Test]
    public void ManyExchanges_AreKeptToABound()
    {
        var view = Ready;
        for (var i = 0; i < 1_000; i++) view = view.With(Step(IssueNotice.WritingRecord, record: i));
        Assert.That(view.Exchanges, Has.Count.EqualTo(CounterView.MaxExchanges));
        Assert.That(view.Exchanges[^1].Text.English, Does.Contain("record 999"));
    }

    [Test]
    public void LineThatFailsAgainAndAgain_IsOneExchange()
    {
        var view = Ready.With(Step(IssueNotice.Ready));
        for (var i = 0; i < 1_000; i++) view = view.With(new FailedTry(i, LineFault.Unreachable, $"try {i}", TimeSpan.FromSeconds(5)), At.AddSeconds(i));
        Assert.That(view.Exchanges, Has.Count.EqualTo(2));
        Assert.That(view.Exchanges[^1].At, Is.EqualTo(At.AddSeconds(999)));
    }

    private static void Says(string text, Tone tone, CounterView view)
    {
        Assert.That(view.Now.Do.In(Language.English), Does.StartWith(text));
        Assert.That(view.Now.Tone, Is.EqualTo(tone), text);
    }

    private static IssueProgress Step(IssueNotice notice, string detail = "", int record = 0, int records = 3) =>
        new(At, IssueProgress.StepOf(notice), notice, detail) { Record = record, Records = records };

    private static string Screen(CounterView view, Language language, int width = 100) =>
        string.Join('\n', Rows(view, language, width));

    private static List<string> Rows(CounterView view, Language language, int width, int height = 32) =>
        [.. CounterFrame.Of(view, new Surface(width, height, true, true, ColorSystem.NoColors), language, At).Rows.Select(Plain)];

    private static string Plain(string row) => Colour().Replace(row, "");

    [GeneratedRegex("\e\\[[0-9]*[JK]")]
    private static partial Regex Erased();

    [GeneratedRegex("\e\\[[0-9;?]*[A-Za-z]")]
    private static partial Regex Colour();
}
