using CardIssue.Core.Lines;

namespace CardIssue.Center.Terminals;

/// <summary>
/// Handshakes that came to nothing, in memory: the first of a window, of all places together, are logged one by one, the others as a number
/// for each name. Whoever comes with no certificate costs nothing to come from many addresses, so there is no count for each: a crowd gets
/// as many rows as one stranger.
/// </summary>
internal sealed class HandshakeCounts
{
    /// <summary>How many of a window are logged one by one.</summary>
    public const int OneByOne = 10;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<HandshakeFault, int> _others = [];
    private int _told;

    /// <summary>Counts one; whether it is logged by itself.</summary>
    public bool IsTold(HandshakeFault fault)
    {
        lock (_lock)
        {
            if (_told < OneByOne)
            {
                _told++;
                return true;
            }
            _others[fault] = _others.GetValueOrDefault(fault) + 1;
            return false;
        }
    }

    /// <summary>Those that were not logged one by one, by name; begins a new window.</summary>
    public IReadOnlyList<(HandshakeFault Fault, int Count)> Take()
    {
        lock (_lock)
        {
            (HandshakeFault, int)[] taken = [.. _others.Select(other => (other.Key, other.Value))];
            _others.Clear();
            _told = 0;
            return taken;
        }
    }
}
