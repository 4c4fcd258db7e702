using System.Runtime.InteropServices;
using SharpFuzz.Common;

namespace CardIssue.Fuzz.Running;

/// <summary>
/// Which branches were taken, how often, as SharpFuzz's instrumentation counts them. Only instrumented assemblies count: without them
/// nothing is ever new, and the
/// fuzzer goes on without that guide.
/// </summary>
internal sealed unsafe class Coverage
{
    /// <summary>The size of SharpFuzz's map.</summary>
    private const int MapSize = 1 << 16;

    private readonly byte[] _seen = new byte[MapSize];

    /// <summary>How many branches were ever taken.</summary>
    public int Branches { get; private set; }

    /// <summary>Makes room for the counts: before any instrumented code runs, or that has nowhere to count.</summary>
    public static void Open()
    {
        if (Trace.SharedMem == null) Trace.SharedMem = (byte*)NativeMemory.AllocZeroed(MapSize);
    }

    /// <summary>Forgets what ran since the last case.</summary>
    public static void Begin()
    {
        new Span<byte>(Trace.SharedMem, MapSize).Clear();
        Trace.PrevLocation = 0;
    }

    /// <summary>Whether the case since <see cref="Begin"/> took a branch that none took before, or took one more often by a class of AFL's:
    /// 1, 2, 3, 4 and more, 8, 16, 32, 128.</summary>
    public bool IsNew()
    {
        var map = new ReadOnlySpan<byte>(Trace.SharedMem, MapSize);
        var isNew = false;
        for (var at = map.IndexOfAnyExcept((byte)0); at >= 0 && at < MapSize;)
        {
            var bit = Class(map[at]);
            if ((_seen[at] & bit) == 0)
            {
                if (_seen[at] == 0) Branches++;
                _seen[at] |= bit;
                isNew = true;
            }
            var next = map[(at + 1)..].IndexOfAnyExcept((byte)0);
            at = next < 0 ? MapSize : at + 1 + next;
        }
        return isNew;
    }

    private static byte Class(byte count) => count switch
    {
        1 => 1,
        2 => 2,
        3 => 4,
        < 8 => 8,
        < 16 => 16,
        < 32 => 32,
        < 128 => 64,
        _ => 128,
    };
}
