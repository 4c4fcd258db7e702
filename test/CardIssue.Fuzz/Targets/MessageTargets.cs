using CardIssue.Center.Sessions;
using CardIssue.Core.Cards.SecureChannel.Opening;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Crypto;
using CardIssue.Core;
using CardIssue.Core.Hosting;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Fuzz.Mutation;
using CardIssue.Fuzz.Running;
using CardIssue.Test.Codec;
using CardIssue.Transport.Framing;
using CardIssue.Transport.Serial;

namespace CardIssue.Fuzz.Targets;

/// <summary>What comes over a line, from the bytes up to the messages, and what center and terminal seal for each other.</summary>
internal static class MessageTargets
{
    private static readonly TerminalId Terminal = new("T-1");
    private static readonly ByteString Admission = MessageSamples.Counting(0x20, 32);
    private static readonly OpeningContext Opening = new(new OrderId("A-17"), new CardId(MessageSamples.Counting(1, 10)), 1, 1,
        MessageSamples.Counting(8, 8));
    private static readonly P256PrivateKey CenterKey = P256PrivateKey.Generate();
    private static readonly P256PublicKey ModuleKey = P256PrivateKey.Generate().PublicKey;

    public static IEnumerable<FuzzTarget> All =>
    [
        new ParserTarget("message", new CborMutator(), () => MessageSamples.All.Select(sample => CardTargets.Of(sample.Golden)), Message),
        new ParserTarget("command-frame", new CborMutator(), () => MessageSamples.All.Where(s => s.Message is Command).Select(s =>
            CardTargets.Of(s.Golden)), input => CommandFrame.TryRead(input, out _, out _, out _)),
        new ParserTarget("frames", new ByteMutator(), () => [[0, 0, 1, 7, 0, 0, 0, 0, 0, 2, 8, 9], [0, 1, 0, .. new byte[256]]], Frames,
            new CaseLimits(1024 * 1024, 1_000, TimeSpan.FromSeconds(2))),
        new ParserTarget("authenticated-line", new ChunkMutator(new ByteMutator()), AuthenticatedSeeds, Authenticated,
            new CaseLimits(1024 * 1024, 2_000, TimeSpan.FromSeconds(2))),
        new ParserTarget("link", new ChunkMutator(new ByteMutator()), LinkSeeds, Link, new CaseLimits(1024 * 1024, 1_000,
            TimeSpan.FromSeconds(2))),
        new ParserTarget("hosts-link", new CborMutator(), () => [Half.Write(), new HalfJudged(true, "joined").Write(), HalfReady.Write()], HostsLink),
        new ParserTarget("ticket", new CborMutator(), () => [Sealed()], TicketOf),
        new ParserTarget("sealed-command", new ByteMutator(), () => [new byte[16], new byte[60]], SealedCommandOf),
        new ParserTarget("envelope", new ByteMutator(), () => [IssueCodeEnvelope.Seal(CenterKey.PublicKey, new IssueCodeContext(Admission,
            1, "A-17"), "4711"u8).ToArray()], input =>
        {
            if (IssueCodeEnvelope.TryOpen(CenterKey, new IssueCodeContext(Admission, 1, "A-17"), input, out var code)) code.Dispose();
        }),
        new ParserTarget("reader-list", new CborMutator(), () => [Lists().Body], ReaderListOf),
        new ParserTarget("signed-reader-list", new CborMutator(), () => [Lists().Signed], input => SignedReaderList.TryVerify(input,
            CenterKey.PublicKey, Terminal, out _)),
    ];

    /// <summary>
    /// Whatever can be read can be written, and is the same bytes, but for fields of a later version: the coding is deterministic.
    /// </summary>
    private static void Message(byte[] input)
    {
        if (MessageCodec.Decode(input).Message is not { } message) return;
        var written = MessageCodec.Encode(message);
        // The map's head and what follows it, as far as this version knows its fields.
        var isSame = Growth.IsOpen(message.Type) ? input.AsSpan(1).StartsWith(written.AsSpan(1)) : written.AsSpan().SequenceEqual(input);
        if (!isSame) throw new FindingException($"a {message.Type} is written otherwise than it was read");
    }

    private static readonly HalfAtHost Half =
        new("host-2", "host-2-1", Terminal, new LineNumber(8), new Join(MessageSamples.Counting(1, ProtocolLimits.TokenLength)));

    private static void HostsLink(byte[] input)
    {
        HalfJudged.Read(input);
        HalfReady.Read(input);
        if (HalfAtHost.Read(input) is { } half && !half.Write().AsSpan().SequenceEqual(input))
            throw new FindingException("what a host asks is written otherwise than it was read");
    }

    private static void Frames(byte[] input)
    {
        var reader = new FrameReader(new MemoryStream(input), new LineOptions(), TimeProvider.System, new AlarmClock(TimeProvider.System).Add(() => { }), () => { });
        try
        {
            while (Done(reader.ReadAsync(default)) is { } frame) frame.Dispose();
        }
        catch (LineException)
        {
        }
        reader.Discard();
    }

    private static IEnumerable<byte[]> AuthenticatedSeeds()
    {
        var admitted = MessageCodec.Encode(new Admitted(MessageSamples.Counting(0x80, 64), MessageSamples.Counting(0x20, 32), default));
        yield return ChunkMutator.Join([0], admitted, [.. new byte[7], 1, 1, .. new byte[16]]);
        yield return ChunkMutator.Join([1], MessageCodec.Encode(new Proof(MessageSamples.Counting(0x80, 64), MessageSamples.Counting(0x20, 32))), new byte[25]);
    }

    /// <summary>The first piece says which end; the others come from the peer.</summary>
    private static void Authenticated(byte[] input)
    {
        var chunks = ChunkMutator.Split(input);
        if (chunks.Count == 0) return;
        var inner = new Played(chunks.Skip(1));
        var line = chunks[0] is [1, ..] ? AuthenticatedLine.AtCenter(inner) : AuthenticatedLine.AtTerminal(inner);
        line.Protect(new LineKeys(SecretBytes.Copy(new byte[32]), SecretBytes.Copy(new byte[32])));
        try
        {
            while (Done(line.ReceiveAsync(default)) is { } frame) frame.Dispose();
        }
        catch (LineException)
        {
        }
        Done(line.DisposeAsync());
    }

    private static IEnumerable<byte[]> LinkSeeds()
    {
        // SABME with a link's name, then I frames, RR, REJ, DISC; each piece is what comes in one read.
        byte[] Coded(params byte[] frame)
        {
            var line = new byte[FrameCoding.MostOnLine(frame.Length)];
            return line[..FrameCoding.Encode(frame, line)];
        }
        yield return ChunkMutator.Join(
            [1], Coded([0x01, 0x7F, 1, 2, 3, 4, 5, 6, 7, 8]), Coded([0x01, 0x00, 0x00, 0xAA]), Coded([0x01, 0x02, 0x01, 0xBB]),
                Coded([0x01, 0x09, 0x00]), Coded([0x01, 0x05, 0x00]), Coded([0x01, 0x53]));
        yield return ChunkMutator.Join([0], Coded([0x03, 0x73, 1, 2, 3, 4, 5, 6, 7, 8]), Coded([0x01, 0x01, 0x01]), Coded([0x01, 0x97, 1,
            2, 3]));
    }

    /// <summary>The first piece says which end of a serial link; the others come on the line, a second apart; what the link sends is taken
    /// and thrown away.</summary>
    private static void Link(byte[] input)
    {
        var chunks = ChunkMutator.Split(input);
        if (chunks.Count == 0) return;
        var options = new SerialLineOptions();
        var calls = chunks[0] is [0, ..];
        var machine = new LinkMachine(calls ? LinkRole.Calling : LinkRole.Answering, options, [1, 2, 3, 4, 5, 6, 7, 8]);
        if (calls) machine.Open();
        var decoder = new FrameDecoder();
        var now = TimeSpan.Zero;
        var sent = new byte[LinkMachine.MostInFrame(options)];
        var read = new byte[4_096];
        foreach (var chunk in chunks.Skip(1))
        {
            now += TimeSpan.FromSeconds(1);
            ReadOnlySpan<byte> bytes = chunk;
            while (decoder.TryNext(ref bytes, out var frame)) machine.Receive(frame, now);
            machine.Write(chunk);
            if (machine.Due <= now) machine.OnTime(now);
            for (var frames = 0; machine.TryTake(now, sent, out _); frames++)
                if (frames > LinkFrame.Modulus) throw new FindingException("the link sends frames without end");
            machine.Read(read, now);
        }
    }

    private static byte[] Sealed()
    {
        using var key = Key();
        using var session = ChannelOpening.FromSessionKeys(ChannelSessionKeys.Import([3,
            0, 0x33, 0, 16, 8, .. new byte[56]]));
        return Ticket.Seal(key, Opening, 5, session).ToArray();
    }

    private static OpeningKey Key()
    {
        using var transport = TerminalTransportKey.AtCenter(CenterKey, new TerminalIdentity(Terminal, ModuleKey, ModuleKey, 1, default));
        using var admission = AdmissionKey.Derive(transport, Admission);
        return OpeningKey.Derive(admission, Opening);
    }

    private static void TicketOf(byte[] input)
    {
        if (!Ticket.TryRead(input, out var ticket)) return;
        using var key = Key();
        if (ticket.TryOpen(key, 5, out var keys)) keys.Dispose();
    }

    private static void SealedCommandOf(byte[] input)
    {
        using var key = Key();
        var script = new Script(ScriptKind.Record, 1, 1, 1, 5, 3, false, true, default);
        SealedCommand.TryOpen(key, new CommandContext(script, 1), input, new byte[300], out _);
    }

    /// <summary>The list itself, signed over after it was changed: a center's own fault must not end a terminal either.</summary>
    private static void ReaderListOf(byte[] input)
    {
        var cbor = new System.Formats.Cbor.CborWriter(System.Formats.Cbor.CborConformanceMode.Ctap2Canonical);
        cbor.WriteStartArray(2);
        cbor.WriteByteString(input);
        cbor.WriteByteString(CenterKey.Sign(SignedReaderList.Signed(input)));
        cbor.WriteEndArray();
        if (SignedReaderList.TryVerify(cbor.Encode(), CenterKey.PublicKey, Terminal, out var list))
            list.Judge(new Core.Primitives.ReaderIdentity("pcsc", "x", "v", "m", "s", "f", "p"));
    }

    private static (byte[] Body, byte[] Signed) Lists()
    {
        var list = new ReaderList(Terminal, 1, DateTimeOffset.UnixEpoch, [new ReaderEntry("pcsc", "Gem", "Twin", "S1", "1.0", ["usb-*"]),
            new ReaderEntry(LetInWithoutIdentity: true, Key: CenterKey.PublicKey)]);
        return (SignedReaderList.WriteBody(list), SignedReaderList.Sign(list, CenterKey).ToArray());
    }

    /// <summary>Everything here is there at once: nothing is waited for.</summary>
    private static T Done<T>(ValueTask<T> task) => task.IsCompleted ? task.GetAwaiter().GetResult()
        : throw new FindingException("it waits for something");

    private static void Done(ValueTask task)
    {
        if (!task.IsCompleted) throw new FindingException("it waits for something");
        task.GetAwaiter().GetResult();
    }

    /// <summary>A line whose peer has said everything.</summary>
    private sealed class Played(IEnumerable<byte[]> frames) : ILine
    {
        private readonly Queue<byte[]> _frames = new(frames);

        public LinePeer Peer { get; } = new(new LineNumber(1), null, default, default);

        public ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellation) => ValueTask.CompletedTask;

        public ValueTask<LineFrame?> ReceiveAsync(CancellationToken cancellation)
        {
            if (!_frames.TryDequeue(out var bytes)) return ValueTask.FromResult<LineFrame?>(null);
            var frame = new LineFrame(bytes.Length);
            bytes.CopyTo(frame.Memory);
            return ValueTask.FromResult<LineFrame?>(frame);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
