using System.CommandLine;
using CardIssue.Center.Terminals;
using CardIssue.CenterHost.Cli;
using CardIssue.CenterHost.Serving;
using CardIssue.Core;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>line</c>: the dedicated lines that are served.</summary>
internal static class LineCommands
{
    public static Command Make(Shell shell) => Shell.Group("line", "The dedicated lines that the center serves.", Add(shell), List(shell), Remove(shell));

    private static Argument<int> Number() => new("N") { Description = "The line's number, from 1." };

    private static Command Add(Shell shell)
    {
        var number = Number();
        var listen = new Option<string>("--listen") { Description = "Where to listen: tls:ADDRESS:PORT.", HelpName = "WHERE", Required = true };
        return shell.Command("add", "Adds a line, or changes the one of that number.", [number, listen], async (call, cancellation) =>
        {
            var line = LineText.Parse(call.Get(number), call.Get(listen)!);
            await using var center = call.Open();
            await center.Terminals.PutLineAsync(line, cancellation);
            await center.NoteAsync("LineAdded", new { line = line.Line.Value, listen = LineText.Of(line) }, cancellation: cancellation);
            return await call.Answers.SayAsync(new { ok = true, line = line.Line.Value, listen = LineText.Of(line) }, $"Line {line.Line}: {LineText.Of(line)}. A running center takes it at its next start.");
        });
    }

    private static Command List(Shell shell) => shell.Command("list", "Lists the lines.", [], async (call, cancellation) =>
    {
        await using var center = call.Open();
        return await call.Answers.ListAsync(await center.Terminals.LinesAsync(cancellation), line => new { line = line.Line.Value, listen = LineText.Of(line) },
            line => $"line {line.Line}  {LineText.Of(line)}", "No lines; add one with line add.");
    });

    private static Command Remove(Shell shell)
    {
        var number = Number();
        return shell.Command("remove", "Takes a line away.", [number], async (call, cancellation) =>
        {
            await using var center = call.Open();
            var line = call.Get(number);
            if (!await center.Terminals.RemoveLineAsync(new LineNumber(line), cancellation)) throw new CommandException(ExitCode.Usage, $"There is no line {line}.");
            await center.NoteAsync("LineRemoved", new { line }, cancellation: cancellation);
            return await call.Answers.SayAsync(new { ok = true, line }, $"Line {line} is taken away. A running center serves it until it stops.");
        });
    }
}
