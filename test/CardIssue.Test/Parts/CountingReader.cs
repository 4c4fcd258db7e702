using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Parts;

/// <summary>Counts what goes to a card and comes from it.</summary>
internal sealed class CountingReader(ICardReader inner) : ICardReader
{
    public long Bytes { get; private set; }

    public int Apdus { get; private set; }

    public ValueTask<ReaderIdentity> IdentifyAsync(CancellationToken cancellation) => inner.IdentifyAsync(cancellation);

    public void Reset() => (Bytes, Apdus) = (0, 0);

    public ValueTask<ByteString> WaitForCardAsync(CancellationToken cancellation) => inner.WaitForCardAsync(cancellation);

    public ValueTask WaitForRemovalAsync(CancellationToken cancellation) => inner.WaitForRemovalAsync(cancellation);

    public async ValueTask<ICardConnection> ConnectAsync(CancellationToken cancellation) => new Connection(await inner.ConnectAsync(cancellation), this);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private sealed class Connection(ICardConnection inner, CountingReader counts) : ICardConnection
    {
        public ByteString Atr => inner.Atr;

        public TransmissionProtocol Protocol => inner.Protocol;

        public async ValueTask<int> TransmitAsync(ReadOnlyMemory<byte> command, Memory<byte> response, CancellationToken cancellation)
        {
            var length = await inner.TransmitAsync(command, response, cancellation);
            counts.Bytes += command.Length + length;
            counts.Apdus++;
            return length;
        }

        public ValueTask<ByteString> ResetAsync(CancellationToken cancellation) => inner.ResetAsync(cancellation);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
