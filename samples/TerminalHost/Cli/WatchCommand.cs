using System.CommandLine;
using CardIssue.Core.Primitives;
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
            var (line, reader, sam, who) = (connection.Line(parsed), connection.Reader(parsed), connection.Sam(parsed), IssueCommand.Operator(parsed, operatorId));
            using var input = new SecretInput();
            using var file = ModuleCommands.Open(common.Folder(parsed), common, parsed, input, cancellation);
            IStepDisplay display = common.IsJson(parsed) || Console.IsOutputRedirected
                ? new LineDisplay(output, parsed.InvocationConfiguration.Error, common.IsJson(parsed))
                : new ColourDisplay(AnsiConsole.Console);
            var (error, rotation) = (parsed.InvocationConfiguration.Error, connection.Rotation(parsed, common.Folder(parsed), line));
            do
            {
                await rotation.WhenDueAsync(file, error, cancellation);
                await using var counter = TerminalCounter.Open(file, line, reader.Open(), display, endlessly: true, sam?.Open());
                counter.Start();
                if (await ServeAsync(counter, display, () => NextAsync(input, who, error, cancellation), () => rotation.IsDue(file), cancellation))
                    return (int)ExitCode.Ok;
            }
            while (true);
        });
        return command;
    }

    /// <summary>Customer after customer, until there is none, or until something is due between two.</summary>
    /// <returns>Whether there is none.</returns>
    private static async Task<bool> ServeAsync(
        TerminalCounter counter, IStepDisplay display, Func<Task<IssueRequest?>> next, Func<bool> isDue, CancellationToken cancellation)
    {
        while (await next() is { } request)
        {
            using (request.Code) display.End(await counter.IssueAsync(request, cancellation));
            if (isDue()) return false;
        }
        return true;
    }

    /// <summary>The next customer's request; null at the end. The caller disposes the code.</summary>
    /// <remarks>A read of the keyboard can't be cancelled: it is left behind, and ends with the program.</remarks>
    private static Task<IssueRequest?> NextAsync(SecretInput input, OperatorId who, TextWriter error, CancellationToken cancellation) =>
        Task.Run(() => Next(input, who, error), cancellation).WaitAsync(cancellation);

    /// <summary>A slip of the operator is told and asked again: the customers behind this one are still to be served.</summary>
    private static IssueRequest? Next(SecretInput input, OperatorId who, TextWriter error)
    {
        while (true)
        {
            var reference = ReadReference(input);
            if (reference is "") return null;
            var fault = RequestText.Fault(reference);
            if (fault is not null)
            {
                error.WriteLine($"{fault} Once more, please.");
                if (SecretInput.CanPrompt) continue;
            }
            // One that is too long to be read, or is not there, is none.
            var code = ReadCode(input) ?? SecretBytes.Copy([]);
            var codeFault = IssueRequest.CodeFault(code);
            if (codeFault is null && fault is null) return new IssueRequest(reference, code, who);
            code.Dispose();
            if (fault is null) error.WriteLine($"{codeFault} Once more, please, from the order on.");
        }
    }

    /// <summary>The order or customer id; empty at the end.</summary>
    private static string ReadReference(SecretInput input)
    {
        if (SecretInput.CanPrompt)
        {
            Console.Error.Write("Order (empty to end): ");
            return Console.ReadLine() ?? "";
        }
        // Longer than any: the rule says so.
        if (!input.TryReadLine(out var line)) return new string(' ', CardIssue.Core.Protocol.Limits.MaxReference + 1);
        using (line) return line is null ? "" : System.Text.Encoding.UTF8.GetString(line.Span);
    }

    /// <summary>The issue code; null when it is too long, or when standard input has ended, which the next order then tells.</summary>
    private static SecretBytes? ReadCode(SecretInput input) =>
        SecretInput.CanPrompt ? SecretInput.Prompt("issue code") : input.TryReadLine(out var code) ? code : null;
}
