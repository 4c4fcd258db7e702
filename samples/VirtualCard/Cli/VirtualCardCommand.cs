using System.CommandLine;

namespace CardIssue.VirtualCard.Cli;

/// <summary>The command line: new, dump, serve, vpcd, twin.</summary>
public static class VirtualCardCommand
{
    private const string About =
        $"""
        A GlobalPlatform card with SCP03, or a secure access module with a PIV application, simulated.

        The card file is JSON and holds the card's keys in the clear: use it with test keys only.
        {ExitCodeText.Help}
        """;

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>Runs one command line. Returns the exit code.</summary>
    public static Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken cancellation = default) =>
        CommandRun.RunAsync(new CommandProgram(() => MakeRoot(output), CodeOf, Grace), args, output, error, cancellation);

    private static RootCommand MakeRoot(TextWriter output) =>
        new(About) { NewCommand.Make(output), DumpCommand.Make(output), ServeCommand.Make(output), VpcdCommand.Make(output), TwinCommand.Make(output) };

    private static ExitCode? CodeOf(Exception e) => e is InvalidDataException ? ExitCode.File : null;
}
