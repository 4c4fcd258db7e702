using System.CommandLine;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using CardIssue.CommandLine;

namespace CardIssue.VirtualCard.Cli;

/// <summary>The command line: new, dump, serve, vpcd, twin.</summary>
public static class VirtualCardCommand
{
    private const string About =
        """
        A GlobalPlatform card with SCP03, or a secure access module with a PIV application, simulated.

        The card file is JSON and holds the card's keys in the clear: use it with test keys only.
        Exit codes: 0 ok, 2 usage, 3 a file can't be read, written or understood, 4 network.
        """;

    /// <summary>Runs one command line. Returns the exit code.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken cancellation = default)
    {
        var root = new RootCommand(About) { NewCommand.Make(output), DumpCommand.Make(output), ServeCommand.Make(output), VpcdCommand.Make(output), TwinCommand.Make(output) };
        // English whatever the system speaks, which UsageFaults needs; and no response files: an argument that begins with @ is one.
        CultureInfo.CurrentUICulture = CultureInfo.InvariantCulture;
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
        {
            foreach (var fault in UsageFaults.Of(parsed)) await error.WriteLineAsync(fault);
            await error.WriteLineAsync("Try --help.");
            return (int)ExitCode.Usage;
        }
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false }, cancellation);
        }
        catch (CommandException e)
        {
            return await FailAsync(error, e.Code, e.Message);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException or JsonException)
        {
            return await FailAsync(error, ExitCode.File, e.Message);
        }
        catch (SocketException e)
        {
            return await FailAsync(error, ExitCode.Network, e.Message);
        }
        catch (OperationCanceledException)
        {
            return (int)ExitCode.Ok;
        }
    }

    private static async Task<int> FailAsync(TextWriter error, ExitCode code, string message)
    {
        await error.WriteLineAsync(message);
        return (int)code;
    }
}
