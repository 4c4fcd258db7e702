using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Cards.Products;
using System.Text;
using CardIssue.Center.Orders;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Relay;
using CardIssue.Testing.Cards;

namespace CardIssue.Test.EndToEnd;

/// <summary>
/// Cards that can't be told apart, hide who they are or have no identity: none is issued twice, closed blank, or taken for another.
/// </summary>
[TestFixture, Parallelizable]
public sealed class CardIdentityTest
{
    private static readonly string AllF = new('F', 84), All0 = new('0', 84),
        SameCplc = "4790D3214700000000000000" + "00000007" + new string('0', 52);

    private static string Cplc(string content) =>
        content switch { "all FF" => AllF, "all 00" => All0, "wrong length" => SameCplc[..40], _ => SameCplc };

    [TestCase("absent")]
    [TestCase("refused")]
    [TestCase("all FF")]
    [TestCase("all 00")]
    [TestCase("wrong length")]
    public async Task SharedKeys_NoUsableCplc_TheCardIsRefusedBeforeItIsAuthenticated(string content)
    {
        await using var shop = await Shop.OpenAsync();
        var answers = content switch { "absent" => "6A88", "refused" => "6985", _ => null };
        var altered = 0;
        if (answers is not null)
            await InFrontAsync(shop, GetData(0x9F7F, answer => altered++ == 0 ? Convert.FromHexString(answers) : answer));
        await shop.OrderAsync("o-1", Products.EndToEnd(identity: "[\"cplc\"]", diversification: "none"));
        var card = BatchCard.Make(7, "none", Cplc(content));
        shop.Reader.Insert(card);
        var issuing = shop.IssueAsync("o-1");

        await shop.ShowsAsync("CardRejected NoIdentity");
        Assert.That(card.Commands, Is.EqualTo(3), "SELECT, GET DATA and INITIALIZE UPDATE, and no EXTERNAL AUTHENTICATE");
        await shop.LogsAsync(row => row.Entry.Detail.Contains("nothing in CPLC tells the card from others", StringComparison.Ordinal));

        shop.Reader.Insert(BatchCard.Make(8, "none"));
        Assert.That((await issuing).Ending, Is.EqualTo(IssueEnding.Issued));
    }

    /// <summary>
    /// A's closing left; the other card of the same identity comes. It is never closed, whatever became of A; the order waits for people,
    /// or is A's.
    /// </summary>
    [Test]
    public async Task CutAfterTheClosingLeft_OtherCardOfTheSameIdentity_IsNeverClosed(
        [Values("cplc", "cardImageNumber", "issuerAndCardNumber", "{\"getData\": \"DF01\"}", "diversificationData")] string source,
        [Values("endToEnd", "module")] string mode, [Values] CutMoment moment)
    {
        await using var shop = await Shop.OpenAsync();
        var diversification = source == "diversificationData" ? "kdf3" : "none";
        var product = Products.EndToEnd(mode: mode, identity: source[0] == '{' ? $"[{source}]" : $"[\"{source}\"]",
            diversification: diversification);
        CardSimulator Twin() => BatchCard.Make(7, diversification, null, (0x42, "476173"), (0x45, "0102030405"), (0xDF01, "0A0B0C"));
        var (right, other) = (Twin(), Twin());
        await ClosingCutAsync(shop, product, right, moment, then: other);

        Assert.That(shop.Shown, Has.Some.Contains("Aborted WriteFailed"));
        await shop.ReachesAsync("o-1", OrderState.Waiting);
        Assert.That((right.IsClosed(), other.IsClosed()), Is.EqualTo((moment is CutMoment.BeforeResponse, false)));
        if (moment is CutMoment.BeforeExecution) return;

        // People look into it, and put the right card in.
        shop.Reader.Remove();
        await shop.PhaseAsync(TerminalPhase.Idle);
        Assert.That(await shop.Desk.RetryAsync(new OrderId("o-1"), TestPeople.Of(shop.Database), "the closed card was found"),
            Is.EqualTo(DeskOutcome.Done));
        shop.Reader.Insert(right);
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
        Assert.That(other.IsClosed(), Is.False);
    }

    [Test]
    public async Task CutAfterTheClosingLeft_NumbersGiven_TheOtherCardIsRefused_TheRightOneIsIssued(
        [Values("none", "kdf3")] string diversification, [Values("endToEnd", "module")] string mode, [Values] CutMoment moment)
    {
        await using var shop = await Shop.OpenAsync();
        var (right, other) = (BatchCard.Make(7, diversification, AllF), BatchCard.Make(7, diversification, AllF));
        var issuing = ClosingCutAsync(shop, Products.EndToEnd(mode: mode, diversification: diversification), right, moment, then: other);

        await shop.ShowsAsync("CardRejected OtherCard");
        shop.Reader.Insert(right);
        await issuing;

        Assert.That((await shop.ViewAsync("o-1")).State, Is.EqualTo(OrderState.Issued));
        Assert.That((right.IsClosed(), other.IsClosed()), Is.EqualTo((true, false)));
        Assert.That((right.Number()!.Value.Length, other.Number()), Is.EqualTo((16, (ByteString?)null)),
            "nothing was written to the other");
    }

    /// <summary>
    /// What the card shows of the records is evidence as good as a number: the other card of the batch is refused, the right one is closed,
    /// once.
    /// </summary>
    [Test]
    public async Task CutAfterTheClosingLeft_RecordsThatAreReadBack_TheOtherCardIsRefused_TheRightOneIsIssued(
        [Values("endToEnd", "module")] string mode, [Values] CutMoment moment)
    {
        await using var shop = await Shop.OpenAsync();
        var (right, other) = (BatchCard.Make(7, "kdf3"), BatchCard.Make(7, "kdf3"));
        var issuing = ClosingCutAsync(shop, Products.ReadBack(mode), right, moment, then: other);

        await shop.ShowsAsync("CardRejected OtherCard");
        shop.Reader.Insert(right);
        await issuing;

        Assert.That((await shop.ViewAsync("o-1")).State, Is.EqualTo(OrderState.Issued));
        Assert.That((right.IsClosed(), other.IsClosed()), Is.EqualTo((true, false)));
        Assert.That(other.State.Data, Is.Empty, "nothing was written to the other");
    }

    [TestCase("cplc", true)]
    [TestCase("assigned", true)]
    [TestCase("diversificationData", false)]
    public async Task BatchWithOneDiversificationData_IsIssuedByWhatEachCardHasOfItsOwn(string source, bool issued)
    {
        await using var shop = await Shop.OpenAsync();
        for (var i = 1; i <= 4; i++)
        {
            await shop.OrderAsync($"o-{i}", Products.EndToEnd(identity: $"[\"{source}\"]"));
            shop.Reader.Insert(BatchCard.Make((uint)i, "kdf3"));
            var issuing = shop.IssueAsync($"o-{i}");
            if (!issued && i > 1)
            {
                await shop.ShowsAsync("CardRejected InUse");
                break;
            }
            Assert.That((await issuing).Ending, Is.EqualTo(IssueEnding.Issued));
            shop.Reader.Remove();
            await shop.PhaseAsync(TerminalPhase.Idle);
        }
    }

    [TestCase("none")]
    [TestCase("kdf3")]
    public async Task TerminalThatAltersTheCplc_IsFoundOutInTheChannel_TheCardIsRefused(string diversification)
    {
        await using var shop = await Shop.OpenAsync();
        await InFrontAsync(shop, GetData(0x9F7F, answer => { answer[^30] ^= 1; return answer; }));
        await shop.OrderAsync("o-1", Products.EndToEnd(identity: "[\"cplc\"]", diversification: diversification));
        shop.Reader.Insert(BatchCard.Make(7, diversification));
        var issuing = shop.IssueAsync("o-1");

        await shop.ShowsAsync("CardRejected NoIdentity");
        await shop.LogsAsync(row => row.Entry.Detail.Contains("it was altered on the way", StringComparison.Ordinal));
        Assert.That((await shop.ViewAsync("o-1")).Card, Is.Null, "nothing is bound to what a terminal made up");
        await shop.StopTerminalAsync();
        await ((Task)issuing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        shop.StartTerminal();
    }

    [Test]
    public async Task TerminalThatHidesTheNumber_IsFoundOutInTheChannel_TheCardKeepsIt()
    {
        await using var shop = await Shop.OpenAsync();
        var card = BatchCard.Make(7, "none");
        await shop.OrderAsync("o-1", Products.EndToEnd(diversification: "none"));
        shop.Reader.Insert(card);
        // Numbered and free: the terminal goes away when the card has its number, before anything is bound to it.
        await NumberedAsync(shop, card);
        var number = card.Number();

        shop.Reader.Remove();
        await InFrontAsync(shop, GetData(0x45, _ => [0x6A, 0x88]));
        shop.Reader.Insert(card);
        var issuing = shop.IssueAsync("o-1");
        await shop.ShowsAsync("CardRejected NoIdentity");
        await shop.LogsAsync(row => row.Entry.Detail.Contains("it was altered on the way", StringComparison.Ordinal));
        Assert.That(card.Number(), Is.EqualTo(number));

        await shop.StopTerminalAsync();
        await ((Task)issuing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        shop.ReaderInFront = null;
        shop.StartTerminal();
        await shop.UnclaimedAsync("o-1");
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
        Assert.That(card.Number(), Is.EqualTo(number), "a number is given once");
    }

    /// <summary>
    /// Commands of an issue up to the number's being read back: SELECT, two GET DATA, INITIALIZE UPDATE, EXTERNAL AUTHENTICATE, GET DATA,
    /// GET STATUS; STORE DATA, GET DATA.
    /// </summary>
    private const int Numbering = 9;

    [Test]
    public async Task CutAtAnyCommandOfTheNumbering_TheSameCardOrAnotherOneBack_IsIssued_TheFirstStaysUsable(
        [Values("endToEnd", "module")] string mode, [Values] CutMoment moment, [Values] bool sameCard)
    {
        await using var shop = await Shop.OpenAsync();
        for (var at = Numbering - 2; at <= Numbering + 1; at++)
        {
            await shop.OrderAsync($"o-{at}", Products.EndToEnd($"p-{mode}", mode, diversification: "none"));
            await shop.OrderAsync($"after-{at}", Products.EndToEnd($"p-{mode}", mode, diversification: "none"));
            var (first, second) = (BatchCard.Make(7, "none", AllF), BatchCard.Make(7, "none", AllF));
            first.CutPower(new PowerCut(at, moment));
            shop.Reader.Insert(first);
            // From the records on the order is bound to the first card.
            var bound = at > Numbering;
            if (!sameCard && !bound) shop.WhenShown("InsertCard", () => shop.WhenShown("InsertCard", () => shop.Reader.Insert(second)));

            var outcome = await shop.IssueAsync($"o-{at}");

            Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), $"cut at command {at}: {outcome.Detail}");
            var (issued, free) = sameCard || bound ? (first, second) : (second, first);
            Assert.That((issued.IsClosed(), free.IsClosed()), Is.EqualTo((true, false)), $"cut at command {at}");
            var number = free.Number();
            shop.Reader.Remove();
            await shop.PhaseAsync(TerminalPhase.Idle);
            shop.Reader.Insert(free);
            Assert.That((await shop.IssueAsync($"after-{at}")).Ending, Is.EqualTo(IssueEnding.Issued), $"cut at command {at}");
            if (number is not null) Assert.That(free.Number(), Is.EqualTo(number), "a number is given once");
            Assert.That(free.Number(), Is.Not.EqualTo(issued.Number()));
            shop.Reader.Remove();
            await shop.PhaseAsync(TerminalPhase.Idle);
        }
        Assert.That((await shop.Log.VerifyAsync()).Findings, Is.Empty);
    }

    /// <summary>What a factory wrote there is no number of ours, however long it is.</summary>
    [Test]
    public async Task FactoryValueInTheNumbersPlace_IsNoNumber_TheCardGetsOne()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd(diversification: "none"));
        var card = BatchCard.Make(7, "none", null, (0x45, "00112233445566778899AABBCCDDEEFF"));
        shop.Reader.Insert(card);
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
        Assert.That(shop.Vault.IsCardNumber(card.Number()!.Value), Is.True);
        Assert.That((await shop.ViewAsync("o-1")).Card!.Value.Value,
            Is.EqualTo(ByteString.Concat(ByteString.FromHex("0045"), card.Number()!.Value)));
    }

    /// <summary>
    /// A card that says before its channel that there is nothing, and something in it: the number does not follow there, but in a script
    /// of its own, once that was read.
    /// </summary>
    [Test]
    public async Task FactoryValueThatIsToldInTheChannelAlone_StopsTheScript_TheCardGetsItsNumberApart()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd(diversification: "none"));
        await InFrontAsync(shop, GetData(0x45, _ => [0x6A, 0x88]));
        var card = BatchCard.Make(7, "none", null, (0x45, "00112233445566778899AABBCCDDEEFF"));
        shop.Reader.Insert(card);
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
        Assert.That(shop.Shown.Count(s => s.Contains("NumberingCard", StringComparison.Ordinal)), Is.EqualTo(1));
        Assert.That(shop.Vault.IsCardNumber(card.Number()!.Value), Is.True);
    }

    [Test]
    public async Task NumberThatTheProductPutsElsewhere_IsWrittenThereAsItSays()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1",
            Products.EndToEnd(identity: "[{\"assigned\": {\"tag\": \"DF10\", \"storeDataP1\": \"88\"}}]", diversification: "none"));
        var card = BatchCard.Make(7, "none");
        shop.Reader.Insert(card);
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
        Assert.That(shop.Vault.IsCardNumber(card.State.Data[0xDF10]), Is.True);
        Assert.That(card.Number(), Is.Null, "nothing was written where numbers are by default");
        Assert.That((await shop.ViewAsync("o-1")).Card!.Value.Value,
            Is.EqualTo(ByteString.Concat(ByteString.FromHex("DF10"), card.State.Data[0xDF10])));
    }

    /// <summary>An issue whose card is cut at the last command of the closing, and another card put in at once.</summary>
    private static async Task ClosingCutAsync(Shop shop, string product, CardSimulator card, CutMoment moment, CardSimulator then)
    {
        await shop.OrderAsync("o-1", product);
        // Behind the last record, in its script or in one of its own.
        var shape = CardPlan.Create(CardProductFile.Read(Encoding.UTF8.GetBytes(product), "product").Product!, Products.Fields).Plan!.Shape;
        shop.WhenShown($"WritingRecord  {shape.Records.Count}", () =>
        {
            card.CutPower(new PowerCut(shape.Records[^1].Commands + shape.CloseCommands, moment));
            shop.WhenShown("InsertSameCard", () => shop.Reader.Insert(then));
        });
        shop.Reader.Insert(card);
        await shop.IssueAsync("o-1");
    }

    /// <summary>Until the card has a number and nothing is bound to it.</summary>
    private static async Task NumberedAsync(Shop shop, CardSimulator card)
    {
        card.CutPower(new PowerCut(Numbering, CutMoment.BeforeExecution));
        shop.WhenShown("CardIn", () => shop.WhenShown("InsertCard", shop.Reader.Remove));
        var issuing = shop.IssueAsync("o-1");
        await shop.ShowsAsync("InsertCard", times: 2);
        await shop.StopTerminalAsync();
        await ((Task)issuing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await shop.UnclaimedAsync("o-1");
        Assert.That(((await shop.ViewAsync("o-1")).Card, card.Number()?.Length), Is.EqualTo(((CardId?)null, 16)));
        shop.StartTerminal();
        await shop.PhaseAsync(TerminalPhase.Idle);
    }

    private static async Task InFrontAsync(Shop shop, Func<byte[], byte[], byte[]> alter)
    {
        shop.ReaderInFront = new AlteringReader(shop.Hardware.Reader) { Alter = alter };
        await shop.RestartTerminalAsync();
    }

    /// <summary>Alters what is told to GET DATA of one tag in the clear.</summary>
    private static Func<byte[], byte[], byte[]> GetData(ushort tag, Func<byte[], byte[]> alter) =>
        (command, answer) => command is [0x80, 0xCA, var p1, var p2, ..] && (p1 << 8 | p2) == tag ? alter(answer) : answer;
}
