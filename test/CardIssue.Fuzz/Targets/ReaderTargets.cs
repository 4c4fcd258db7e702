using System.Net;
using System.Net.Sockets;
using CardIssue.Core.Cards;
using CardIssue.Fuzz.Mutation;
using CardIssue.Fuzz.Running;
using CardIssue.Reader.Serial.Card;
using CardIssue.Reader.Serial.Ccid;
using CardIssue.Reader.Serial.Framing;
using CardIssue.Reader.Serial.T1;
using CardIssue.Reader.Tcp;

namespace CardIssue.Fuzz.Targets;

/// <summary>What readers say, and cards through them.</summary>
internal static class ReaderTargets
{
    public static IEnumerable<FuzzTarget> All =>
    [
        new ParserTarget("atr", new ByteMutator(), CardTargets.Hex("3B00", "3B65000001020304 05", "3BD518FF8191FE1FC38073C8211309",
            "3F6525000000000000", "3B80800101", "3BF01300FF919131FE1F82"), input =>
        {
            if (!AtrParser.TryParse(input, out var atr, out _)) return;
            _ = (atr.DefaultProtocol, CardTiming.FastestBoth(atr.Ta1 ?? Atr.DefaultSpeed), CardTiming.T0Wait(atr.Ta1 ?? Atr.DefaultSpeed,
                atr.WaitingInteger, atr.GuardTime));
            CardTiming.T1Wait(atr.Ta1 ?? Atr.DefaultSpeed, atr.T1, atr.GuardTime);
        }),
        new ParserTarget("pps", new ByteMutator(), CardTargets.Hex("FF1011FE", "FF01FE", "FF00FF"), input => Pps.Judge([0xFF, 0x11, 0x94,
            0x7A], input)),
        new ParserTarget("t1-block", new ByteMutator(), CardTargets.Hex("00000290009 2", "0080 0080", "00E101 FE1E", "00C00101C0"),
            T1Blocks),
        new ParserTarget("t1", new ChunkMutator(new ByteMutator()), () => [T1Seed([0xE1, 0xFE], [0x00, 0x90, 0x00]), T1Seed([0xE1, 0xFE],
            [0xC3, 0x0A], [0x20, 0x01, 0x02], [0x40, 0x90, 0x00]), T1Seed([0x82], [0xE0], [0x00, 0x90, 0x00])], T1),
        new ParserTarget("reader-frames", new ByteMutator(), () => [[0x50, 0x03, .. Framed([0x81, 0, 0, 0, 0, 0, 0x2A, 0x02, 0, 0]), 0x80,
            0x03, 0x15, 0x16], Framed([0x80, 4, 0, 0, 0, 0, 0x2A, 0, 0, 0, 1, 2, 0x90, 0])], ReaderFrames),
        new ParserTarget("vpcd-wire", new ByteMutator(), () => [[0, 2, 0x90, 0x00, 0, 4, 1, 2, 0x6A, 0x82], [0, 0], [0xFF, 0xFF, 1]],
            TcpMessages, CaseLimits.File),
    ];

    private static byte[] Framed(byte[] message)
    {
        var frame = new byte[message.Length + SerialFrame.Overhead];
        SerialFrame.Write(message, frame);
        return frame;
    }

    private static void T1Blocks(byte[] input)
    {
        T1Block.Check(input, usesCrc: false);
        T1Block.Check(input, usesCrc: true);
    }

    /// <summary>Each piece is a PCB and an information field; it gets a right prologue and check.</summary>
    private static byte[] T1Seed(params byte[][] blocks) => ChunkMutator.Join([.. blocks]);

    /// <summary>Pieces are a card's blocks, PCB first; an empty one is silence, and one that begins with FF goes as it is, without prologue
    /// and check.</summary>
    private static void T1(byte[] input)
    {
        using var machine = new T1Machine(new T1Parameters(Ifsc: 20));
        var response = new byte[300];
        var step = machine.Begin(new byte[30], response);
        var block = new byte[T1Block.MaxLength];
        foreach (var piece in ChunkMutator.Split(input))
        {
            if (step.IsOver)
            {
                if (step.Response > response.Length) throw new FindingException("the response is longer than there is room for");
                step = machine.Begin(new byte[30], response);
            }
            if (piece.Length == 0) step = machine.OnNothing(wasParity: false);
            else if (piece[0] == 0xFF) step = machine.On(piece.AsSpan(1));
            else step = machine.On(block.AsSpan(0, T1Block.Write(piece[0], piece.AsSpan(1, Math.Min(piece.Length - 1,
                T1Block.MaxInformation)), usesCrc: false, block)));
        }
    }

    private static void ReaderFrames(byte[] input)
    {
        var decoder = new FrameDecoder();
        var exchange = new CcidExchange(new CcidCommand(CcidCommandType.TransferBlock, new byte[5]), 0x2A, null, isRepeatable: true);
        var isOver = false;
        foreach (var b in input)
        {
            if (decoder.On(b) is { } happened) On(happened);
        }
        if (decoder.OnSilence() is { } last) On(last);

        void On(FrameEvent happened)
        {
            if (happened.Message is { } message) _ = new CcidAnswer(message).ToString();
            if (isOver) return;
            isOver = exchange.On(happened) is ExchangeAction.Done or ExchangeAction.Dead or ExchangeAction.Noisy or ExchangeAction.Endless;
            if (exchange.OnSilence() is ExchangeAction.Dead or ExchangeAction.Noisy) isOver = true;
        }
    }

    /// <summary>The bytes come from a reader on a real socket, which then closes.</summary>
    private static void TcpMessages(byte[] input)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var connecting = TcpWire.ConnectAsync("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port, default);
        using var peer = listener.AcceptSocket();
        using var wire = connecting.GetAwaiter().GetResult();
        var sending = Task.Run(() =>
        {
            peer.Send(input.AsSpan(0, Math.Min(input.Length, 4_096)));
            peer.Shutdown(SocketShutdown.Send);
        });
        var buffer = new byte[ResponseApdu.MaxLength];
        try
        {
            while (true) wire.ReceiveAsync(buffer, default).GetAwaiter().GetResult();
        }
        catch (CardException)
        {
        }
        sending.GetAwaiter().GetResult();
    }
}
