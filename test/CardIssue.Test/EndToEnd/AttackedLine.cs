using CardIssue.Core.Lines;

namespace CardIssue.Test.EndToEnd;

/// <summary>What somebody between the ends does to the line.</summary>
public enum LineAttack
{
    Change,
    Drop,
    Replay,
    Swap,
    Truncate,
    Reflect,
    PutInWithoutMac,
}

/// <summary>A line with somebody in the middle, who strikes once, at a frame of one direction.</summary>
/// <param name="inner">The line.</param>
/// <param name="attack">What is done.</param>
/// <param name="up">Whether to what the terminal sends.</param>
/// <param name="at">To which frame of that direction, from 1.</param>
/// <param name="strikes">Says once that it is done.</param>
internal sealed class AttackedLine(ILine inner, LineAttack attack, bool up, int at, Func<bool> strikes) : ILine
{
    private readonly Queue<byte[]> _toTerminal = new();
    private byte[]? _heldUp, _lastUp, _lastDown;
    private int _up, _down;

    public LinePeer Peer => inner.Peer;

    public async ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellation)
    {
        var bytes = frame.ToArray();
        var hit = up && ++_up >= at && _heldUp is null && strikes();
        foreach (var sent in hit ? Strike(bytes, _lastDown) : Held(bytes, ref _heldUp)) await inner.SendAsync(sent, cancellation);
        if (hit && attack is LineAttack.Swap) _heldUp = bytes;
        _lastUp = bytes;
    }

    public async ValueTask<LineFrame?> ReceiveAsync(CancellationToken cancellation)
    {
        while (true)
        {
            if (_toTerminal.TryDequeue(out var waiting)) return Frame(waiting);
            using var frame = await inner.ReceiveAsync(cancellation);
            if (frame is null) return null;
            var bytes = frame.Span.ToArray();
            var hit = !up && ++_down >= at && strikes();
            if (hit && attack is LineAttack.Swap)
            {
                using var next = await inner.ReceiveAsync(cancellation);
                if (next is not null) _toTerminal.Enqueue(next.Span.ToArray());
                _toTerminal.Enqueue(bytes);
            }
            else foreach (var sent in hit ? Strike(bytes, _lastUp) : [bytes]) _toTerminal.Enqueue(sent);
            _lastDown = bytes;
        }
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private byte[][] Strike(byte[] frame, byte[]? ofTheOtherWay) => attack switch
    {
        LineAttack.Change => [[.. frame[..10], (byte)(frame[10] ^ 1), .. frame[11..]]],
        LineAttack.Drop or LineAttack.Swap => [],
        LineAttack.Replay => [frame, frame],
        LineAttack.Truncate => [frame[..^3]],
        LineAttack.Reflect => [ofTheOtherWay ?? frame[..1], frame],
        LineAttack.PutInWithoutMac => [frame[8..^16], frame],
        _ => throw new InvalidOperationException($"No one does {attack}."),
    };

    private static byte[][] Held(byte[] frame, ref byte[]? held)
    {
        if (held is null) return [frame];
        byte[][] both = [frame, held];
        held = null;
        return both;
    }

    private static LineFrame Frame(byte[] bytes)
    {
        var frame = new LineFrame(bytes.Length);
        bytes.CopyTo(frame.Memory);
        return frame;
    }
}
