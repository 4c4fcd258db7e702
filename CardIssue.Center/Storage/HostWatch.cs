namespace CardIssue.Center.Storage;

/// <summary>
/// Which of the other hosts have given no sign of life for so long that they are dead. It is measured by this host's own clock, over a time
/// in which it has looked again and again: clocks of two hosts are never compared, and while the database was away nobody is taken for dead.
/// </summary>
/// <param name="lostAfter">How long a host may be silent.</param>
/// <param name="time">This host's clock.</param>
internal sealed class HostWatch(TimeSpan lostAfter, TimeProvider time)
{
    private readonly Dictionary<string, (long Beat, long Since)> _seen = [];
    private long _lookedAt;

    /// <summary>Looks at what the store says now.</summary>
    /// <returns>Those that are dead, each with its last sign of life.</returns>
    public IReadOnlyList<HostRow> Look(IReadOnlyList<HostRow> hosts, string own)
    {
        var now = time.GetTimestamp();
        // A look that comes late, for the store did not answer: others could not give a sign either, and all begin anew.
        if (time.GetElapsedTime(_lookedAt, now) > lostAfter / 2) _seen.Clear();
        _lookedAt = now;
        var dead = new List<HostRow>();
        foreach (var row in hosts.Where(row => row.Host != own && row.LostAt is null))
        {
            if (!_seen.TryGetValue(row.Host, out var seen) || seen.Beat != row.Beat) _seen[row.Host] = (row.Beat, now);
            else if (time.GetElapsedTime(seen.Since, now) >= lostAfter) dead.Add(row);
        }
        foreach (var gone in _seen.Keys.Except(hosts.Where(row => row.LostAt is null).Select(row => row.Host)).ToList()) _seen.Remove(gone);
        return dead;
    }
}
