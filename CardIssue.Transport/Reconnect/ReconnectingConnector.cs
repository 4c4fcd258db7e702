using CardIssue.Core.Lines;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CardIssue.Transport.Reconnect;

/// <summary>
/// Tries another connector again until the line is up. Delays grow with decorrelated jitter: each is drawn between
/// <see cref="ReconnectOptions.FirstDelay"/> and three times the one before, up to <see cref="ReconnectOptions.MaxDelay"/>, so that
/// terminals that lost the center at the same moment don't come back at the same moment.
/// </summary>
public sealed class ReconnectingConnector : IRetryingConnector
{
    private const int Growth = 3;

    private readonly ILineConnector _inner;
    private readonly ReconnectOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Func<double> _random;
    private readonly Action<FailedTry>? _failed;
    private TimeSpan? _lastDelay;
    private long? _upSince;

    /// <summary>Wraps <paramref name="inner"/>.</summary>
    /// <param name="inner">Connects once.</param>
    /// <param name="options">Delays and tries; the defaults when null.</param>
    /// <param name="failed">Called after each failed try, before the delay; may be null.</param>
    /// <param name="time">The clock; the system's when null.</param>
    /// <param name="logger">Hears of failed tries; nobody when null.</param>
    /// <param name="random">Draws evenly from 0 to below 1; <see cref="Random.Shared"/> when null.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public ReconnectingConnector(
        ILineConnector inner, ReconnectOptions? options = null, Action<FailedTry>? failed = null,
        TimeProvider? time = null, ILogger? logger = null, Func<double>? random = null)
    {
        ArgumentNullException.ThrowIfNull(inner);
        options ??= new ReconnectOptions();
        options.Validate();
        (_inner, _options, _failed) = (inner, options, failed);
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger.Instance;
        _random = random ?? Random.Shared.NextDouble;
    }

    /// <inheritdoc/>
    public event Action<LineException>? TryFailed;

    /// <summary>Connects, however often it takes. One call at a time.</summary>
    /// <exception cref="LineException">The last of <see cref="ReconnectOptions.MaxTries"/> tries failed.</exception>
    public async ValueTask<ILine> ConnectAsync(CancellationToken cancellation)
    {
        await PauseAfterShortLineAsync(cancellation).ConfigureAwait(false);
        for (var attempt = 1; ; attempt++)
        {
            cancellation.ThrowIfCancellationRequested();
            LineException fault;
            try
            {
                var line = await _inner.ConnectAsync(cancellation).ConfigureAwait(false);
                _upSince = _time.GetTimestamp();
                return line;
            }
            catch (LineException e)
            {
                fault = e;
            }
            if (attempt == _options.MaxTries)
            {
                Log.ConnectGivenUp(_logger, attempt, fault.Fault, fault.Message);
                _failed?.Invoke(new FailedTry(attempt, fault.Fault, fault.Message, null));
                throw new LineException(fault.Fault, fault.Message, fault);
            }
            var delay = NextDelay(fault.Fault);
            Log.ConnectFailed(_logger, attempt, fault.Fault, fault.Message, delay);
            _failed?.Invoke(new FailedTry(attempt, fault.Fault, fault.Message, delay));
            TryFailed?.Invoke(fault);
            await Task.Delay(delay, _time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Back-off begins anew only after a line that held.</summary>
    private async ValueTask PauseAfterShortLineAsync(CancellationToken cancellation)
    {
        if (_upSince is not { } since) return;
        _upSince = null;
        if (_time.GetElapsedTime(since) >= _options.StableAfter) _lastDelay = null;
        else await Task.Delay(NextDelay(LineFault.Broken), _time, cancellation).ConfigureAwait(false);
    }

    private TimeSpan NextDelay(LineFault fault)
    {
        // A certificate mends itself no sooner for being asked more often.
        if (fault == LineFault.NotTrusted) return _options.MaxDelay;
        var least = _options.FirstDelay;
        var most = (_lastDelay ?? least) * Growth;
        var drawn = least + (most - least) * _random();
        var delay = drawn < _options.MaxDelay ? drawn : _options.MaxDelay;
        _lastDelay = delay;
        return delay;
    }
}
