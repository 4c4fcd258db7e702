using System.CommandLine;
using CardIssue.Core;
using CardIssue.Core.Protocol;
using CardIssue.Terminal.Relay;
using CardIssue.TerminalHost.Counter;
using CardIssue.TerminalHost.Display;
using Spectre.Console;
using Command = System.CommandLine.Command;

namespace CardIssue.TerminalHost.Cli;

/// <summary><c>watch</c>: the counter loop. One access, customer after customer (S320 back to S230).</summary>
internal static class WatchCommand
{
    private const string About =
        """
        Issues card after card on one access. At a keyboard it asks for order and code; otherwise it reads two lines per customer
        from standard input, the order and the issue code, after the passphrase if that comes from there too. An empty order ends it.
        """;

    public static Command Make(HostSettings settings, TextWriter output)
    {
        var operatorId = IssueCommand.OperatorOption(settings);
        var (common, connection) = (new CommonOptions(settings), new ConnectionOptions(settings));
        var command = new Command("watch", About) { operatorId };
        connection.AddTo(command);
        common.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var (line, reader, who) = (connection.Line(parsed), connection.Reader(parsed), IssueCommand.Operator(parsed, operatorId));
            using var input = new SecretInput();
            using var file = ModuleCommands.Open(common.Folder(parsed), common, parsed, input);
            IStepDisplay display = common.IsJson(parsed) || Console.IsOutputRedirected
                ? new LineDisplay(output, parsed.InvocationConfiguration.Error, common.IsJson(parsed))
                : new ColourDisplay(AnsiConsole.Console);
            await using var counter = TerminalCounter.Open(file, line, reader.Open(), display, endlessly: true);
            counter.Start();
            while (await NextAsync(input, who, cancellation) is { } request)
                using (request.Code)
                    display.End(await counter.IssueAsync(request, cancellation));
            return (int)ExitCode.Ok;
        });
        return command;
    }

    /// <summary>The next customer's request; null at the end. The caller disposes the code.</summary>
    /// <remarks>A read of the keyboard can't be cancelled: it is left behind, and ends with the program.</remarks>
    private static Task<IssueRequest?> NextAsync(SecretInput input, OperatorId who, CancellationToken cancellation) =>
        Task.Run(() => Next(input, who), cancellation).WaitAsync(cancellation);

    private static IssueRequest? Next(SecretInput input, OperatorId who)
    {
        if (ReadReference(input) is not { Length: > 0 } reference) return null;
        if (reference.Length > Limits.MaxReference) throw new CommandException(ExitCode.Usage, $"An order or customer id has at most {Limits.MaxReference} characters.");
        var code = SecretInput.CanPrompt ? SecretInput.Prompt("issue code") : input.ReadLine("issue code");
        if (code is null or { Length: 0 }) throw new CommandException(ExitCode.Usage, "The issue code is missing.");
        return new IssueRequest(reference, code, who);
    }

    private static string? ReadReference(SecretInput input)
    {
        if (SecretInput.CanPrompt)
        {
            Console.Error.Write("Order (empty to end): ");
            return Console.ReadLine();
        }
        using var line = input.ReadLine("order");
        return line is null ? null : System.Text.Encoding.UTF8.GetString(line.Span);
    }
}
