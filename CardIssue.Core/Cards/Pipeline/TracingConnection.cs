using System.Globalization;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Pipeline;

/// <summary>Tells each exchange to a callback: header, lengths, status word and time; never data.</summary>
internal sealed class TracingConnection : ICardConnection
{
    private readonly ICardConnection _inner;
    private readonly Action<string> _trace;
    private readonly TimeProvider _time;

    /// <summary>Wraps <paramref name="inner"/> and owns it.</summary>
    /// <param name="inner">Where the exchanges go.</param>
    /// <param name="trace">Receives one line per exchange, reset or fault.</param>
    /// <param name="time">Measures the exchanges.</param>
    public TracingConnection(ICardConnection inner, Action<string> trace, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentNullException.ThrowIfNull(trace);
        ArgumentNullException.ThrowIfNull(time);
        (_inner, _trace, _time) = (inner, trace, time);
    }

    /// <inheritdoc/>
    public ByteString Atr => _inner.Atr;

    /// <inheritdoc/>
    public TransmissionProtocol Protocol => _inner.Protocol;

    /// <inheritdoc/>
    public async ValueTask<int> TransmitAsync(ReadOnlyMemory<byte> command, Memory<byte> response, CancellationToken cancellation)
    {
        var started = _time.GetTimestamp();
        try
        {
            var length = await _inner.TransmitAsync(command, response, cancellation).ConfigureAwait(false);
            _trace($"{Describe(command.Span)} -> {DescribeResponse(response.Span, length)}, {Milliseconds(started)} ms");
            return length;
        }
        catch (CardException e)
        {
            _trace($"{Describe(command.Span)} -> {e.Fault}, {Milliseconds(started)} ms");
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<ByteString> ResetAsync(CancellationToken cancellation)
    {
        var started = _time.GetTimestamp();
        var atr = await _inner.ResetAsync(cancellation).ConfigureAwait(false);
        _trace($"reset -> {atr.Length} bytes of ATR, {Milliseconds(started)} ms");
        return atr;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _inner.DisposeAsync();

    private static string Describe(ReadOnlySpan<byte> command)
    {
        if (!CommandShape.TryRead(command, out var shape, out _)) return $"no APDU, {command.Length} bytes";
        var le = shape.Le is { } expected ? $"Le {expected}" : "no Le";
        return $"{Convert.ToHexString(command[..4])}, {shape.DataLength} bytes, {le}";
    }

    private static string DescribeResponse(ReadOnlySpan<byte> response, int length) => length >= 2 && length <= response.Length
        ? $"{length - 2} bytes, {Convert.ToHexString(response.Slice(length - 2, 2))}"
        : $"no response, {length} bytes";

    private string Milliseconds(long started) => _time.GetElapsedTime(started).TotalMilliseconds.ToString("F1", CultureInfo.InvariantCulture);
}
