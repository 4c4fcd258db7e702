using CardIssue.Center.Terminals;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Readers;
using CardIssue.Terminal.Relay;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Reading;

namespace CardIssue.Test.EndToEnd;

/// <summary>A terminal asks for its reader to be known; readers that carry a key.</summary>
public sealed class ReaderEnrollmentTest
{
    private static async Task<ReaderRequest> OnlyRequestAsync(Shop shop)
    {
        var requests = await shop.Registry.ReaderRequestsAsync();
        Assert.That(requests, Has.Count.EqualTo(1));
        return requests[0];
    }

    private static async Task<ReaderEnrollmentOutcome> EnrollAsync(Shop shop)
    {
        // Asked before, it would be told that there is no access yet.
        await shop.HasAccessAsync();
        return await shop.Relay.EnrollReaderAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20));
    }

    /// <summary>A SAM in a slot of its own, as another terminal's SAM would be when <paramref name="serial"/> differs.</summary>
    private static CardSimulator Sam(uint serial) => CardSimulator.Create(CardProfile.Sam(serial, []));

    private static async Task RestartWithSamAsync(Shop shop, VirtualCardReader slot)
    {
        shop.ReaderKey = new SamReaderKey(slot);
        await shop.RestartTerminalAsync();
    }

    [Test]
    public async Task UnknownReader_IsApproved_IssuesOnTheSameAccess()
    {
        await using var shop = await Shop.OpenAsync(enrolReader: false);
        await shop.OrderAsync("o-1", Products.EndToEnd());
        Assert.That((await EnrollAsync(shop)).Standing, Is.EqualTo(ReaderStanding.Waiting));
        Assert.That((await EnrollAsync(shop)).Standing, Is.EqualTo(ReaderStanding.Waiting), "asked again, it is kept once");
        var request = await OnlyRequestAsync(shop);
        Assert.That((request.Terminal, request.Reader.Serial, request.State), Is.EqualTo((Shop.TerminalName, "VC-0001", ReaderRequestState.Waiting)));

        Assert.That(await shop.Registry.ApproveReaderAsync(request.Id, letInWithoutIdentity: false), Is.EqualTo(ReaderDecision.Done));
        var outcome = await EnrollAsync(shop);

        Assert.That((outcome.Standing, outcome.Judgement), Is.EqualTo((ReaderStanding.Known, (ReaderJudgement)new ReaderJudgement.Known(request.ToRecord(false).ToEntry()))));
        Assert.That(await shop.Registry.ReaderRequestsAsync(), Is.Empty);
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).IsIssued, Is.True);
        await shop.LogsAsync(row => row.Entry is { Kind: "ReaderEnrollment", Direction: CardIssue.Center.Storage.LogDirection.None } entry && entry.Detail.Contains("kept for a decision", StringComparison.Ordinal));
    }

    [Test]
    public async Task UnknownReader_IsDeclined_TheTerminalHearsSo()
    {
        await using var shop = await Shop.OpenAsync(enrolReader: false);
        await EnrollAsync(shop);
        await shop.Registry.DeclineReaderAsync((await OnlyRequestAsync(shop)).Id, "not ours");
        var outcome = await EnrollAsync(shop);
        Assert.That(outcome.Standing, Is.EqualTo(ReaderStanding.Refused));
        Assert.That(outcome.Judgement, Is.InstanceOf<ReaderJudgement.Unknown>());
    }

    [Test]
    public async Task KnownReader_Asks_HearsSoAtOnce()
    {
        await using var shop = await Shop.OpenAsync();
        Assert.That((await EnrollAsync(shop)).Standing, Is.EqualTo(ReaderStanding.Known));
        Assert.That(await shop.Registry.ReaderRequestsAsync(), Is.Empty);
    }

    [Test]
    public async Task LineIsLostBeforeTheAnswer_IsAskedAgainOnTheNext()
    {
        await using var shop = await Shop.OpenAsync(enrolReader: false);
        await shop.ShowsAsync("AccessGranted");
        await shop.CurrentLine!.DisposeAsync();
        Assert.That((await EnrollAsync(shop)).Standing, Is.EqualTo(ReaderStanding.Waiting));
    }

    [Test]
    public async Task ReaderWithKey_IsEnrolledByItsSam_IssuesWithThatSamOnly()
    {
        await using var shop = await Shop.OpenAsync(enrolReader: false);
        await shop.OrderAsync("o-1", Products.EndToEnd());
        await using var slot = new VirtualCardReader();
        slot.Insert(Sam(1));
        await RestartWithSamAsync(shop, slot);
        Assert.That((await EnrollAsync(shop)).Standing, Is.EqualTo(ReaderStanding.Waiting));
        var request = await OnlyRequestAsync(shop);
        Assert.That(P256PublicKey.TryParse(request.Key.Span, out _), Is.True);
        await shop.Registry.ApproveReaderAsync(request.Id, letInWithoutIdentity: false);
        Assert.That((await EnrollAsync(shop)).Judgement, Is.InstanceOf<ReaderJudgement.Known>());

        slot.Insert(Sam(2));
        shop.Reader.Insert(Shop.Card(1));
        var refused = await shop.IssueAsync("o-1");
        Assert.That(refused.Ending, Is.EqualTo(IssueEnding.ReaderRefused));
        Assert.That(refused.Detail, Does.Contain("another key than the list names"));
    }

    [Test]
    public async Task ReaderWithKey_ItsSamIsThere_IssuesAndWithoutItIsRefused()
    {
        await using var shop = await Shop.OpenAsync(enrolReader: false);
        await shop.OrderAsync("o-1", Products.EndToEnd());
        await shop.OrderAsync("o-2", Products.EndToEnd());
        await using var slot = new VirtualCardReader();
        slot.Insert(Sam(1));
        using var key = new SamReaderKey(slot);
        var carried = (await key.ReadPublicKeyAsync(CancellationToken.None)).Value;
        Assert.That(carried.Length, Is.EqualTo(P256PublicKey.Length));
        await shop.Registry.SetReadersAsync(Shop.TerminalName, [new ReaderRecord("virtual", null, null, "VC-0001", null, [], false, carried)]);
        await RestartWithSamAsync(shop, slot);
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).IsIssued, Is.True);

        slot.Remove();
        shop.Reader.Insert(Shop.Card(2));
        var refused = await shop.IssueAsync("o-2");
        Assert.That(refused.Ending, Is.EqualTo(IssueEnding.ReaderRefused));
        Assert.That(refused.Detail, Does.Contain("its key did not answer: Absent"));
    }

    [Test]
    public async Task ReaderWhoseEntryNamesAKey_TerminalHasNoSam_IsRefusedWithThatReason()
    {
        await using var shop = await Shop.OpenAsync(enrolReader: false);
        using var someKey = P256PrivateKey.Generate();
        await shop.Registry.SetReadersAsync(Shop.TerminalName, [new ReaderRecord("virtual", null, null, "VC-0001", null, [], false, someKey.PublicKey.Encoded)]);
        await shop.RestartTerminalAsync();
        await shop.ShowsAsync("it must prove a key, and this terminal is set up without one");
    }
}
