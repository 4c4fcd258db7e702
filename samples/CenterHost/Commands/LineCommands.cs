using System.CommandLine;
using CardIssue.CenterHost.Cli;
using CardIssue.CenterHost.Serving;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>line</c>: the dedicated lines that are served.</summary>
internal static class LineCommands
{
    public static Command Make(Shell shell) => Shell.Group("line", "The dedicated lines that the center serves.", Add(shell), List(shell), Remove(shell));

    private static Argument<int> Number() => new("N") { Description = "The line's number, from 1." };

    /// <summary>What a line without TLS needs besides its form.</summary>
    public static Option<bool> WithoutTls() => new("--without-tls") { Description = "Yes, a line without TLS: each message carries a counter and a MAC instead, and is not secret on the line." };

    private static Command Add(Shell shell)
    {
        var number = Number();
        var listen = new Option<string>("--listen") { Description = $"Where it comes in: {LineText.Form}.", HelpName = "WHERE", Required = true };
        var withoutTls = WithoutTls();
        var results = NumberOption.Optional("--results", "For the data half of a split line: the number of the line that its results come on.", 1, int.MaxValue);
        return shell.Command("add", "Adds a line, or changes the one of that number.", [number, listen, results, withoutTls], async (call, cancellation) =>
        {
            var line = LineText.Parse(call.Get(number), LineText.With(call.Get(listen)!, call.Get(results)), call.Get(withoutTls));
            await using var center = await call.OpenAsync(cancellation);
            TerminalCommands.Check(await center.Terminals.PutLineAsync(line, center.By, cancellation), $"line {line.Line}");
            return await call.Answers.SayAsync(new { ok = true, line = line.Line.Value, listen = LineText.Of(line) }, $"Line {line.Line}: {LineText.Of(line)}. A running center takes it now, unless it was given lines with serve --line.");
        });
    }

    private static Command List(Shell shell)
    {
        var list = new ListOptions("line");
        return shell.Command("list", "Lists the lines.", list.With(), async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            return await call.Answers.ListAsync(list.Of(call, await center.Terminals.LinesAsync(cancellation), line => line.Line.ToString()), line => new { line = line.Line.Value, listen = LineText.Of(line), withoutTls = LineText.IsWithoutTls(line.Kind) },
                line => $"line {line.Line}  {LineText.Of(line)}{(LineText.IsWithoutTls(line.Kind) ? "  without TLS" : "")}", "No lines; add one with line add.");
        });
    }

    private static Command Remove(Shell shell)
    {
        var number = Number();
        return shell.Command("remove", "Takes a line away.", [number], async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            var line = call.Get(number);
            TerminalCommands.Check(await center.Terminals.RemoveLineAsync(new LineNumber(line), center.By, cancellation), $"line {line}");
            return await call.Answers.SayAsync(new { ok = true, line }, $"Line {line} is taken away. A running center serves it no more, unless it was given lines with serve --line.");
        });
    }
}
