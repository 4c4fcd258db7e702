using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Relay;
using CardIssue.TerminalHost;
using CardIssue.TerminalHost.Display;
using CardIssue.Test.Parts;
using CardIssue.Testing.Cards.Reading;
using CardIssue.Testing.Cards.Serial;

namespace CardIssue.Test.EndToEnd;

/// <summary>A card in the wrong way round is the commonest slip at a counter: whoever put it in reads so, once, and turns it.</summary>
public sealed class MuteCardTest
{
    private const string Refused = $"S255 CardRejected {nameof(CardRejection.Unreadable)}";

    [Test]
    public async Task WrongWayRound_IsToldOnce_TurnedRoundItIsIssued([Values] bool isSerial, [Values] bool isInBefore)
    {
        var shop = await Shop.OpenAsync(reader: isSerial ? await ShopReader.SerialAsync() : ShopReader.Virtual());
        await using var _ = shop;
        await shop.HasAccessAsync();
        var steps = new Steps();
        shop.Display = steps;
        await shop.OrderAsync("o-1", Products.EndToEnd());
        if (isInBefore) shop.Reader.InsertMute();
        var issuing = shop.IssueAsync("o-1");
        await shop.PhaseAsync(TerminalPhase.AwaitingCard);
        if (!isInBefore) shop.Reader.InsertMute();
        await shop.ShowsAsync(Refused);
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await issuing).IsIssued, Is.True);
        var told = steps.Told;
        var refused = told.Single(step => step.Notice is IssueNotice.CardRejected);
        Assert.That((refused.Reason, refused.ReaderFault), Is.EqualTo((IssueReason.CardUnreadable, (CardFault?)CardFault.Mute)));
        Assert.That(Wording.Of(refused).In(Language.English), Is.EqualTo("the card does not answer: take it out and turn it round, or insert another"));
        Assert.That(Wording.Of(refused).In(Language.Japanese), Is.EqualTo("カードが応答しません。取り出して向きを直すか、別のカードを入れてください"));
        Assert.That(told.Last().ReaderFault, Is.Null, "that is over");
    }

    /// <summary>What lies in the reader between two customers is nobody's yet, and costs nothing: it is not asked for again and again, and the reader is not checked each time.</summary>
    [Test]
    public async Task WrongWayRound_BetweenOrders_IsLookedAtOnce_AndToldWithTheNextOrder()
    {
        await using var shop = await Shop.OpenAsync();
        var reader = new CountingReader(shop.Hardware.Reader);
        shop.ReaderInFront = reader;
        await shop.RestartTerminalAsync();
        await shop.HasAccessAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.InsertMute();
        await reader.Removing;
        Assert.That(shop.Shown, Has.None.Contains(Refused));
        var issuing = shop.IssueAsync("o-1");
        await shop.ShowsAsync(Refused);
        Assert.That(reader.Waits, Is.EqualTo(1));
        shop.Reader.Remove();
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await issuing).IsIssued, Is.True);
    }

    /// <summary>One such card after the other, and one between the records: each is told.</summary>
    [Test]
    public async Task WrongWayRoundAgain_AndInMidRecord_IsToldEachTime()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        var card = Shop.Card(1);
        shop.WhenShown("S280", shop.Reader.InsertMute);
        var issuing = shop.IssueAsync("o-1");
        await shop.PhaseAsync(TerminalPhase.AwaitingCard);
        for (var times = 1; times <= 2; times++)
        {
            shop.Reader.InsertMute();
            await shop.ShowsAsync(Refused, times);
        }
        shop.Reader.Insert(card);
        await shop.ShowsAsync("InsertSameCard");
        await shop.ShowsAsync(Refused, 3);
        shop.Reader.Insert(card);
        Assert.That((await issuing).IsIssued, Is.True);
    }

    /// <summary>For <c>check</c> and <c>reader show</c>, too, it is the card that is at fault, and not its reader.</summary>
    [Test]
    public async Task WrongWayRound_LookedAtByAnOperator_TheReaderAnswers()
    {
        using var cable = await PtyPair.OpenAsync();
        using var port = GemPcTwin.OpenPort(cable.B);
        using var stop = new CancellationTokenSource();
        var slot = new CardSlot();
        slot.InsertMute();
        var serving = new GemPcTwin(port.BaseStream, slot).RunAsync(stop.Token);
        var found = await ReaderProbe.LookAsync(ReaderAddress.Parse("--reader", $"serial:{cable.A}"), CancellationToken.None);
        Assert.That((found.Answers, found.CardIn), Is.EqualTo((true, true)), found.Text);
        Assert.That(found.Text, Does.StartWith("answers. The card does not answer a reset"));
        await stop.CancelAsync();
        await serving;
    }

    private sealed class Steps : IProgress<IssueProgress>
    {
        private readonly List<IssueProgress> _told = [];

        public IReadOnlyList<IssueProgress> Told
        {
            get { lock (_told) return [.. _told]; }
        }

        public void Report(IssueProgress value)
        {
            lock (_told) _told.Add(value);
        }
    }

    private sealed class CountingReader(ICardReader inner) : ICardReader
    {
        private readonly TaskCompletionSource _removing = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _waits;

        public int Waits => _waits;

        public Task Removing => _removing.Task;

        public ValueTask<ReaderIdentity> IdentifyAsync(CancellationToken cancellation) => inner.IdentifyAsync(cancellation);

        public ValueTask<ByteString> WaitForCardAsync(CancellationToken cancellation)
        {
            Interlocked.Increment(ref _waits);
            return inner.WaitForCardAsync(cancellation);
        }

        public ValueTask WaitForRemovalAsync(CancellationToken cancellation)
        {
            _removing.TrySetResult();
            return inner.WaitForRemovalAsync(cancellation);
        }

        public ValueTask<ICardConnection> ConnectAsync(CancellationToken cancellation) => inner.ConnectAsync(cancellation);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
