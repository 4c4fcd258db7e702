using CardIssue.Test.Parts;
using CardIssue.Transport.Serial;

namespace CardIssue.Test.Transport.Serial;

/// <summary>Two link machines with a cable of their speed between them, in a time of its own: hours pass in a moment, and a seed says all that happens.</summary>
internal sealed class SimulatedLink
{
    private static readonly TimeSpan MostDelay = TimeSpan.FromMilliseconds(200);

    public SimulatedLink(SerialLineOptions options, LineNoise? towardAnswering = null, LineNoise? towardCalling = null)
    {
        options = SerialLineOptions.Checked(options);
        Calling = new End(LinkRole.Calling, options, towardAnswering);
        Answering = new End(LinkRole.Answering, options, towardCalling);
        Calling.Machine.Open();
    }

    public End Calling { get; }
    public End Answering { get; }
    public TimeSpan Now { get; private set; }

    /// <summary>Goes on until something holds; false when nothing more happens, or not within <paramref name="limit"/>.</summary>
    public bool RunUntil(Func<bool> holds, TimeSpan limit)
    {
        var end = Now + limit;
        while (!holds())
        {
            Calling.Do(Now, Answering);
            Answering.Do(Now, Calling);
            if (holds()) return true;
            var next = Earlier(Calling.NextEvent(Now), Answering.NextEvent(Now));
            if (next is null || next > end) return false;
            Now = next.Value;
        }
        return true;
    }

    private static TimeSpan? Earlier(TimeSpan? a, TimeSpan? b) => a is null || b < a ? b ?? a : a;

    /// <summary>One end: its machine, what its user writes and reads, and the bytes on their way to it.</summary>
    internal sealed class End(LinkRole role, SerialLineOptions options, LineNoise? noise)
    {
        private readonly FrameDecoder _decoder = new();
        private readonly Queue<(TimeSpan At, byte[] Bytes)> _incoming = new();
        private readonly byte[] _frame = new byte[LinkMachine.MostInFrame(options)];
        private readonly byte[] _line = new byte[FrameCoding.MostOnLine(LinkMachine.MostInFrame(options))];
        private TimeSpan _lineFree;
        private TimeSpan _lastArrival;

        public LinkMachine Machine { get; } = new(role, options, role == LinkRole.Calling ? "linkname"u8 : default);
        public byte[] ToWrite { get; set; } = [];
        public int Written { get; private set; }
        public List<byte> Read { get; } = [];
        public long BytesOnLine { get; private set; }
        public long FramesOnLine { get; private set; }
        public bool Reads { get; set; } = true;
        public bool IsCut { get; set; }

        public void Do(TimeSpan now, End peer)
        {
            while (_incoming.TryPeek(out var next) && next.At <= now)
            {
                ReadOnlySpan<byte> bytes = _incoming.Dequeue().Bytes;
                while (_decoder.TryNext(ref bytes, out var frame)) Machine.Receive(frame, now);
            }
            var some = new byte[1024];
            while (Reads && Machine.Read(some, now) is var count and > 0) Read.AddRange(some.AsSpan(0, count));
            Written += Machine.Write(ToWrite.AsSpan(Written));
            Machine.OnTime(now);
            if (_lineFree > now || !Machine.TryTake(now, _frame, out var length)) return;
            Send(_line.AsSpan(0, FrameCoding.Encode(_frame.AsSpan(0, length), _line)), now, peer);
        }

        public TimeSpan? NextEvent(TimeSpan now)
        {
            TimeSpan? next = Machine.Due;
            if (_lineFree > now) next = Earlier(next < _lineFree ? _lineFree : next, _lineFree);
            if (_incoming.TryPeek(out var first)) next = Earlier(next, first.At);
            return next < now ? now : next;
        }

        private void Send(ReadOnlySpan<byte> line, TimeSpan now, End peer)
        {
            _lineFree = now + line.Length * options.CharacterTime;
            BytesOnLine += line.Length;
            FramesOnLine++;
            if (IsCut) return;
            var (bytes, delays) = noise?.Spoil(line) ?? (line.ToArray(), 0);
            var at = _lineFree;
            for (; delays > 0; delays--) at += noise!.Delay(MostDelay);
            _lastArrival = at > _lastArrival ? at : _lastArrival;
            peer._incoming.Enqueue((_lastArrival, bytes));
        }
    }
}
