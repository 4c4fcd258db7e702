using CardIssue.Core.Lines;

namespace CardIssue.Fuzz.Flows;

/// <summary>The terminal's end of a line on which somebody strikes.</summary>
internal sealed class StruckLine(ILine inner, IReadOnlyList<Strike> strikes) : ILine
{
    private readonly Queue<byte[]> _toTerminal = new();
    private readonly Lock _gate = new();
    private byte[]? _lateUp, _lateDown;
    private int _up, _down;

    public LinePeer Peer => inner.Peer;

    public async ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellation)
    {
        List<byte[]> sent;
        lock (_gate) sent = Struck(frame.ToArray(), up: true, _up++, ref _lateUp);
        foreach (var bytes in sent) await inner.SendAsync(bytes, cancellation).ConfigureAwait(false);
    }

    public async ValueTask<LineFrame?> ReceiveAsync(CancellationToken cancellation)
    {
        while (true)
        {
            if (_toTerminal.TryDequeue(out var waiting)) return Frame(waiting);
            using var frame = await inner.ReceiveAsync(cancellation).ConfigureAwait(false);
            if (frame is null) return null;
            lock (_gate)
                foreach (var bytes in Struck(frame.Span.ToArray(), up: false, _down++, ref _lateDown)) _toTerminal.Enqueue(bytes);
        }
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private List<byte[]> Struck(byte[] frame, bool up, int at, ref byte[]? late)
    {
        List<byte[]> frames = [frame];
        var isLate = false;
        foreach (var strike in strikes)
        {
            if (strike.Up != up || strike.At != at) continue;
            isLate |= strike.Kind == StrikeKind.Delay;
            frames = [.. frames.SelectMany(strike.Do)];
        }
        if (isLate)
        {
            (frame, late) = (late ?? [], frame);
            return frame.Length == 0 ? [] : [frame];
        }
        if (late is { } held) frames.Add(held);
        late = null;
        // A line carries frames of 1 byte and more, and no longer ones than it can.
        return [.. frames.Where(bytes => bytes.Length is > 0 and <= ILine.MaxFrame)];
    }

    private static LineFrame Frame(byte[] bytes)
    {
        var frame = new LineFrame(bytes.Length);
        bytes.CopyTo(frame.Memory);
        return frame;
    }
}
