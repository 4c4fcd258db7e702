using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Core.Cards;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Modules;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Keys;
using CardIssue.Test.Modules;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Crypto;
using CardIssue.Testing.Cards.Reading;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Test.EndToEnd;

/// <summary>Own keys among cards and terminals that lie, cards that are begun already, and terminals that do not come back.</summary>
[TestFixture, Parallelizable(ParallelScope.All)]
public sealed class OwnKeysFaultsTest
{
    private const byte PutKey = 0xD8, InitializeUpdate = 0x50, GetData = 0xCA, KeyInformation = 0xE0;

    private static IEnumerable<TestCaseData> Ways(params OwnKeysCase[] ways) => ways.Select(way => new TestCaseData(way).SetArgDisplayNames(way.Name));

    private static IEnumerable<TestCaseData> Wrong() => Ways(OwnKeysCase.Add, OwnKeysCase.Replace02, OwnKeysCase.ReplaceSameVersion02);

    /// <summary>
    /// What such a card holds nobody knows: not even its cryptogram under the own keys helps, for it is of one key of the three.
    /// </summary>
    [TestCaseSource(nameof(Wrong))]
    public async Task CardAnswersWithOtherCheckValues_TheOrderWaitsForPeople(object given)
    {
        var way = (OwnKeysCase)given;
        await using var shop = await way.OpenShopAsync();
        await shop.OrderAsync("o-1", way.Product("endToEnd"));
        var card = CardSimulator.Create(way.Card(1).State with { MisstatesCheckValues = true });
        shop.Reader.Insert(card);

        var outcome = await shop.IssueAsync("o-1");

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Aborted), outcome.Detail);
        await shop.ReachesAsync("o-1", OrderState.Waiting);
        await shop.LogsAsync(row => row.Entry.Detail?.Contains("the check values that the card", StringComparison.Ordinal) == true);
        Assert.That(card.State.FailedAuthentications, Is.Zero);
    }

    private static IEnumerable<TestCaseData> Dropped() =>
        Ways(OwnKeysCase.Add, OwnKeysCase.Replace02, OwnKeysCase.ReplaceSameVersion02, OwnKeysCase.Add02WithoutMac,
            OwnKeysCase.OneByOneAdd);

    /// <summary>
    /// A terminal that keeps PUT KEY and answers for the card, even with the right check values: the card's MAC is missing, or its
    /// cryptogram.
    /// </summary>
    [TestCaseSource(nameof(Dropped))]
    public async Task TerminalDropsPutKey_AndClaimsSuccess_NothingIsBelieved(object given)
    {
        var way = (OwnKeysCase)given;
        await using var shop = await way.OpenShopAsync();
        var own = way.OwnSet(1);
        byte[] answer = [way.Own, .. own.Enc.CheckValue, .. own.Mac.CheckValue, .. own.Dek.CheckValue, 0x90, 0x00];
        var (drops, dropped) = (true, 0);
        await BehindAsync(shop, reader => reader.Swallow = command => command[1] == PutKey && drops && ++dropped > 0 ? answer : null);
        await shop.OrderAsync("o-1", way.Product("endToEnd"));
        await shop.OrderAsync("o-2", way.Product("endToEnd"));
        var card = way.Card(1);
        shop.Reader.Insert(card);

        var outcome = await shop.IssueAsync("o-1");

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Aborted), outcome.Detail);
        Assert.That(dropped, Is.GreaterThanOrEqualTo(3), "each attempt");
        await shop.ReachesAsync("o-1", OrderState.Waiting);
        OwnKeysCase.HasKeys(card, [way.TransportSet(1)], "nothing was put");
        drops = false;
        shop.Reader.Insert(way.Card(2));
        outcome = await shop.IssueAsync("o-2");
        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), "it comes to its senses: " + outcome.Detail);
    }

    private static IEnumerable<TestCaseData> Borrowed() =>
        from way in new[] { OwnKeysCase.Add, OwnKeysCase.Add02, OwnKeysCase.OneByOneAdd, OwnKeysCase.AddToFactory }
        from isTwin in new[] { false, true }
        select new TestCaseData(way, isTwin).SetArgDisplayNames(way.Name, isTwin ? "twin" : "another");

    /// <summary>
    /// A terminal that keeps PUT KEY and has another card with own keys at hand, of its own diversification data or of the same: that one
    /// answers wherever own keys are asked for, and nobody says what keys the card has. The cryptogram is right, and not this card's.
    /// </summary>
    [TestCaseSource(nameof(Borrowed))]
    public async Task AnotherCardsCryptogram_IsNotThisCards(object given, bool isTwin)
    {
        var way = (OwnKeysCase)given;
        await using var shop = await way.OpenShopAsync();
        await shop.OrderAsync("o-1", way.Product("endToEnd"));
        var (card, serial) = (way.Card(1), isTwin ? 1u : 2u);
        var other = CardSimulator.Create(way.Card(serial).State with
        {
            Keys = CardProfile.BlankEmv(serial, [way.TransportSet(serial), way.OwnSet(serial)]).Keys,
        });
        other.Reset();
        var (kept, borrowed) = (false, 0);
        byte[]? Lie(byte[] command)
        {
            switch (command[1])
            {
                case PutKey when !kept:
                    kept = true;
                    card.CutPower(new PowerCut(1, CutMoment.BeforeExecution));
                    return null;
                case InitializeUpdate when kept && command[2] == way.Own:
                    borrowed++;
                    return other.Transmit(command);
                default:
                    return null;
            }
        }
        await BehindAsync(shop, reader =>
        {
            reader.Swallow = Lie;
            // The card gets the look, so that its channel goes on; what it says to it nobody hears.
            reader.Alter = (command, answer) =>
                kept && command[1] == GetData && command[3] == KeyInformation ? [0x6A, 0x88] : answer;
        });
        shop.Reader.Insert(card);

        var outcome = await shop.IssueAsync("o-1");

        Assert.That(borrowed, Is.Positive);
        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Aborted), outcome.Detail);
        OwnKeysCase.HasKeys(card, [way.TransportSet(1)], "nothing was put");
        var log = await shop.Log.ReadAsync(new LogQuery(new OrderId("o-1")));
        Assert.That(log.Select(row => row.Entry.Detail ?? ""), Has.None.Contains($"the card has own {way.Own:X2}"), "nobody says so");
    }

    private static IEnumerable<TestCaseData> Elsewhere() =>
        from way in new[] { OwnKeysCase.Add, OwnKeysCase.Replace, OwnKeysCase.ReplaceSameVersion02, OwnKeysCase.OneByOne02 }
        from moment in Enum.GetValues<CutMoment>()
        select new TestCaseData(way, moment).SetArgDisplayNames(way.Name, moment.ToString());

    [TestCaseSource(nameof(Elsewhere))]
    public async Task TerminalDiesAtPutKey_AnotherTerminalGoesOn(object given, CutMoment moment)
    {
        var way = (OwnKeysCase)given;
        await using var shop = await way.OpenShopAsync();
        var dying = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var card = way.Card(1);
        await BehindAsync(shop, reader => reader.Swallow = command =>
        {
            if (command[1] != PutKey || !dying.TrySetResult()) return null;
            card.CutPower(new PowerCut(1, moment));
            return null;
        });
        await shop.OrderAsync("o-1", way.Product("module"));
        shop.Reader.Insert(card);
        var first = shop.IssueAsync("o-1");
        await dying.Task;
        await shop.StopTerminalAsync();
        await ((Task)first).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await shop.UnclaimedAsync("o-1");
        shop.Reader.Remove();

        var outcome = await AtAnotherTerminalAsync(shop, "o-1", card);

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);
        way.IsDone(card, 1, moment.ToString());
    }

    private static IEnumerable<TestCaseData> Begun() => Ways(OwnKeysCase.Add, OwnKeysCase.Replace, OwnKeysCase.ReplaceSameVersion);

    /// <summary>
    /// An order that begins does not begin with a card that another has given its keys, nor with one that has others of their version.
    /// </summary>
    [TestCaseSource(nameof(Begun))]
    public async Task CardWithOwnKeysAlready_IsRefused_AndNoTryIsBurnt(object given)
    {
        var way = (OwnKeysCase)given;
        await using var shop = await way.OpenShopAsync();
        await shop.OrderAsync("o-1", way.Product("endToEnd"));
        var sets = way.Put == "add" ? new[] { way.TransportSet(1), way.OwnSet(1) } : [way.OwnSet(1)];
        var begun = CardSimulator.Create(CardProfile.BlankEmv(1, sets));
        var others = way.Put == "add" ? new[] { way.TransportSet(2), way.OwnSet(3) } : [way.OwnSet(3)];
        var foreign = CardSimulator.Create(CardProfile.BlankEmv(2, others));
        shop.Reader.Insert(begun);
        var issuing = shop.IssueAsync("o-1");
        await shop.ShowsAsync("CardRejected WrongState");
        shop.Reader.Insert(foreign);
        await shop.ShowsAsync("CardRejected NotGenuine");
        shop.Reader.Insert(way.Card(4));

        Assert.That((await issuing).Ending, Is.EqualTo(IssueEnding.Issued));
        Assert.That((begun.State.FailedAuthentications, foreign.State.FailedAuthentications), Is.EqualTo((0, 0)));
    }

    /// <summary>
    /// Cards come with sets that others use, too, of a lower version: left to itself, the card answers with those.
    /// </summary>
    [TestCase("SCP03 add")]
    [TestCase("SCP02 add")]
    [TestCase("SCP03 one by one")]
    public async Task CardWithFurtherKeys_IsOpenedWithTheTransportKeysByName(string name)
    {
        var way = OwnKeysCase.All.Single(w => w.Name == name);
        await using var shop = await way.OpenShopAsync();
        await shop.OrderAsync("o-1", way.Product("endToEnd"));
        var others = way.TransportSet(77) with { Version = 0x10 };
        var card = CardSimulator.Create(way.Card(1).State with { Keys = CardProfile.BlankEmv(1, [others, way.TransportSet(1)]).Keys });
        card.CutPower(new PowerCut(17, CutMoment.BeforeResponse));
        shop.Reader.Insert(card);

        var outcome = await shop.IssueAsync("o-1");

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);
        OwnKeysCase.HasKeys(card, [others, way.TransportSet(1), way.OwnSet(1)], "");
        Assert.That(card.State.FailedAuthentications, Is.Zero);
    }

    /// <summary>
    /// Two cards of a batch with the same diversification data: the identity, which comes from it, tells them not apart, the keys do. The
    /// second is neither opened nor written, though nothing of the first one's data would show the difference.
    /// </summary>
    [TestCase("SCP03 add")]
    [TestCase("SCP03 replace")]
    public async Task OwnKeysConfirmed_AnotherCardOfTheBatchWithoutThem_IsAnotherCard(string name)
    {
        var way = OwnKeysCase.All.Single(w => w.Name == name);
        await using var shop = await way.OpenShopAsync();
        var (right, twin) = (way.Card(1), way.Card(1));
        await shop.OrderAsync("o-1", way.Product("endToEnd", "[\"diversificationData\"]"));
        shop.WhenShown("WritingRecord  4", () => shop.Reader.Insert(twin));
        shop.Reader.Insert(right);
        var issuing = shop.IssueAsync("o-1");

        await shop.ShowsAsync("CardRejected OtherCard");
        Assert.That(twin.Inspect().Application(Products.Application).Records, Is.Empty);
        shop.Reader.Insert(right);

        Assert.That((await issuing).Ending, Is.EqualTo(IssueEnding.Issued));
        way.IsDone(right, 1, "");
        OwnKeysCase.HasKeys(twin, [way.TransportSet(1)], "the twin");
    }

    /// <summary>
    /// Where all cards share the transport keys, no cryptogram proves the diversification data that own keys are made of. Who alters it
    /// on the way would have the card given the keys of a card that he knows.
    /// </summary>
    [TestCase(true)]
    [TestCase(false)]
    public async Task SharedTransportKeys_DiversificationDataAltered_TheCardIsRefused(bool inClearOnly)
    {
        await using var shop = await OwnKeysCase.Replace.OpenShopAsync();
        const string transportKeys = "\"keySet\": \"transport\", \"keyVersion\": \"30\", \"scp\": \"03\", \"diversification\": ";
        var product = OwnKeysCase.Replace.Product("endToEnd")
            .Replace(transportKeys + "\"kdf3\"", transportKeys + "\"none\"", StringComparison.Ordinal);
        Assert.That(product, Does.Contain("\"diversification\": \"none\""));
        await BehindAsync(shop, reader => reader.Alter = (command, answer) =>
        {
            if (command is [0x80, InitializeUpdate, ..] && answer.Length > 2) answer[9] ^= 1;
            // Inside the channel it has a MAC; what is said before it, whoever lies once lies again.
            if (!inClearOnly && command is [0x80, GetData, 0x00, 0xCF, ..] && answer.Length > 2) answer[11] ^= 1;
            return answer;
        });
        await shop.OrderAsync("o-1", product);
        var transport = CardKeySet.Derive(0x30, Diversification.None, Counter.Master.Span, CardProfile.Kdd(1).Span);
        var card = CardSimulator.Create(CardProfile.BlankEmv(1, [transport]));
        shop.Reader.Insert(card);
        var issuing = shop.IssueAsync("o-1");

        await shop.ShowsAsync("CardRejected NoIdentity");
        await BehindAsync(shop, reader => reader.Alter = null);
        await ((Task)issuing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await shop.UnclaimedAsync("o-1");
        OwnKeysCase.HasKeys(card, [transport], "nothing was put");
        shop.Reader.Insert(card);
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
        OwnKeysCase.HasKeys(card, [OwnKeysCase.Replace.OwnSet(1)], "of the card's own data");
    }

    /// <summary>The terminal begins anew, behind a reader of the test's.</summary>
    private static Task BehindAsync(Shop shop, Action<AlteringReader> set)
    {
        var reader = new AlteringReader(shop.Hardware.Reader);
        set(reader);
        shop.ReaderInFront = reader;
        return shop.RestartTerminalAsync();
    }

    /// <summary>A second terminal on the same line, with a module and a reader of its own.</summary>
    private static async Task<IssueOutcome> AtAnotherTerminalAsync(Shop shop, string order, CardSimulator card)
    {
        var name = new TerminalId("T-2");
        using var passphrase = SecretBytes.Copy("correct horse battery"u8);
        using var file = SoftwareModuleFile.Create(Path.Combine(shop.Folder, "module-2"), passphrase, name, 1, PassphraseFileTest.Cheapest);
        file.TrustCenter(shop.Vault.Identity);
        await shop.Registry.PutAsync((await shop.Registry.GetAsync(Shop.TerminalName))! with
        {
            Terminal = name, CredentialKey = file.Identity.CredentialKey.Encoded, AgreementKey = file.Identity.AgreementKey.Encoded,
        });
        await shop.Registry.SetReadersAsync(name, [shop.Hardware.Known]);
        await using var reader = new VirtualCardReader();
        reader.Slot.Insert(card);
        await using var relay = new TerminalRelay(new TerminalRelayOptions(), shop.Line.Connector, reader, file.OpenModule());
        using var stop = new CancellationTokenSource();
        var running = relay.RunAsync(stop.Token);
        using var code = SecretBytes.Copy("4711"u8);
        var outcome = await relay.IssueAsync(new IssueRequest(order, code, new OperatorId("otto"))).WaitAsync(TimeSpan.FromSeconds(20));
        await stop.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return outcome;
    }
}
