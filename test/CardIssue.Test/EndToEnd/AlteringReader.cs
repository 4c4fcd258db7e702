using CardIssue.Core;
using CardIssue.Core.Cards;

namespace CardIssue.Test.EndToEnd;

/// <summary>A terminal that alters what a card says: it gets each command that is not wrapped, and the card's answer, and gives what the center is to hear; null for the answer as it is.</summary>
internal sealed class AlteringReader(ICardReader inner, Func<byte[], byte[], byte[]?> alter) : ICardReader
{
    private const byte SecureMessaging = 0x04;

    public ValueTask<ReaderIdentity> IdentifyAsync(CancellationToken cancellation) => inner.IdentifyAsync(cancellation);

    public ValueTask<ByteString> WaitForCardAsync(CancellationToken cancellation) => inner.WaitForCardAsync(cancellation);

    public ValueTask WaitForRemovalAsync(CancellationToken cancellation) => inner.WaitForRemovalAsync(cancellation);

    public async ValueTask<ICardConnection> ConnectAsync(CancellationToken cancellation) => new Altering(await inner.ConnectAsync(cancellation), alter);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    /// <summary>Alters the answers to GET DATA of one tag.</summary>
    public static Func<byte[], byte[], byte[]?> GetData(ushort tag, Func<byte[], byte[]> alter) =>
        (command, answer) => command is [_, 0xCA, var p1, var p2, ..] && (p1 << 8 | p2) == tag ? alter(answer) : null;

    private sealed class Altering(ICardConnection connection, Func<byte[], byte[], byte[]?> alter) : ICardConnection
    {
        public ByteString Atr => connection.Atr;

        public async ValueTask<int> TransmitAsync(ReadOnlyMemory<byte> command, Memory<byte> response, CancellationToken cancellation)
        {
            var length = await connection.TransmitAsync(command, response, cancellation);
            if ((command.Span[0] & SecureMessaging) != 0 || alter(command.ToArray(), response[..length].ToArray()) is not { } altered) return length;
            altered.CopyTo(response);
            return altered.Length;
        }

        public ValueTask<ByteString> ResetAsync(CancellationToken cancellation) => connection.ResetAsync(cancellation);

        public ValueTask DisposeAsync() => connection.DisposeAsync();
    }
}
