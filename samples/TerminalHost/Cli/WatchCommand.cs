using System.CommandLine;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Relay;
using CardIssue.TerminalHost.Counter;
using CardIssue.TerminalHost.Display;
using CardIssue.TerminalHost.Display.Screen;
using CardIssue.TerminalHost.Operators;
using Command = System.CommandLine.Command;

namespace CardIssue.TerminalHost.Cli;

/// <summary><c>watch</c>: the counter loop. One access, customer after customer (S320 back to S230).</summary>
internal static class WatchCommand
{
    private const string About =
        """
        Issues card after card on one access. At a terminal it is a screen that says what to do now; --plain makes it lines.
        Without a terminal it reads two lines per customer from standard input, the order and the issue code, after the passphrase
        and the operator's password if they come from there too. An empty order ends it.
        """;

    private const int LongestIdle = 24 * 60;

    private static readonly Text AskOrder = new("Order (empty to end): ", "受付番号（終了は空のまま Enter）: ");

    public static Command Make(HostSettings settings, TextWriter output)
    {
        var plain = new Option<bool>("--plain") { Description = "Plain lines also at a terminal, instead of the screen." };
        var ascii = new Option<bool>("--ascii") { Description = "The screen's lines in ASCII, for terminals that draw them two columns wide." };
        var idle = SettingOption.Number(settings, "--idle-log-off", "Minutes without a key after which who logged in at the screen is logged off; 0 for never.", 0, LongestIdle, 15);
        var (common, connection, operators, counterOptions) = (new CommonOptions(settings), new ConnectionOptions(settings), new OperatorOptions(settings), new CounterOptions(settings));
        var command = new Command("watch", About) { plain, ascii, idle };
        operators.AddTo(command);
        counterOptions.AddTo(command);
        connection.AddTo(command);
        common.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var (folder, line, reader, sam) = (common.Folder(parsed), connection.Line(parsed), connection.Reader(parsed), connection.Sam(parsed));
            var (language, receipts) = (counterOptions.Language(parsed), counterOptions.Receipts(parsed));
            var onScreen = ConsoleScreen.IsThere && !common.IsJson(parsed) && !parsed.GetValue(plain);
            var shown = onScreen ? operators.OfScreen(parsed, folder) : null;
            if (!onScreen) operators.Check(parsed);
            using var input = new SecretInput();
            using var file = ModuleCommands.Open(folder, common, parsed, input, cancellation);
            var who = onScreen ? shown : operators.LogIn(parsed, folder, input, cancellation);
            var login = new OperatorLogin(new OperatorList(folder.Operators), TimeProvider.System);
            var setup = new CounterSetup(file, line, reader, sam, connection.Rotation(parsed, folder, line), receipts, who, login,
                TimeSpan.FromMinutes(parsed.GetRequiredValue(idle)!.Value));
            if (onScreen) await ShowAsync(setup, language, parsed.GetValue(ascii), cancellation);
            else await TellAsync(setup, new LineDisplay(output, parsed.InvocationConfiguration.Error, common.IsJson(parsed), language, receipts), input, language, cancellation);
            return (int)ExitCode.Ok;
        });
        return command;
    }

    /// <summary>At a screen.</summary>
    private static async Task ShowAsync(CounterSetup setup, Language language, bool ascii, CancellationToken cancellation)
    {
        var view = new CounterView { Terminal = setup.File.Identity.Id.Value, Operator = setup.Who?.Value ?? "", HasLogin = setup.Who is null };
        await using var screen = new CounterScreen(new ConsoleScreen(ascii), language, view, setup.Receipts, TimeProvider.System);
        await new ScreenCounter(screen, setup, TimeProvider.System).RunAsync(cancellation);
    }

    /// <summary>In lines.</summary>
    private static async Task TellAsync(CounterSetup setup, LineDisplay display, SecretInput input, Language language, CancellationToken cancellation)
    {
        do
        {
            await setup.Rotation.WhenDueAsync(setup.File, display, cancellation);
            await using var counter = setup.Open(display);
            counter.Start();
            if (await ServeAsync(counter, display, () => NextAsync(input, setup.Who!.Value, display, language, cancellation), () => setup.Rotation.IsDue(setup.File), cancellation)) return;
        }
        while (true);
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
    private static Task<IssueRequest?> NextAsync(SecretInput input, OperatorId who, LineDisplay display, Language language, CancellationToken cancellation) =>
        Task.Run(() => Next(input, who, display, language), cancellation).WaitAsync(cancellation);

    /// <summary>A slip of the operator is told and asked again: the customers behind this one are still to be served.</summary>
    private static IssueRequest? Next(SecretInput input, OperatorId who, LineDisplay display, Language language)
    {
        while (true)
        {
            var reference = ReadReference(input, language);
            if (reference is "") return null;
            var fault = RequestText.Fault(reference);
            if (fault is not null)
            {
                display.Tell(new Text($"{fault} Once more, please.", $"{CounterTexts.NotText.Japanese}。もう一度入力してください。"));
                if (SecretInput.CanPrompt) continue;
            }
            // One that is too long to be read, or is not there, is none.
            var code = ReadCode(input, language) ?? SecretBytes.Copy([]);
            var codeFault = IssueRequest.CodeFault(code);
            if (codeFault is null && fault is null) return new IssueRequest(reference, code, who);
            code.Dispose();
            if (fault is null) display.Tell(new Text($"{codeFault} Once more, please, from the order on.", $"{CounterTexts.NotCode.Japanese}。受付番号からもう一度入力してください。"));
        }
    }

    /// <summary>The order or customer id; empty at the end.</summary>
    private static string ReadReference(SecretInput input, Language language)
    {
        if (SecretInput.CanPrompt)
        {
            Console.Error.Write(AskOrder.In(language));
            return Console.ReadLine() ?? "";
        }
        // Longer than any: the rule says so.
        if (!input.TryReadLine(out var line)) return new string(' ', CardIssue.Core.Protocol.ProtocolLimits.MaxReference + 1);
        using (line) return line is null ? "" : System.Text.Encoding.UTF8.GetString(line.Span);
    }

    /// <summary>The issue code; null when it is too long, or when standard input has ended, which the next order then tells.</summary>
    private static SecretBytes? ReadCode(SecretInput input, Language language) =>
        SecretInput.CanPrompt ? SecretInput.Prompt(CounterTexts.AskCode.In(language)) : input.TryReadLine(out var code) ? code : null;
}
