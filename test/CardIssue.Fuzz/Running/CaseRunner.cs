using System.Diagnostics;

namespace CardIssue.Fuzz.Running;

/// <summary>A case that is not well.</summary>
/// <param name="Target">The target's name.</param>
/// <param name="Input">The case.</param>
/// <param name="What">What happened.</param>
internal sealed record Finding(string Target, byte[] Input, string What);

/// <summary>Runs cases and judges what they cost.</summary>
internal static class CaseRunner
{
    /// <summary>How often a case that took too long is run again before it is believed: the machine may have been busy.</summary>
    private const int Confirmations = 2;

    /// <summary>Runs a case; null when it is well.</summary>
    public static Finding? Run(FuzzTarget target, byte[] input)
    {
        var (what, isSlow) = Once(target, input);
        for (var again = 0; isSlow && again < Confirmations; again++) (what, isSlow) = Once(target, input);
        return what is null ? null : new Finding(target.Name, input, what);
    }

    /// <summary>Judges a target after its cases; null when all is well.</summary>
    public static Finding? Finish(FuzzTarget target)
    {
        try
        {
            target.Finish();
            return null;
        }
        catch (FindingException e)
        {
            return new Finding(target.Name, [], e.Message);
        }
    }

    private static (string? What, bool IsSlow) Once(FuzzTarget target, byte[] input)
    {
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var started = Stopwatch.GetTimestamp();
        try
        {
            target.Run(input);
        }
        catch (Exception e)
        {
            return (e is FindingException ? e.Message : $"it threw {e}", false);
        }
        var took = Stopwatch.GetElapsedTime(started);
        var bytes = GC.GetAllocatedBytesForCurrentThread() - allocated;
        var limits = target.Limits;
        if (limits.Bytes != long.MaxValue && bytes > limits.Bytes + limits.BytesPerByte * input.Length)
            return ($"{input.Length} bytes of input took {bytes:N0} bytes of memory", false);
        return took > limits.Time ? ($"{input.Length} bytes of input took {took.TotalSeconds:F1} s", true) : (null, false);
    }
}
