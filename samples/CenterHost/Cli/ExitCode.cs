namespace CardIssue.CenterHost.Cli;

/// <summary>How the program ended.</summary>
internal enum ExitCode
{
    Ok = 0,
    Failed = 1,
    Usage = 2,
    File = 3,
    Refused = 4,
    Interrupted = 5,
    Damaged = 6,
}

/// <summary>Ends a command with what is wrong and what to do next.</summary>
internal sealed class CommandException(ExitCode code, string message, Exception? inner = null) : Exception(message, inner)
{
    public ExitCode Code { get; } = code;
}
