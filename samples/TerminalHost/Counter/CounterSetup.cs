using CardIssue.Core.Primitives;
using CardIssue.Terminal.Modules;
using CardIssue.TerminalHost.Display;
using CardIssue.TerminalHost.Operators;
using CardIssue.TerminalHost.Printing;

namespace CardIssue.TerminalHost.Counter;

/// <summary>What a counter is made of, again and again while the program runs.</summary>
/// <param name="File">The module.</param>
/// <param name="Line">Where the center is.</param>
/// <param name="Reader">The card reader.</param>
/// <param name="Sam">The slot of the SAM that carries the reader's key, or null.</param>
/// <param name="Rotation">Renews the keys in time.</param>
/// <param name="Receipts">Where receipts go.</param>
/// <param name="Who">Who works here; null where operators log in.</param>
/// <param name="Login">How they do.</param>
/// <param name="IdleLogOff">After how long without a key who logged in is logged off, between two customers; zero for never.</param>
internal sealed record CounterSetup(
    SoftwareModuleFile File, LineAddress Line, ReaderAddress Reader, ReaderAddress? Sam, KeyRotation Rotation, ReceiptDesk Receipts, OperatorId? Who, OperatorLogin Login,
    TimeSpan IdleLogOff)
{
    /// <summary>A counter, whose line does not come up yet.</summary>
    /// <param name="display">Is told each step.</param>
    /// <param name="saw">Is told what is seen of the reader.</param>
    /// <exception cref="CommandException">Which reader it is can't be told.</exception>
    public TerminalCounter Open(IStepDisplay display, Action<ReaderSight>? saw = null) =>
        TerminalCounter.OpenEndlessly(File, Line, Reader, Sam, missing => display.Tell(Text.Same(missing)), display, Receipts, saw);
}
