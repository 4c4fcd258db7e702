using System.Globalization;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;

namespace CardIssue.Test.Explorer;

/// <summary>A trace in words: one line per event and effect.</summary>
internal sealed partial class Play
{
    private static string Describe(CenterEvent happened) => happened switch
    {
        CenterEvent.Received(var message) => Describe(message),
        CenterEvent.Judged(var first, var verdict) => string.Create(CultureInfo.InvariantCulture, $"Judged {first} {verdict}"),
        CenterEvent.Claimed(var claim) => claim.ToString(),
        _ => happened.ToString(),
    };

    private static string Describe(TerminalEvent happened) => happened is TerminalEvent.Received(var message) ? Describe(message) : happened.ToString();

    private static string Describe(CenterEffect effect) => effect switch
    {
        CenterEffect.Send(var message) => $"send {Describe(message)}",
        CenterEffect.SendScript(var script, _) => $"send {script}",
        CenterEffect.SendCommand(var run, var index) => string.Create(CultureInfo.InvariantCulture, $"send {run.Kind} {run.Record}.{index}"),
        CenterEffect.Save(_, var fence, var change) => string.Create(CultureInfo.InvariantCulture, $"save [{fence}] {change}"),
        CenterEffect.Judge(var run, var result) => $"judge {run.Kind}: {Describe(result)}",
        _ => effect.ToString(),
    };

    private static string Describe(TerminalEffect effect) => effect switch
    {
        TerminalEffect.Send(var message) => $"send {Describe(message)}",
        _ => effect.ToString(),
    };

    private static string Describe(RelayMessage message) => message is Hello ? "Hello" : message.ToString();
}
