using System.Collections.Concurrent;

namespace CardIssue.NativeTerminal;

/// <summary>The terminals of this process, by numbers that are not given twice: what is gone is not found, and no memory is touched.</summary>
internal static class NativeTerminals
{
    private static readonly ConcurrentDictionary<long, NativeTerminal> All = [];
    private static long _last;

    public static long Add(NativeTerminal terminal)
    {
        var number = Interlocked.Increment(ref _last);
        All[number] = terminal;
        return number;
    }

    /// <exception cref="NativeFaultException">There is none.</exception>
    public static NativeTerminal Find(long number) => All.TryGetValue(number, out var terminal) ? terminal : throw None();

    /// <summary>Takes one out: nobody finds it from now on.</summary>
    /// <exception cref="NativeFaultException">There is none.</exception>
    public static NativeTerminal Take(long number) => All.TryRemove(number, out var terminal) ? terminal : throw None();

    public static NativeFaultException None() => new(NativeError.Terminal, "There is no such terminal: it was destroyed, or never was.");
}
