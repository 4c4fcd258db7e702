using System.Net.Sockets;
using CardIssue.Testing.Cards.Net;

namespace CardIssue.Test.Readers.PcSc;

/// <summary>A card in a vpcd slot that does what a test wants: answers, answers nothing, never answers. Disposing it pulls it.</summary>
internal sealed class VpcdCard : IAsyncDisposable
{
    /// <summary>An ATR of a T=1 card, and of a T=0 card.</summary>
    public static readonly byte[] AtrT1 = Convert.FromHexString("3BD518FF8191FE1FC38073C8210013"), AtrT0 = Convert.FromHexString("3B6500FF8073C82100");

    private readonly VpcdSocket _socket;
    private readonly Func<byte[], byte[]?> _answer;
    private readonly byte[] _atr;
    private readonly Task _running;
    private readonly TaskCompletionSource _commandCame = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _powerOns, _powerOffs;

    private VpcdCard(VpcdSocket socket, Func<byte[], byte[]?> answer, byte[] atr)
    {
        (_socket, _answer, _atr) = (socket, answer, atr);
        _running = RunAsync();
    }

    /// <summary>Puts one in.</summary>
    /// <param name="port">The slot's.</param>
    /// <param name="answer">Command to response; null to never answer. By default 9000.</param>
    /// <param name="atr">By default <see cref="AtrT1"/>.</param>
    public static async Task<VpcdCard> InsertAsync(int port, Func<byte[], byte[]?>? answer = null, byte[]? atr = null)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await socket.ConnectAsync("127.0.0.1", port, limit.Token);
        return new VpcdCard(new VpcdSocket(socket), answer ?? (_ => [0x90, 0x00]), atr ?? AtrT1);
    }

    /// <summary>Completes when the first command has come.</summary>
    public Task CommandCame => _commandCame.Task;

    public int PowerOns => Volatile.Read(ref _powerOns);

    public int PowerOffs => Volatile.Read(ref _powerOffs);

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RunAsync()
    {
        while (await _socket.ReadAsync(CancellationToken.None) is { } message)
        {
            var answer = message.Length == 1 ? Control(message[0]) : Command(message);
            if (answer is not null) await _socket.WriteAsync(answer, CancellationToken.None);
        }
    }

    private byte[]? Control(byte code)
    {
        switch (code)
        {
            case 0x00:
                Interlocked.Increment(ref _powerOffs);
                return null;
            case 0x01 or 0x02:
                Interlocked.Increment(ref _powerOns);
                return null;
            default:
                return _atr;
        }
    }

    private byte[]? Command(byte[] command)
    {
        _commandCame.TrySetResult();
        return _answer(command);
    }
}
