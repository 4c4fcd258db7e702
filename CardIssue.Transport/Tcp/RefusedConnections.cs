using System.Net;
using Microsoft.Extensions.Logging;

namespace CardIssue.Transport.Tcp;

/// <summary>
/// Says of the first refused connections of a minute who and why, and of the others how many: whoever knocks without end must not fill the disk of
/// whoever writes down what is said here.
/// </summary>
internal sealed class RefusedConnections(ILogger logger, int line, TimeProvider time)
{
    /// <summary>How many are said one by one in <see cref="Window"/>.</summary>
    public const int OneByOne = 10;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private long _since = time.GetTimestamp();
    private int _count;

    public void Add(IPAddress? address, string reason)
    {
        int? others = null;
        bool told;
        lock (_lock)
        {
            if (time.GetElapsedTime(_since) >= Window)
            {
                if (_count > OneByOne) others = _count - OneByOne;
                (_since, _count) = (time.GetTimestamp(), 0);
            }
            told = ++_count <= OneByOne;
        }
        if (others is { } count) Log.ConnectionsRefused(logger, line, count, Window);
        if (told) Log.ConnectionRefused(logger, line, address, reason);
    }

    /// <summary>Says how many there were since the last count.</summary>
    public void Flush()
    {
        var others = 0;
        lock (_lock) (others, _count) = (_count - OneByOne, 0);
        if (others > 0) Log.ConnectionsRefused(logger, line, others, Window);
    }
}
