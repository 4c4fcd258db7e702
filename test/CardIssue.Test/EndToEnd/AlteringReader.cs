using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.EndToEnd;

/// <summary>A reader through which cards say other things than they would: what a strange card, or somebody at the reader, says.</summary>
internal sealed class AlteringReader(ICardReader inner) : ICardReader
{
    /// <summary>Makes the answer that is heard out of a command and the answer to it; null leaves all answers as they are.</summary>
    public Func<byte[], byte[], byte[]>? Alter { get; set; }

    /// <summary>What is answered to a command that never reaches the card; null for one that does.</summary>
    public Func<byte[], byte[]?>? Swallow { get; set; }

    public ValueTask<ReaderIdentity> IdentifyAsync(CancellationToken cancellation) => inner.IdentifyAsync(cancellation);

    public ValueTask<ByteString> WaitForCardAsync(CancellationToken cancellation) => inner.WaitForCardAsync(cancellation);

    public ValueTask WaitForRemovalAsync(CancellationToken cancellation) => inner.WaitForRemovalAsync(cancellation);

    public async ValueTask<ICardConnection> ConnectAsync(CancellationToken cancellation) => new Connection(this, await inner.ConnectAsync(cancellation));

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private sealed class Connection(AlteringReader reader, ICardConnection connection) : ICardConnection
    {
        public ByteString Atr => connection.Atr;

        public TransmissionProtocol Protocol => connection.Protocol;

        public async ValueTask<int> TransmitAsync(ReadOnlyMemory<byte> command, Memory<byte> response, CancellationToken cancellation)
        {
            if (reader.Swallow?.Invoke(command.ToArray()) is { } own)
            {
                own.CopyTo(response);
                return own.Length;
            }
            var length = await connection.TransmitAsync(command, response, cancellation);
            if (reader.Alter is not { } alter) return length;
            var altered = alter(command.ToArray(), response[..length].ToArray());
            altered.CopyTo(response);
            return altered.Length;
        }

        public ValueTask<ByteString> ResetAsync(CancellationToken cancellation) => connection.ResetAsync(cancellation);

        public ValueTask DisposeAsync() => connection.DisposeAsync();
    }
}
