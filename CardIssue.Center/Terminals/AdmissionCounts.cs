using CardIssue.Center.Storage;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using Microsoft.Extensions.Options;

namespace CardIssue.Center.Terminals;

/// <summary>How many refused attempts at access are told one by one.</summary>
public sealed class AdmissionOptions
{
    /// <summary>Refused attempts of one place, or of one known terminal, that are logged one by one within <see cref="Window"/>; further ones are counted: 1 to 10,000.</summary>
    public int Attempts { get; set; } = 10;

    /// <summary>How long a window is: 1 second to 1 day.</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How many places and terminals are counted apart; those beyond are counted together: 16 to 1,000,000.</summary>
    public int MaxPlaces { get; set; } = 10_000;

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionsValidationException">A value is out of its range; the message names it.</exception>
    internal void Validate() => new OptionCheck<AdmissionOptions>()
        .Within(Attempts, 1, 10_000, nameof(Attempts))
        .Within(Window, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1), nameof(Window))
        .Within(MaxPlaces, 16, 1_000_000, nameof(MaxPlaces))
        .Done();
}

/// <summary>Refused attempts that were not logged one by one.</summary>
/// <param name="Who">The place, or the known terminal; null for all beyond <see cref="AdmissionOptions.MaxPlaces"/>.</param>
/// <param name="Count">How many in one window.</param>
internal sealed record AdmissionCount(string? Who, int Count);

/// <summary>
/// Counts refused attempts at access, in memory: the first of a window are logged one by one, the others as a number, so that nobody fills the log by knocking. It refuses
/// nobody: a right proof is always let in, or whoever knocks behind the same address would lock out his neighbours. A terminal whose certificate is known is counted by itself.
/// </summary>
public sealed class AdmissionCounts
{
    private readonly Lock _lock = new();
    private readonly AdmissionOptions _options;
    private readonly TimeProvider _time;
    private Dictionary<string, (int Told, int Counted)> _window = [];
    private int _others;
    private long _since;

    /// <summary>Counts nothing at first.</summary>
    /// <exception cref="OptionsValidationException">An option is out of its range.</exception>
    public AdmissionCounts(AdmissionOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        options.Validate();
        (_options, _time, _since) = (options, time, time.GetTimestamp());
    }

    /// <summary>How long a window is.</summary>
    internal TimeSpan Window => _options.Window;

    /// <summary>Counts a refused attempt.</summary>
    /// <param name="peer">Who came.</param>
    /// <param name="known">The terminal, where the certificate that the peer proved is this terminal's; else null.</param>
    /// <param name="tell">Whether the caller logs it by itself where it may. If not, it is only counted.</param>
    /// <returns>Whether to log it by itself.</returns>
    internal bool Refused(LinePeer peer, TerminalId? known, bool tell)
    {
        var who = known is { } terminal ? $"terminal {terminal}" : LinePlace.Of(peer).ToString();
        lock (_lock)
        {
            if (!_window.TryGetValue(who, out var count) && _window.Count == _options.MaxPlaces)
            {
                _others++;
                return false;
            }
            var told = tell && count.Told < _options.Attempts;
            _window[who] = told ? (count.Told + 1, count.Counted) : (count.Told, count.Counted + 1);
            return told;
        }
    }

    /// <summary>What was counted and not logged since the last time, when the window is over or <paramref name="all"/> is asked for; begins a new window then.</summary>
    internal IReadOnlyList<AdmissionCount> Take(bool all = false)
    {
        Dictionary<string, (int Told, int Counted)> window;
        int others;
        lock (_lock)
        {
            if (!all && _time.GetElapsedTime(_since) < _options.Window) return [];
            // The next window begins where this one ended, not when somebody came to look.
            var next = all ? _time.GetTimestamp() : _since + (long)(_options.Window.TotalSeconds * _time.TimestampFrequency);
            (window, _window, others, _others, _since) = (_window, [], _others, 0, next);
        }
        var counts = window.Where(place => place.Value.Counted > 0)
            .Select(place => new AdmissionCount(place.Key, place.Value.Counted)).OrderByDescending(place => place.Count).ToList();
        if (others > 0) counts.Add(new AdmissionCount(null, others));
        return counts;
    }
}
