using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;

namespace CardIssue.CommandLine;

/// <summary>A program, as far as <see cref="CommandRun"/> must know it.</summary>
/// <param name="Make">Makes its commands. Settings that are wrong end it as <see cref="CommandException"/>.</param>
/// <param name="CodeOf">What an exception of its own libraries means; null for those that mean nothing special.</param>
/// <param name="Grace">How long a command may take to end in order after a signal.</param>
internal sealed record CommandProgram(Func<RootCommand> Make, Func<Exception, ExitCode?> CodeOf, TimeSpan Grace);

/// <summary>
/// One command line, from its parsing to its exit code: Ctrl-C and SIGTERM end it in order, and whatever goes wrong becomes a line on the error output
/// and an exit code; never a stack trace.
/// </summary>
internal static class CommandRun
{
    /// <summary>Runs it.</summary>
    public static async Task<int> RunAsync(
        CommandProgram program, string[] args, TextWriter output, TextWriter error, CancellationToken cancellation = default)
    {
        var answer = new ErrorAnswer(output, error, ErrorAnswer.IsJson(args));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var leave = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            // English whatever the system speaks, as the rest of the programs; and no response files: an argument that begins with @ is one.
            CultureInfo.CurrentUICulture = CultureInfo.InvariantCulture;
            var parsed = program.Make().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
            if (parsed.Errors.Count > 0) return answer.Give(ExitCode.Usage, [.. UsageFaults.Of(parsed), "Try --help."]);
            var settings = new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return await UntilAsync(Task.Run(() => parsed.InvokeAsync(settings, stop.Token), CancellationToken.None), program.Grace, stop.Token, leave.Token);
        }
        catch (Exception e)
        {
            return answer.Give(e, stop.IsCancellationRequested, program.CodeOf);
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            if (stop.IsCancellationRequested) leave.Cancel();
            stop.Cancel();
        }
    }

    /// <summary>For what ends on no command's thread: nothing else would keep its stack trace off the screen.</summary>
    public static void GuardThreads(TextWriter error) => AppDomain.CurrentDomain.UnhandledException += (_, unhandled) =>
    {
        new ErrorAnswer(error, error, json: false).Give(unhandled.ExceptionObject as Exception ?? new InvalidOperationException(), stopping: false, _ => null);
        Environment.Exit((int)ExitCode.Fault);
    };

    /// <summary>A wait for a disk, a pipe or a keyboard can't be cancelled: after the time of grace, or at a second signal, it is left behind.</summary>
    private static async Task<int> UntilAsync(Task<int> running, TimeSpan grace, CancellationToken stop, CancellationToken leave)
    {
        try
        {
            return await running.WaitAsync(stop);
        }
        catch (OperationCanceledException) when (!running.IsCompleted)
        {
            await Task.WhenAny(running, Task.Delay(grace, leave));
            return running.IsCompleted ? await running : throw new OperationCanceledException(stop);
        }
    }
}
