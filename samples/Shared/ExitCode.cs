namespace CardIssue.CommandLine;

/// <summary>How a program ended. The numbers mean the same in all programs here; <see cref="ExitCodeText.Help"/> says so to their users.</summary>
internal enum ExitCode
{
    /// <summary>Done. Also a command that runs until it is stopped, when it was.</summary>
    Ok = 0,
    /// <summary>It was tried and did not work: line, port, center, reader or card.</summary>
    Failed = 1,
    /// <summary>The command line, a setting or the content of a file that was given is wrong: what is asked again ends the same.</summary>
    Usage = 2,
    /// <summary>A file or store can't be read, written or opened, is there already, or is damaged; also a full disk.</summary>
    File = 3,
    /// <summary>Refused by a rule, a person, the other side, or a passphrase that does not fit.</summary>
    Refused = 4,
    /// <summary>Ended by Ctrl-C or SIGTERM before it was done.</summary>
    Interrupted = 5,
    /// <summary>What was to be verified is not whole.</summary>
    Damaged = 6,
    /// <summary>A fault of the program itself.</summary>
    Fault = 7,
    /// <summary>Nothing was found wrong, and nothing vouches for what was verified.</summary>
    Unproved = 8,
}

/// <summary>What the programs' help says of exit codes.</summary>
internal static class ExitCodeText
{
    public const string Help =
        """
        Exit codes: 0 done; 1 failed (line, port, center, reader or card); 2 wrong usage, setting or input file;
        3 a file or store can't be read or written, or is damaged (also: disk full); 4 refused; 5 interrupted;
        6 the verification found damage; 7 a fault of this program (CARDISSUE_DEBUG=1 shows where);
        8 the verification found nothing wrong, and nothing that vouches for it.
        With --json an error is also the last line of standard output: {"ok":false,"exitCode":N,"error":"…"}.
        """;
}

/// <summary>Ends a command with what is wrong and what to do next. Its message holds no secret.</summary>
internal sealed class CommandException(ExitCode code, string message, Exception? inner = null) : Exception(message, inner)
{
    public ExitCode Code { get; } = code;
}
