namespace CardIssue.NativeTerminal;

/// <summary>Ends a call with a number of cardissue.h that is no exit code.</summary>
internal sealed class NativeFaultException(NativeError error, string message) : Exception(message)
{
    public NativeError Error { get; } = error;
}

/// <summary>The wall between the library and C: no exception goes through, and the thread is told what it was.</summary>
internal static class NativeWall
{
    [ThreadStatic]
    private static string? _lastError;

    /// <summary>What went wrong last on this thread; empty for nothing.</summary>
    public static string LastError => _lastError ?? "";

    /// <summary>Does something. Returns the number of cardissue.h.</summary>
    public static int Guard(Action act)
    {
        try
        {
            act();
            return (int)NativeError.None;
        }
        catch (NativeFaultException e)
        {
            return Tell(e.Error, e.Message);
        }
        catch (Exception e)
        {
            var (code, message) = ErrorAnswer.Of(e, stopping: false, _ => null);
            return Tell(code switch
            {
                ExitCode.Failed or ExitCode.Interrupted => NativeError.Failed,
                ExitCode.Usage => NativeError.Usage,
                ExitCode.File or ExitCode.Damaged => NativeError.File,
                ExitCode.Refused => NativeError.Refused,
                _ => NativeError.Fault,
            }, message);
        }
    }

    private static int Tell(NativeError error, string message)
    {
        _lastError = message;
        return (int)error;
    }
}
