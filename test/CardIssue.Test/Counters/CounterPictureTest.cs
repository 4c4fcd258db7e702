using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Relay;
using CardIssue.TerminalHost.Counter;
using CardIssue.TerminalHost.Display;
using CardIssue.TerminalHost.Display.Screen;
using CardIssue.Test.Explorer;
using CardIssue.Transport.Reconnect;
using Spectre.Console;

namespace CardIssue.Test.Counters;

/// <summary>The pictures of OPERATING.md are what the screen shows now; <c>./build.sh regenerate</c> draws them anew.</summary>
[TestFixture, Parallelizable]
public sealed class CounterPictureTest
{
    private const int Width = 92, Height = 29;

    private static readonly DateTimeOffset Morning = new(new DateTime(2026, 11, 27, 9, 30, 0, DateTimeKind.Local));

    [TestCase("watch-en.svg")]
    [TestCase("watch-ja.svg")]
    public void Pictures_OfTheScreen_AreThoseOfTheCode(string name)
    {
        var (view, language) = name is "watch-en.svg" ? (Writing("E2E-0001", "visa-like-e2e 476173******0234"), Language.English) : (Issued, Language.Japanese);
        var drawn = CounterPicture.Of(CounterFrame.Of(view, new Surface(Width, Height, true, true, ColorSystem.Standard), language, Morning), Width);
        var path = Path.Combine(Repository.Root, "samples", "TerminalHost", "pictures", name);
        if (Generated.Updating) File.WriteAllText(path, drawn);
        Assert.That(File.ReadAllText(path).ReplaceLineEndings("\n"), Is.EqualTo(drawn), $"draw it anew with {Generated.UpdateVariable}=1, and look at it");
    }

    /// <summary>A customer's card, until its second record is written.</summary>
    private static CounterView Writing(string order, string display)
    {
        var view = new CounterView { Terminal = "shop-7", Operator = "olga", Reference = order }.With(new RelayStatus(RelayState.Issuing, Morning)).With(ReaderSight.CardIn);
        (int After, IssueNotice Notice, int Record)[] steps =
        [
            (-8, IssueNotice.AskingAccess, 0), (-7, IssueNotice.AccessGranted, 0), (0, IssueNotice.AskingOrder, 0), (0, IssueNotice.InsertCard, 0), (5, IssueNotice.CardIn, 0),
            (5, IssueNotice.AccessingCard, 0), (6, IssueNotice.NumberingCard, 0), (6, IssueNotice.Reporting, 0), (6, IssueNotice.WritingRecord, 1), (7, IssueNotice.Reporting, 1),
            (7, IssueNotice.WritingRecord, 2),
        ];
        return steps.Aggregate(view.Begin(), (so, step) => so.With(Step(step.After, step.Notice, step.Record, step.Notice is IssueNotice.InsertCard ? display : "")));
    }

    private static CounterView Issued
    {
        get
        {
            (int After, IssueNotice Notice, int Record)[] steps =
            [
                (8, IssueNotice.Reporting, 2), (8, IssueNotice.WritingRecord, 3), (8, IssueNotice.Reporting, 3), (8, IssueNotice.ClosingCard, 4), (9, IssueNotice.Reporting, 4),
                (9, IssueNotice.Issued, 4), (9, IssueNotice.TakeCardOut, 4),
            ];
            var receipt = "CARD ISSUED\nvisa-like-module 476173******0242\nOrder MODULE-0001\nCard 004568ACF895E5878EBA5E8AFAA7239296FD\n"
                + "Terminal shop-7, line 1\n2026-11-27 00:30:09 UTC\nProof: CardMac";
            return steps.Aggregate(Writing("MODULE-0001", "visa-like-module 476173******0242"), (so, step) => so.With(Step(step.After, step.Notice, step.Record)))
                .With(new IssueOutcome(IssueEnding.Issued, "", receipt), null) with { Question = Question.Order, CanPrintAgain = true };
        }
    }

    private static IssueProgress Step(int after, IssueNotice notice, int record, string detail = "") =>
        new(Morning.AddSeconds(after), IssueProgress.StepOf(notice), notice, detail) { Record = record, Records = 3 };
}
