using System.Text.Json;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Pipeline;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Protocol.Vectors;

/// <summary>What T=0 leaves to a terminal, as the document's vectors have it: our own relay's pipeline keeps to them as other terminals do.</summary>
public sealed class T0VectorsTest
{
    private static IEnumerable<TestCaseData> Steps()
    {
        var path = Path.Combine(Repository.Root, "CardIssue.Core", "protocol-vectors", "t0.json");
        foreach (var step in JsonDocument.Parse(File.ReadAllText(path)).RootElement.GetProperty("steps").EnumerateArray())
            yield return new TestCaseData(step).SetArgDisplayNames(step.GetProperty("what").GetString()!);
    }

    [TestCaseSource(nameof(Steps))]
    public async Task Exchange_IsThatOfTheVector(JsonElement step)
    {
        await using var card = new Card(step);
        await using var connection = new GetResponseConnection(card);
        var response = new byte[ResponseApdu.MaxLength];

        var length = await connection.TransmitAsync(Convert.FromHexString(step.GetProperty("command").GetString()!), response, CancellationToken.None);

        Assert.That(Convert.ToHexString(response.AsSpan(0, length)), Is.EqualTo(step.GetProperty("reported").GetString()));
        Assert.That(card.IsDone, Is.True);
    }

    private sealed class Card(JsonElement step) : ICardConnection
    {
        private readonly Queue<JsonElement> _exchanges = new(step.GetProperty("card").EnumerateArray());

        public bool IsDone => _exchanges.Count == 0;

        public TransmissionProtocol Protocol => step.GetProperty("protocol").GetString() is "T=0" ? TransmissionProtocol.T0 : TransmissionProtocol.T1;

        public ByteString Atr => ByteString.FromHex("3B00");

        public ValueTask<int> TransmitAsync(ReadOnlyMemory<byte> command, Memory<byte> response, CancellationToken cancellation)
        {
            var exchange = _exchanges.Dequeue();
            Assert.That(Convert.ToHexString(command.Span), Is.EqualTo(exchange[0].GetString()));
            var says = Convert.FromHexString(exchange[1].GetString()!);
            says.CopyTo(response);
            return ValueTask.FromResult(says.Length);
        }

        public ValueTask<ByteString> ResetAsync(CancellationToken cancellation) => ValueTask.FromResult(Atr);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
