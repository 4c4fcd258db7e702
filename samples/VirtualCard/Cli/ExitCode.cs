namespace CardIssue.VirtualCard.Cli;

/// <summary>How the program ended.</summary>
internal enum ExitCode
{
    Ok = 0,
    Usage = 2,
    File = 3,
    Network = 4,
}

/// <summary>Ends a command with a message for whoever called it.</summary>
internal sealed class CommandException(ExitCode code, string message, Exception? inner = null) : Exception(message, inner)
{
    public ExitCode Code { get; } = code;
}
