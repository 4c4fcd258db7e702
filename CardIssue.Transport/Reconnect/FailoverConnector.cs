using CardIssue.Core.Lines;
using CardIssue.Transport.Framing;

namespace CardIssue.Transport.Reconnect;

/// <summary>
/// One line to whichever of several places answers: the hosts of one center. It begins where it came through the last time, and goes round
/// them once; a place whose line did not hold comes last. Put a <see cref="ReconnectingConnector"/> around it, which pauses between the rounds.
/// </summary>
public sealed class FailoverConnector : ILineConnector
{
    private readonly IReadOnlyList<ILineConnector> _places;
    private readonly TimeSpan _stableAfter;
    private readonly TimeProvider _time;
    private int _first;
    private long? _upSince;

    /// <summary>Wraps the places.</summary>
    /// <param name="places">Each connects once; one at the least. Tried in their order until one has come through.</param>
    /// <param name="stableAfter">
    /// A line that was up for less did not hold: a host that cuts every line at once, or lets nobody in, is not the first to be tried again.
    /// </param>
    /// <param name="time">The clock; the system's when null.</param>
    /// <exception cref="ArgumentException">No place, or a time that is none.</exception>
    public FailoverConnector(IReadOnlyList<ILineConnector> places, TimeSpan stableAfter, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(places);
        if (places.Count == 0) throw new ArgumentException("One place at the least.", nameof(places));
        LineOptions.CheckTime(stableAfter, nameof(stableAfter));
        (_places, _stableAfter, _time) = ([.. places], stableAfter, time ?? TimeProvider.System);
    }

    /// <summary>Connects once: to the first place that answers.</summary>
    /// <exception cref="LineException">None does. The fault is the last one's; the message has all of them.</exception>
    public async ValueTask<ILine> ConnectAsync(CancellationToken cancellation)
    {
        if (_upSince is { } since && _time.GetElapsedTime(since) < _stableAfter) _first = (_first + 1) % _places.Count;
        _upSince = null;
        var faults = new List<LineException>();
        for (var i = 0; i < _places.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var at = (_first + i) % _places.Count;
            try
            {
                var line = await _places[at].ConnectAsync(cancellation).ConfigureAwait(false);
                (_first, _upSince) = (at, _time.GetTimestamp());
                return line;
            }
            catch (LineException e)
            {
                faults.Add(e);
            }
        }
        throw faults.Count == 1 ? faults[0] : new LineException(faults[^1].Fault, string.Join(" ", faults.Select(fault => fault.Message)), faults[^1]);
    }
}
