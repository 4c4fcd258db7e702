using CardIssue.Core;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.Pipeline;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.SecureChannel.Opening;
using CardIssue.Core.Primitives;
using CardIssue.Test.Readers.Serial;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Reading;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Test.VirtualCard;

/// <summary>
/// A registry of several answers, all but the last with the warning 6310, inside a secure channel: T=0 cards tell the warning with the
/// data, or at once and hold the data
/// for GET RESPONSE (ISO 7816-3 12.2). The R-MAC is over the warning either way.
/// </summary>
[CancelAfter(60_000)]
public sealed class T0WarningTest
{
    private const int Count = 24;
    private static readonly byte[] Challenge = [1, 2, 3, 4, 5, 6, 7, 8];

    private static CardSimulator Card(CardProtocol protocol, bool warnsFirst)
    {
        var state = CardProfile.BlankEmv(7, [TestCard.Keys]) with { Protocol = protocol };
        var blank = state.Applications[0];
        var applications = Enumerable.Range(0, Count).Select(i => blank with { Aid = ByteString.Concat(blank.Aid, ByteString.Own([(byte)i])) });
        var card = CardSimulator.Create(state with { Applications = [.. applications] });
        card.WarnsFirst = warnsFirst;
        return card;
    }

    [Test]
    public async Task Registry_InSeveralAnswers_IsListedWhole(
        [Values] CardProtocol protocol, [Values] bool warnsFirst, [Values(SecurityLevel.CMacRMac, SecurityLevel.CMacCEncRMacREnc)] SecurityLevel level, CancellationToken stop)
    {
        await using var reader = new VirtualCardReader();
        reader.Slot.Insert(Card(protocol, warnsFirst));
        await ThatAllAreListedAsync(reader, level, stop);
    }

    [Test]
    public async Task Registry_ThroughTheSerialReader_IsListedWhole([Values] bool warnsFirst, CancellationToken stop)
    {
        await using var bench = TwinBench.Start(CardProtocol.T0);
        bench.Slot.Insert(Card(CardProtocol.T0, warnsFirst));
        await bench.Reader.WaitForCardAsync(stop);
        await ThatAllAreListedAsync(bench.Reader, SecurityLevel.CMacCEncRMacREnc, stop);
    }

    /// <summary>A card that warns and has nothing to fetch: EXTERNAL AUTHENTICATE with a wrong cryptogram.</summary>
    [Test]
    public async Task Warning_WithoutData_Stands(CancellationToken stop)
    {
        await using var reader = new VirtualCardReader();
        reader.Slot.Insert(Card(CardProtocol.T0, warnsFirst: true));
        await using var card = new GetResponseConnection(await reader.ConnectAsync(stop));
        await card.TransmitAsync(Select.IssuerSecurityDomain(), stop);
        await card.TransmitAsync(ChannelCommands.InitializeUpdate(0x30, Challenge), stop);
        var wrong = new CommandApdu(0x84, Instructions.ExternalAuthenticate, 0x11, 0x00, ByteString.Own(new byte[16]));
        Assert.That(await card.TransmitAsync(wrong, stop), Is.EqualTo(new ResponseApdu(default, 0x6300)));
    }

    private static async Task ThatAllAreListedAsync(ICardReader reader, SecurityLevel level, CancellationToken stop)
    {
        await using var card = new GetResponseConnection(await reader.ConnectAsync(stop));
        Assert.That((await card.TransmitAsync(Select.IssuerSecurityDomain(), stop)).IsOk, Is.True);
        var update = await card.TransmitAsync(ChannelCommands.InitializeUpdate(0x30, Challenge), stop);
        var known = TestCard.Keys;
        using var keys = new StaticKeys(0x30, SecretBytes.Copy(known.Enc.Span), SecretBytes.Copy(known.Mac.Span), SecretBytes.Copy(known.Dek.Span));
        using var session = ((ChannelOpenResult.Opened)ChannelOpening.TryOpen(keys, 0x30, Challenge, update, new ChannelTerms(level))).Session;
        Assert.That((await card.TransmitAsync(session.ExternalAuthenticate(), stop)).IsOk, Is.True);

        var listing = RegistryListing.Start(RegistryScope.Applications);
        var warnings = 0;
        while (listing.Command is { } command)
        {
            var response = session.Unwrap(await card.TransmitAsync(session.Wrap(command), stop)) as UnwrapResult.Authenticated;
            Assert.That(response, Is.Not.Null, $"answer {listing.Rounds}");
            if (response!.StatusWord == StatusWords.MoreData) warnings++;
            listing = listing.On(new ResponseApdu(response.Data, response.StatusWord));
        }
        Assert.That(listing.Error, Is.Null);
        Assert.That(listing.Entries, Has.Count.EqualTo(Count));
        Assert.That(warnings, Is.GreaterThan(1));
    }
}
