using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Relay;
using CardIssue.Transport.Reconnect;
using Spectre.Console;

namespace CardIssue.TerminalHost.Display;

/// <summary>For an operator at a screen: steps in colour, what to do now in bold, the receipt in a frame.</summary>
internal sealed class ColourDisplay(IAnsiConsole console) : IStepDisplay
{
    private readonly Lock _gate = new();

    public void Show(IssueProgress step)
    {
        lock (_gate) console.MarkupLine($"[grey]{step.At.ToLocalTime():HH:mm:ss.fff}[/] [blue]{step.Step,-4}[/] [{Style(step.Notice)}]{Markup.Escape(Wording.Of(step))}[/]");
    }

    public void Failed(FailedTry failed)
    {
        lock (_gate) console.MarkupLineInterpolated($"[yellow]{failed.Message}[/] [grey]Tried again in {failed.NextTryIn?.TotalSeconds ?? 0:0.0} s.[/]");
    }

    public void End(IssueOutcome outcome)
    {
        lock (_gate)
            console.Write(new Panel(Markup.Escape(outcome.IsIssued ? outcome.Receipt : Wording.Of(outcome)))
            {
                Header = new PanelHeader(outcome.IsIssued ? "issued" : "not issued"),
                BorderStyle = new Style(outcome.IsIssued ? Color.Green : Color.Red),
            });
    }

    private static string Style(Notice notice) => notice switch
    {
        Notice.InsertCard or Notice.InsertSameCard or Notice.TakeCardOut => "bold",
        Notice.AccessGranted or Notice.Issued => "green",
        Notice.AccessRefused or Notice.CenterNotKnown or Notice.OrderDeclined or Notice.ReaderRefused or Notice.CardRejected or Notice.Aborted => "red",
        Notice.LineLost or Notice.Resuming or Notice.AskAgain => "yellow",
        _ => "default",
    };
}
