using System.Text.Json;
using CardIssue.Core.Cards.SecureChannel.Opening;
using CardIssue.Core.Cards.SecureChannel.Scp03;
using CardIssue.Core;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;
using CardIssue.Test.Cards.Vectors;

namespace CardIssue.Test.Cards.SecureChannel;

/// <summary>Sessions of a real NXP P71 with GlobalPlatformPro, replayed.</summary>
public class P71TraceTest
{
    private static readonly ByteString Key = ByteString.FromHex("404142434445464748494A4B4C4D4E4F");

    private static IEnumerable<TestCaseData> Traces() =>
        Vector.Load("p71_traces.json").Select(trace => new TestCaseData(trace).SetArgDisplayNames(trace.Text("file")));

    private static IEnumerable<TestCaseData> Scp03Traces() =>
        Vector.Load("p71_traces.json").Where(trace => trace.GetProperty("scp").GetInt32() == 3).Select(trace => new TestCaseData(trace).SetArgDisplayNames(trace.Text("file")));

    [TestCaseSource(nameof(Traces))]
    public void EveryApdu_Parsed_EncodesTheSame(JsonElement trace)
    {
        foreach (var exchange in trace.GetProperty("exchanges").EnumerateArray())
        {
            Assert.That(CommandApdu.Parse(exchange.Hex("c").Span).ToBytes(), Is.EqualTo(exchange.Hex("c")));
            Assert.That(ResponseApdu.Parse(exchange.Hex("r").Span).ToBytes(), Is.EqualTo(exchange.Hex("r")));
        }
    }

    [TestCaseSource(nameof(Scp03Traces))]
    public void Session_Replayed_EveryByteAgreesAndEveryListingParses(JsonElement trace)
    {
        var exchanges = trace.GetProperty("exchanges").EnumerateArray().Select(e => (Command: CommandApdu.Parse(e.Hex("c").Span), Response: ResponseApdu.Parse(e.Hex("r").Span))).ToArray();
        var opening = Array.FindIndex(exchanges, e => e.Command.Ins == Instructions.InitializeUpdate);
        using var keys = new StaticKeys(0x01, SecretBytes.Copy(Key.Span), SecretBytes.Copy(Key.Span), SecretBytes.Copy(Key.Span));
        var result = ChannelOpening.TryOpen(keys, 0x00, exchanges[opening].Command.Data.Span, exchanges[opening].Response,
            new ChannelTerms((SecurityLevel)trace.Hex("level")[0]));
        Assert.That(result, Is.InstanceOf<ChannelOpenResult.Opened>());
        using var session = ((ChannelOpenResult.Opened)result).Session;
        // GlobalPlatformPro sends EXTERNAL AUTHENTICATE with an Le.
        Assert.That(session.ExternalAuthenticate().Data, Is.EqualTo(exchanges[opening + 1].Command.Data));

        foreach (var (wrapped, response) in exchanges[(opening + 2)..])
        {
            var listing = GetStatus.Command((RegistryScope)wrapped.P1);
            Assert.That(session.Wrap(listing).ToBytes(), Is.EqualTo(wrapped.ToBytes()));
            switch (session.Unwrap(response))
            {
                case UnwrapResult.Authenticated { Data: var data }:
                    AssertListing(data);
                    break;
                case UnwrapResult.NoProtection { StatusWord: 0x9000, Data: var data }:
                    AssertListing(data);
                    break;
                case var other:
                    Assert.That(other.StatusWord, Is.EqualTo(0x6A88));
                    break;
            }
        }
    }

    private static void AssertListing(ByteString data)
    {
        Assert.That(RegistryEntry.Parse(data.Span, out var bad), Is.Not.Empty);
        Assert.That(bad, Is.Empty);
    }

    [TestCaseSource(nameof(Scp03Traces))]
    public void CardChallenge_Derived_IsTheCards(JsonElement trace)
    {
        var answer = ResponseApdu.Parse(trace.GetProperty("exchanges").EnumerateArray().Single(e => e.Text("c").StartsWith("8050", StringComparison.Ordinal)).Hex("r").Span);
        Assert.That(InitializeUpdateResponse.TryParse(answer.Data.Span, out var update, out var error), Is.True, error);
        var challenge = new byte[8];
        Scp03Kdf.Derive(Key.Span, Scp03Kdf.CardChallenge, ByteString.Concat(update!.SequenceCounter, ByteString.FromHex("A000000151000000")).Span, challenge);
        Assert.That(ByteString.Own(challenge), Is.EqualTo(update.CardChallenge));
    }
}
