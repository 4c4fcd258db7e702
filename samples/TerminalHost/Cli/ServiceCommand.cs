using System.CommandLine;
using System.Text.Json;
using CardIssue.Core.Primitives;
using CardIssue.TerminalHost.Answers;
using CardIssue.TerminalHost.Counter;
using CardIssue.TerminalHost.Operators;
using CardIssue.TerminalHost.Service;
using Command = System.CommandLine.Command;

namespace CardIssue.TerminalHost.Cli;

/// <summary><c>service</c>: the counter for other programs of this machine.</summary>
internal static class ServiceCommand
{
    private const string TokenFile = "service.token";

    private const string About =
        """
        Issues cards for other programs of this machine: they send lines of JSON to a port of loopback or to a pipe, and hear what
        happens. SERVICE.md says how. Whoever comes in shows the token, which is made at the first start, in a file that only its
        owner may read. Runs until it is stopped.
        """;

    public static Command Make(HostSettings settings, TextWriter output)
    {
        var port = SettingOption.Number(settings, "--port", "The TCP port of loopback that programs come to; 0 for a free one, which is printed.", 0, 0xFFFF);
        var pipe = SettingOption.Text(settings, "--pipe", "The named pipe that programs come to; elsewhere than on Windows the path of a Unix domain socket.");
        var tokenFile = SettingOption.Text(settings, "--token-file", $"The file with the token; {TokenFile} in the terminal's folder when it is not named.");
        var operatorId = SettingOption.Text(settings, "--operator", "Who works here, where a request does not say.");
        var (common, connection, counterOptions) = (new CommonOptions(settings), new ConnectionOptions(settings), new CounterOptions(settings));
        var command = new Command("service", About) { port, pipe, tokenFile, operatorId };
        counterOptions.AddTo(command);
        connection.AddTo(command);
        common.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var (line, reader, sam) = (connection.Line(parsed), connection.Reader(parsed), connection.Sam(parsed));
            var (who, language, receipts) = (Operator(parsed.GetValue(operatorId)), counterOptions.Language(parsed), counterOptions.Receipts(parsed));
            if (parsed.GetValue(port) is null && parsed.GetValue(pipe) is null)
                throw new CommandException(ExitCode.Usage, "Nowhere for programs to come to: give --port, --pipe or both.");
            using var file = ModuleCommands.Open(common.Folder(parsed), common, parsed, cancellation);
            var secret = Path.GetFullPath(parsed.GetValue(tokenFile) ?? Path.Combine(common.Folder(parsed).Path, TokenFile));
            using var token = ServiceToken.Open(secret, cancellation);
            // Deriving the passphrase's key took tens of megabytes, which a program that runs for weeks need not keep.
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            var (error, rotation) = (parsed.InvocationConfiguration.Error, connection.Rotation(parsed, common.Folder(parsed), line));
            var setup = new ServiceSetup(file.Identity.Id, who, new OperatorList(common.Folder(parsed).Operators), language);
            var service = new CounterService(token, setup, error, TimeProvider.System);
            return await WithDoorsAsync(Doors(parsed.GetValue(port), parsed.GetValue(pipe)), Serve, service, cancellation);

            async Task Serve(IReadOnlyList<ServiceDoor> doors, CancellationToken stop)
            {
                foreach (var door in doors) Say(output, common.IsJson(parsed), door);
                try
                {
                    while (true)
                    {
                        await rotation.WhenDueAsync(file, service, stop);
                        await using var counter = TerminalCounter.OpenEndlessly(
                            file, line, reader, sam, missing => error.WriteLine($"The reader is waited for: {missing}"), service, receipts, service.Saw);
                        await service.ServeAsync(counter, () => rotation.IsDue(file), stop);
                    }
                }
                finally
                {
                    service.Close();
                }
            }
        });
        return command;
    }

    private static OperatorId? Operator(string? name) => name is null ? null
        : PersonNameRule.Accepts(name) ? new OperatorId(name)
        : throw new CommandException(ExitCode.Usage, $"--operator is a name of 1 to {PersonNameRule.MaxBytes} bytes, without control characters and without spaces at its ends.");

    private static List<ServiceDoor> Doors(int? port, string? pipe)
    {
        var doors = new List<ServiceDoor>();
        try
        {
            if (port is { } number) doors.Add(new PortDoor(number));
            if (pipe is not null) doors.Add(new PipeDoor(pipe));
            return doors;
        }
        catch
        {
            foreach (var door in doors) door.Dispose();
            throw;
        }
    }

    /// <summary>Doors and counter, until the program is stopped, or one of them ends by a fault.</summary>
    private static async Task<int> WithDoorsAsync(
        List<ServiceDoor> doors, Func<IReadOnlyList<ServiceDoor>, CancellationToken, Task> serve, CounterService service, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        // The programs still hear how the issue under way ends.
        using var close = new CancellationTokenSource();
        var serving = serve(doors, stop.Token);
        List<Task> running = [serving, .. doors.Select(door => service.OpenAsync(door, close.Token))];
        try
        {
            await await Task.WhenAny(running);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // It was stopped, which is how it ends.
        }
        finally
        {
            await stop.CancelAsync();
            await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await close.CancelAsync();
            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (var door in doors) door.Dispose();
        }
        return (int)ExitCode.Ok;
    }

    private static void Say(TextWriter output, bool json, ServiceDoor door)
    {
        var (kind, place) = door.Name;
        output.WriteLine(json ? JsonSerializer.Serialize(new DoorAnswer("ready", kind, place), AnswerJson.Readable.DoorAnswer) : $"ready {kind} {place}");
        output.Flush();
    }
}
