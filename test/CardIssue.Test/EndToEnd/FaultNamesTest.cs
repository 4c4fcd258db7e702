using CardIssue.Center.Storage;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Relay;

namespace CardIssue.Test.EndToEnd;

/// <summary>What goes wrong between admitted ends has a name in the center's log, with what was expected and what came.</summary>
[TestFixture, Parallelizable]
public sealed class FaultNamesTest
{
    [Test]
    public async Task RepeatedMessage_IsIgnoredByName()
    {
        await using var shop = await OpenAsync(message => message is CardPresent ? [message, message] : [message]);
        await ThatIsIssuedAsync(shop);
        await ThatIsLoggedAsync(shop, "Ignored", "a double", "came CardPresent 1");
    }

    [Test]
    public async Task ResultOfNoScript_EndsTheSessionByName_AndTheOrderGoesOn()
    {
        var struck = false;
        await using var shop = await OpenAsync(message =>
        {
            if (struck || message is not Result { First: > 0 } result) return [message];
            struck = true;
            return [result with { First = result.First + 50 }];
        });
        await ThatIsIssuedAsync(shop);
        await ThatIsLoggedAsync(shop, "Rejected", "a result that fits no script", "expected credit or the result of Authenticate 0",
            "came a result to ");
    }

    [Test]
    public async Task WrongMac_IsNamedInTheJudgement()
    {
        var (records, struck) = (0, false);
        await using var shop = await OpenAsync(message =>
        {
            // Open, authenticate, number; then the first record.
            if (message is not Result result || struck || ++records < 4) return [message];
            struck = true;
            var bytes = result.Responses[0].ToArray();
            bytes[0] ^= 1;
            return [result with { Responses = [ByteString.Own(bytes), .. result.Responses.Skip(1)] }];
        });
        await ThatIsIssuedAsync(shop);
        await ThatIsLoggedAsync(shop, "Judged", "the channel is broken at response 1: ");
    }

    private static async Task ThatIsIssuedAsync(Shop shop)
    {
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        var outcome = await shop.IssueAsync("o-1");
        Assert.That((outcome.Ending, outcome.Detail), Is.EqualTo((IssueEnding.Issued, "")));
    }

    private static async Task ThatIsLoggedAsync(Shop shop, string kind, params string[] parts)
    {
        var rows = (await shop.Log.ReadAsync(new LogQuery())).Where(row => row.Entry.Kind == kind).Select(row => row.Entry.Detail).ToList();
        Assert.That(rows, Has.Some.Matches<string>(detail => parts.All(part => detail!.Contains(part, StringComparison.Ordinal))),
            string.Join('\n', rows));
    }

    private static async Task<Shop> OpenAsync(Func<Message, Message[]> alter)
    {
        // As with TLS, so that messages are seen here.
        var shop = await Shop.OpenAsync(line: ShopLine.Loopback(7, withTls: true));
        shop.Wrap = line => new AlteringLine(line, alter);
        await shop.RestartTerminalAsync();
        return shop;
    }

    /// <summary>What the terminal says is altered on its way.</summary>
    private sealed class AlteringLine(ILine inner, Func<Message, Message[]> alter) : ILine
    {
        public LinePeer Peer => inner.Peer;

        public async ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellation)
        {
            var decoded = MessageCodec.Decode(frame);
            foreach (var message in alter(decoded.Message!)) await inner.SendAsync(MessageCodec.Encode(message), cancellation);
        }

        public ValueTask<LineFrame?> ReceiveAsync(CancellationToken cancellation) => inner.ReceiveAsync(cancellation);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
