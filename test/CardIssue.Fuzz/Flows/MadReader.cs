using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;

namespace CardIssue.Fuzz.Flows;

/// <summary>A good reader with a card in it that answers what it likes, ATR and all.</summary>
internal sealed class MadReader(ICardReader inner) : ICardReader
{
    /// <summary>What is done to its answers; the first strike down is at the ATR where its place is 0.</summary>
    public IReadOnlyList<Strike> Strikes { get; set; } = [];

    public ValueTask<ReaderIdentity> IdentifyAsync(CancellationToken cancellation) => inner.IdentifyAsync(cancellation);

    public async ValueTask<ByteString> WaitForCardAsync(CancellationToken cancellation) =>
        Atr(await inner.WaitForCardAsync(cancellation).ConfigureAwait(false));

    public ValueTask WaitForRemovalAsync(CancellationToken cancellation) => inner.WaitForRemovalAsync(cancellation);

    public async ValueTask<ICardConnection> ConnectAsync(CancellationToken cancellation) => new Connection(this,
        await inner.ConnectAsync(cancellation).ConfigureAwait(false));

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private ByteString Atr(ByteString atr)
    {
        var strike = Strikes.FirstOrDefault(s => !s.Up && s.At == 0);
        return strike is null ? atr : ByteString.Own(strike.Do(atr.ToArray()).FirstOrDefault([]));
    }

    private sealed class Connection(MadReader reader, ICardConnection inner) : ICardConnection
    {
        private int _answers;

        public ByteString Atr => reader.Atr(inner.Atr);

        public TransmissionProtocol Protocol => inner.Protocol;

        public async ValueTask<int> TransmitAsync(ReadOnlyMemory<byte> command, Memory<byte> response, CancellationToken cancellation)
        {
            var length = await inner.TransmitAsync(command, response, cancellation).ConfigureAwait(false);
            var at = _answers++;
            foreach (var strike in reader.Strikes)
            {
                if (!strike.Up || strike.At != at) continue;
                var answer = strike.Do(response.Span[..length].ToArray()).FirstOrDefault([]);
                // 61xx that has no end, and an answer of a megabyte, are put in as they are as far as there is room.
                length = Math.Min(answer.Length, response.Length);
                answer.AsSpan(0, length).CopyTo(response.Span);
            }
            return length;
        }

        public async ValueTask<ByteString> ResetAsync(CancellationToken cancellation) =>
            reader.Atr(await inner.ResetAsync(cancellation).ConfigureAwait(false));

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
