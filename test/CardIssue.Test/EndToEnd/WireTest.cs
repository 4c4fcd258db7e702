using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Products.Json;
using CardIssue.Transport.Framing;

namespace CardIssue.Test.EndToEnd;

/// <summary>What a card costs on the line before TLS: its messages, with the headers of their frames.</summary>
[Parallelizable]
public sealed class WireTest
{
    /// <summary>Bytes for each APDU, of the messages that carry it and its answer, that are not theirs, nor a seal's.</summary>
    private const int Most = 16;

    [TestCase("endToEnd")]
    [TestCase("module")]
    public async Task SampleCard_AnApduIsCarriedForAtMost16BytesBeyondIt(string mode)
    {
        var text = mode == "module" ? Samples.Module : Samples.EndToEnd;
        await using var shop = await Shop.OpenAsync(line: ShopLine.Loopback(7, withTls: true));
        var wire = new Wire();
        shop.Wrap = inner => new ReadLine(inner, wire);
        await shop.RestartTerminalAsync();
        // The shop's vault has the master key of samples/orders under another name.
        await shop.OrderAsync("o-1", Samples.Change(text, "\"issuer-test\"", "\"visa\""), Samples.ReadOrders(Samples.Orders).Orders![0].Fields);
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));

        var costs = wire.Costs();
        foreach (var cost in costs) TestContext.Out.WriteLine(cost);
        var (commands, results) = (Of(RelayMessageType.Command), Of(RelayMessageType.Result));
        Assert.That((commands.Beyond + results.Beyond) / (double)commands.Count, Is.LessThanOrEqualTo(Most));

        Cost Of(RelayMessageType type) => costs.Single(cost => cost.Type == type);
    }

    /// <summary>Each write is a record of TLS and a call to the system.</summary>
    [Test]
    public async Task SampleCard_EachScriptsCommandsLeaveTheCenterInOneWrite()
    {
        var line = ShopLine.Loopback(7, withTls: true);
        var listener = new NotingListener(line.Listener);
        await using var shop = await Shop.OpenAsync(line: line with { Served = line.Served with { Listener = listener } });
        await shop.OrderAsync("o-1", Samples.Change(Samples.EndToEnd, "\"issuer-test\"", "\"visa\""), Samples.ReadOrders(Samples.Orders).Orders![0].Fields);
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));

        var writes = listener.Writes();
        foreach (var write in writes) TestContext.Out.WriteLine(string.Join(' ', write));
        Assert.That(writes.Count(write => write.Contains(RelayMessageType.Command)), Is.EqualTo(writes.Count(write => write.Contains(RelayMessageType.Script))));
    }

    /// <summary>Notes what leaves the center together.</summary>
    private sealed class NotingListener(ILineListener inner) : ILineListener
    {
        private readonly List<RelayMessageType[]> _writes = [];

        public LineNumber Line => inner.Line;

        public IReadOnlyList<RelayMessageType[]> Writes()
        {
            lock (_writes) return [.. _writes];
        }

        public async ValueTask<ILine> AcceptAsync(CancellationToken cancellation) => new NotingLine(await inner.AcceptAsync(cancellation), Note);

        public ValueTask DisposeAsync() => inner.DisposeAsync();

        private void Note(IEnumerable<ReadOnlyMemory<byte>> frames)
        {
            lock (_writes) _writes.Add([.. frames.Select(frame => MessageCodec.Decode(frame).Message!.Type)]);
        }
    }

    private sealed class NotingLine(ILine inner, Action<IEnumerable<ReadOnlyMemory<byte>>> note) : IFrameGroups
    {
        public LinePeer Peer => inner.Peer;

        public ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellation)
        {
            note([frame]);
            return inner.SendAsync(frame, cancellation);
        }

        ValueTask IFrameGroups.SendAllAsync(IReadOnlyList<ReadOnlyMemory<byte>> frames, CancellationToken cancellation)
        {
            note(frames);
            return inner.SendAllAsync(frames, cancellation);
        }

        public ValueTask<LineFrame?> ReceiveAsync(CancellationToken cancellation) => inner.ReceiveAsync(cancellation);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    /// <summary>What the messages of a type came to.</summary>
    /// <param name="Type">The type.</param>
    /// <param name="Count">How many.</param>
    /// <param name="Beyond">Their bytes, with their frames' headers, without APDUs and seals.</param>
    private sealed record Cost(RelayMessageType Type, int Count, int Beyond);

    /// <summary>What went over the line, both ways.</summary>
    private sealed class Wire
    {
        private readonly List<Cost> _messages = [];

        public IReadOnlyList<Cost> Costs()
        {
            lock (_messages)
                return [.. _messages.GroupBy(one => one.Type).Select(same => new Cost(same.Key, same.Count(), same.Sum(one => one.Beyond)))];
        }

        public void Add(ReadOnlyMemory<byte> frame)
        {
            var message = MessageCodec.Decode(frame).Message!;
            lock (_messages)
            {
                var carried = message switch
                {
                    Command command => command.Payload.Length,
                    Result result => result.Responses.Sum(response => response.Length),
                    _ => 0,
                };
                _messages.Add(new Cost(message.Type, 1, FrameHeader.Size + frame.Length - carried));
            }
        }
    }

    private sealed class ReadLine(ILine inner, Wire wire) : ILine
    {
        public LinePeer Peer => inner.Peer;

        public ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellation)
        {
            wire.Add(frame);
            return inner.SendAsync(frame, cancellation);
        }

        public async ValueTask<LineFrame?> ReceiveAsync(CancellationToken cancellation)
        {
            var frame = await inner.ReceiveAsync(cancellation);
            if (frame is not null) wire.Add(frame.Memory);
            return frame;
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
