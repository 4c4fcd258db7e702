using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using CardIssue.Core.Cards;
using CardIssue.Core.Crypto;
using CardIssue.Core.Lines;

namespace CardIssue.CommandLine;

/// <summary>
/// How a program tells that it failed: a line on the error output and, with --json, an object as the last line of standard output. What was thrown is named
/// by what to do about it; of a fault of the program's own only its kind is told, for its words may hold anything.
/// </summary>
internal sealed class ErrorAnswer(TextWriter output, TextWriter error, bool json)
{
    private const string DebugVariable = "CARDISSUE_DEBUG";

    /// <summary>Whether JSON was asked for, on a command line that may be wrong otherwise.</summary>
    public static bool IsJson(IEnumerable<string> args) => args.Any(arg => arg is "--json" or "--json=true" or "--json:true");

    /// <summary>Tells an exception. Returns the exit code.</summary>
    public int Give(Exception e, bool stopping, Func<Exception, ExitCode?> codeOf)
    {
        var (code, message) = Of(e, stopping, codeOf);
        var given = Give(code, [message]);
        if (e is not CommandException && Environment.GetEnvironmentVariable(DebugVariable) is { Length: > 0 }) Write(error, Where(e));
        return given;
    }

    /// <summary>Tells what is wrong, a line each. Returns the exit code.</summary>
    public int Give(ExitCode code, IReadOnlyList<string> lines)
    {
        foreach (var line in lines) Write(error, OneLine(line.Trim()));
        if (json) Write(output, Object(code, string.Join(' ', lines.Select(line => OneLine(line.Trim())))));
        return (int)code;
    }

    /// <summary>The object of an error.</summary>
    public static string Object(ExitCode code, string message) => new JsonObject { ["ok"] = false, ["exitCode"] = (int)code, ["error"] = message }.ToJsonString();

    /// <summary>What it means.</summary>
    public static (ExitCode Code, string Message) Of(Exception e, bool stopping, Func<Exception, ExitCode?> codeOf) => e switch
    {
        CommandException command => (command.Code, command.Message),
        OperationCanceledException when stopping => (ExitCode.Interrupted, "Interrupted."),
        _ when codeOf(e) is { } code => (code, e.Message),
        PassphraseFileException { Fault: PassphraseFault.WrongPassphraseOrDamaged } => (ExitCode.Refused, e.Message),
        PassphraseFileException { Fault: PassphraseFault.TooWeak } or FormatException => (ExitCode.Usage, e.Message),
        LineException or CardException => (ExitCode.Failed, e.Message),
        SocketException => (ExitCode.Failed, $"The network: {e.Message}."),
        IOException { HResult: 28 or unchecked((int)0x80070070) or unchecked((int)0x80070027) } => // ENOSPC; on Windows ERROR_DISK_FULL, ERROR_HANDLE_DISK_FULL
            (ExitCode.File, $"The disk is full; make room, then try again. {e.Message}"),
        DirectoryNotFoundException => (ExitCode.File, $"{e.Message.TrimEnd('.')}: there is no such directory; make it first, or name another."),
        IOException { HResult: 17 or unchecked((int)0x80070050) } => // EEXIST; on Windows ERROR_FILE_EXISTS
            (ExitCode.File, $"{e.Message} Nothing is written over it; name another."),
        UnauthorizedAccessException => (ExitCode.File, $"{e.Message} Give this user the right to it, or run as its owner."),
        IOException => (ExitCode.File, e.Message),
        _ => (ExitCode.Fault, $"A fault of this program ({e.GetType().Name}); nothing more is known to be wrong. Please report it with what {DebugVariable}=1 shows."),
    };

    /// <summary>Kinds and places, no words: those may hold what nobody may see.</summary>
    private static string Where(Exception e)
    {
        var text = new StringBuilder();
        for (var at = e; at is not null; at = at.InnerException) text.AppendLine(at.GetType().FullName).AppendLine(at.StackTrace);
        return text.ToString().TrimEnd();
    }

    /// <summary>A file's or a peer's words may not move the cursor, nor look like a line of ours.</summary>
    internal static string OneLine(string text) => !text.Any(char.IsControl) ? text : string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));

    private static void Write(TextWriter writer, string line)
    {
        try
        {
            writer.WriteLine(line);
            writer.Flush();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Where it should be told is itself what is broken or full; the exit code tells it.
        }
    }
}
