using System.Net;
using System.Net.Sockets;
using CardIssue.TerminalHost.Printing;

namespace CardIssue.Test.Counters;

/// <summary>An ESC/POS printer on a port of its own: answers what it is asked, and keeps what it was sent.</summary>
internal sealed class PaperPrinter : IAsyncDisposable
{
    /// <summary>Answers with their fixed bits (0xx1xx10), and one bit more.</summary>
    public const int Fine = 0x12, CoverOpen = 0x16, StoppedForPaper = 0x32, Error = 0x52, PaperEnd = 0x72;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly MemoryStream _printed = new();
    private readonly Task _serving;

    public PaperPrinter()
    {
        _listener.Start();
        _serving = Task.Run(ServeAsync);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public byte Cause { get; set; } = Fine;

    public byte Roll { get; set; } = Fine;

    public bool IsSilent { get; init; }

    public bool KnowsTurn { get; init; } = true;

    public bool HangsUp { get; init; }

    public bool EndsInReceipt { get; init; }

    /// <summary>Whether it was asked to answer in its turn.</summary>
    public bool Asked { get; private set; }

    /// <summary>All that came, the questions too.</summary>
    public byte[] Printed
    {
        get
        {
            lock (_printed) return _printed.ToArray();
        }
    }

    /// <summary>A printer in order on a serial port, until the cable is pulled.</summary>
    public static byte[] Serve(Stream port)
    {
        using var all = new MemoryStream();
        var buffer = new byte[256];
        try
        {
            while (port.Read(buffer) is > 0 and var length)
            {
                all.Write(buffer, 0, length);
                if (AnswerOf(all.ToArray(), Fine, Fine, knowsTurn: true) is { } answer) port.WriteByte(answer);
            }
        }
        catch (IOException)
        {
            return all.ToArray();
        }
        return all.ToArray();
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _printed.Dispose();
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            using var client = await _listener.AcceptTcpClientAsync();
            try
            {
                await ServeAsync(client.GetStream());
            }
            catch (IOException)
            {
                continue;
            }
        }
    }

    private async Task ServeAsync(NetworkStream stream)
    {
        var buffer = new byte[4_096];
        while (await stream.ReadAsync(buffer) is > 0 and var length)
        {
            lock (_printed) _printed.Write(buffer, 0, length);
            var isReceipt = buffer.AsSpan(0, length).IndexOf("\e@"u8) >= 0;
            if (isReceipt && HangsUp) return;
            if (isReceipt && EndsInReceipt) Cause = StoppedForPaper;
            if (IsSilent) continue;
            if (buffer.AsSpan(0, length).IndexOf(EscPos.AskInTurn) >= 0) Asked = true;
            if (AnswerOf(buffer.AsSpan(0, length), Cause, Roll, KnowsTurn && !EndsInReceipt) is { } answer) stream.WriteByte(answer);
        }
    }

    private static byte? AnswerOf(ReadOnlySpan<byte> came, int cause, int roll, bool knowsTurn) =>
        came.EndsWith(EscPos.AskOfflineCause) ? (byte)cause
        : came.EndsWith(EscPos.AskPaper) ? (byte)roll
        : came.EndsWith(EscPos.AskInTurn) && knowsTurn ? (byte)0 : null;
}
