using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json.Nodes;
using CardIssue.Center.Orders;
using CardIssue.Center.Programs;
using CardIssue.Center.Sessions;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core.Cards.Programs;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Cards.Programs;
using CardIssue.Test.Modules;
using CardIssue.Test.Products.Json;
using CardIssue.Test.Walls;
using CardIssue.Testing.Lines;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Crypto;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Test.EndToEnd;

/// <summary>
/// A loyalty card whose application is loaded at the counter, with real parts: in both key modes, cut at every command, on cards that have
/// some of it already, and over a far line.
/// </summary>
[TestFixture, Parallelizable]
public sealed class ProgramIssuingTest
{
    /// <summary>Commands of an issue without faults, and a few more for the reopening.</summary>
    private const int Commands = 24;

    /// <summary>Of a program that is loaded in three commands.</summary>
    private const int Short = 500;

    private const string Instance = "F043495353010101";

    private static readonly ByteString Package = ByteString.FromHex("F0434953530101");

    private static readonly Dictionary<string, string> Fields = new() { ["name"] = "CARDHOLDER/ALMA", ["member"] = "3080000000000017", ["points"] = "500" };

    /// <summary>The product of the samples, with a program of so many bytes.</summary>
    private static async Task<string> ProductAsync(
        Shop shop, string mode = "endToEnd", string program = "accept", string instance = "accept", string level = "33", int length = 1_000,
        bool isExtended = false)
    {
        var file = ByteString.Own(CapBuilder.OfBlock(length, isExtended ? CapBuilder.Extended : null).Build());
        Assert.That(CapFile.TryRead(file, out var cap, out var error), Is.True, error);
        Assert.That(await shop.Programs.AddAsync($"loyalty-{length}", file, TestPeople.Of(shop.Database)), Is.EqualTo(ProgramChange.Done));
        var sample = Samples.Text("loyalty.product.json");
        var hash = CardIssue.Core.Cards.Products.Json.CardProductFile.Read(System.Text.Encoding.UTF8.GetBytes(sample), "p").Product!.Programs[0].Sha256;
        return sample.Replace(hash.ToString(), cap!.Sha256.ToString(), StringComparison.Ordinal)
            .Replace("\"load\": \"loyalty\", \"whenThere\": \"accept\"", $"\"load\": \"loyalty\", \"whenThere\": \"{program}\"", StringComparison.Ordinal)
            .Replace("\"whenThere\": \"accept\",\n", $"\"whenThere\": \"{instance}\",\n", StringComparison.Ordinal)
            .Replace("\"keySet\": \"issuer-test\"", "\"keySet\": \"visa\"", StringComparison.Ordinal)
            .Replace("\"mode\": \"endToEnd\"", $"\"mode\": \"{mode}\"", StringComparison.Ordinal)
            .Replace("\"securityLevel\": \"33\"", $"\"securityLevel\": \"{level}\"", StringComparison.Ordinal);
    }

    /// <summary>They look at the card, which is worth nothing where it has no MAC on its answers.</summary>
    private static string WithoutRewrites(string product)
    {
        var all = JsonNode.Parse(product)!.AsObject();
        all.Remove("rewrites");
        return all.ToJsonString();
    }

    private static void ThatIsWhole(CardSimulator card, int length = 1_000)
    {
        var state = card.State;
        Assert.That(state.LoadFiles.Where(file => file.Aid == Package).Select(file => (file.Version, file.Length)),
            Is.EqualTo(new[] { (ByteString.FromHex("0100"), length) }));
        var application = card.Inspect().Application(Instance);
        Assert.That(application.IsPersonalized, Is.True);
        Assert.That(application.Records[new RecordReference(1, 1)],
            Is.EqualTo(ByteString.FromHex("7022" + "5F200F" + "43415244484F4C4445522F414C4D41" + "DF1108" + "3080000000000017" + "DF1202" + "0500")));
        Assert.That(state.FailedAuthentications, Is.Zero);
    }

    [TestCase("endToEnd", "33")]
    [TestCase("module", "33")]
    [TestCase("module", "13")]
    [TestCase("module", "33", true, TestName = "FreshCard_GetsItsProgramAtTheCounter(an extended CAP file)")]
    public async Task FreshCard_GetsItsProgramAtTheCounter(string mode, string level, bool isExtended = false)
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", await ProductAsync(shop, mode, level: level, isExtended: isExtended), Fields);
        var card = Shop.Card(1);
        shop.Reader.Insert(card);

        var outcome = await shop.IssueAsync("o-1");

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);
        ThatIsWhole(card);
        Assert.That(shop.Relay.HoldsNothing, Is.True);
        Assert.That((await shop.Log.VerifyAsync()).Findings, Is.Empty);
    }

    /// <summary>SCP02, with a MAC on the card's answers and without: what was had as proof is in the log.</summary>
    [TestCase("endToEnd", "13", "75", ProofKind.CardState)]
    [TestCase("module", "03", "55", ProofKind.TerminalWord)]
    public async Task Scp02Card_GetsItsProgram_AndTheLogSaysWhichProof(string mode, string level, string i, ProofKind proof)
    {
        await using var shop = await Shop.OpenAsync();
        Counter.ImportMaster(shop.Vault, "kmc", 0x20, Counter.Master, CardKeyAlgorithm.TripleDes);
        var product = (await ProductAsync(shop, mode, level: level))
            .Replace("\"keySet\": \"visa\"", $"\"scp\": \"02\", \"i\": \"{i}\", \"keySet\": \"kmc\"", StringComparison.Ordinal)
            .Replace("\"keyVersion\": \"30\"", "\"keyVersion\": \"20\"", StringComparison.Ordinal)
            .Replace("\"kdf3\"", "\"emvCps\"", StringComparison.Ordinal);
        if (level == "03") product = WithoutRewrites(product.Replace("cardMac", "terminalWord", StringComparison.Ordinal));
        await shop.OrderAsync("o-1", product, Fields);
        var keys = CardKeySet.Derive(0x20, Diversification.Emv, Counter.Master.Span, CardProfile.Kdd(1).Span, CardKeyType.Des);
        var card = CardSimulator.Create(CardProfile.BlankEmv(1, [keys]) with { Scp = CardState.Scp02, ScpParameter = Convert.FromHexString(i)[0] });
        shop.Reader.Insert(card);

        var outcome = await shop.IssueAsync("o-1");

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);
        ThatIsWhole(card);
        Assert.That(card.State.SequenceCounters[0x20], Is.EqualTo(1), "one opening");
        var log = await shop.Log.ReadAsync(new LogQuery(new OrderId("o-1")));
        Assert.That(log.Select(row => row.Entry.Detail), Has.Some.Contains(proof.ToString()));
    }

    /// <summary>Half a load leaves nothing on the card, and whatever was whole is accepted or replaced.</summary>
    [TestCase("endToEnd", "accept", CutMoment.BeforeExecution)]
    [TestCase("module", "accept", CutMoment.BeforeResponse)]
    [TestCase("module", "replace", CutMoment.BeforeExecution)]
    [TestCase("endToEnd", "replace", CutMoment.BeforeResponse)]
    [TestCase("endToEnd", "refuse", CutMoment.BeforeResponse)]
    public async Task PowerCut_AtAnyCommand_TheSameCardIsIssuedWhole(string mode, string whenThere, CutMoment moment)
    {
        await using var shop = await Shop.OpenAsync();
        var product = await ProductAsync(shop, mode, whenThere, whenThere, length: Short);
        await AreWholeAsync(shop, product, Commands, moment);
        Assert.That((await shop.Log.VerifyAsync()).Findings, Is.Empty);
    }

    /// <summary>A card for each of its first commands, cut there, and issued.</summary>
    private static async Task AreWholeAsync(Shop shop, string product, int commands, CutMoment moment)
    {
        for (var at = 1; at <= commands; at++)
        {
            var order = $"o-{at}";
            await shop.OrderAsync(order, product, Fields);
            var card = Shop.Card((uint)at);
            card.CutPower(new PowerCut(at, moment));
            shop.Reader.Insert(card);

            var outcome = await shop.IssueAsync(order);

            Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), $"cut at command {at}: {outcome.Detail}");
            ThatIsWhole(card, Short);
            shop.Reader.Remove();
        }
    }

    /// <summary>
    /// Tokens of RSA 2048, as delegated management has them: INSTALL is longer than one command carries, and goes in segments.
    /// </summary>
    [TestCase("endToEnd", "accept", CutMoment.BeforeResponse)]
    [TestCase("module", "replace", CutMoment.BeforeExecution)]
    public async Task LongTokens_GoInSegments_CutAtAnyCommand_TheSameCardIsIssuedWhole(string mode, string whenThere, CutMoment moment)
    {
        const int segments = 4;
        await using var shop = await Shop.OpenAsync();
        var token = new string('5', 2 * 256);
        var product = (await ProductAsync(shop, mode, whenThere, whenThere, length: Short))
            .Replace("{\"load\":", $"{{\"token\": \"{token}\", \"load\":", StringComparison.Ordinal)
            .Replace("\"install\":", $"\"token\": \"{token}\", \"install\":", StringComparison.Ordinal);
        Assert.That(product.Split(token), Has.Length.EqualTo(3));
        await AreWholeAsync(shop, product, Commands + segments, moment);
    }

    private static CardState WithProgram(CardState state, string version = "0100", int length = 444, bool withInstance = false) => state with
    {
        LoadFiles = state.LoadFiles.Add(new LoadFile(Package, ByteString.FromHex(version), [ByteString.FromHex(Instance)], length)),
        Applications = !withInstance ? state.Applications : state.Applications.Add(new CardApplication(
            ByteString.FromHex(Instance), Package, ByteString.FromHex(Instance), CardApplication.Selectable, ByteString.Own([0]),
            ImmutableSortedDictionary<ushort, ByteString>.Empty.Add(0x0102, ByteString.FromHex("7000")))),
    };

    /// <summary>Partly written cards: what is there stays, goes, or is not wanted.</summary>
    [TestCase("accept", false)]
    [TestCase("accept", true)]
    [TestCase("replace", false)]
    [TestCase("replace", true)]
    public async Task CardThatHasTheProgram_IsIssued_AsTheProductSays(string whenThere, bool withInstance)
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", await ProductAsync(shop, program: whenThere, instance: whenThere), Fields);
        var card = CardSimulator.Create(WithProgram(Shop.Card(1).State, withInstance: withInstance));
        shop.Reader.Insert(card);

        var outcome = await shop.IssueAsync("o-1");

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);
        ThatIsWhole(card, whenThere == "accept" ? 444 : 1_000);
        Assert.That(card.Inspect().Application(Instance).Records.ContainsKey(new RecordReference(1, 2)), Is.EqualTo(whenThere == "accept" && withInstance));
        var log = await shop.Log.ReadAsync(new LogQuery(new OrderId("o-1")));
        Assert.That(card.State.SequenceCounters[0x30], Is.EqualTo(1), "one opening: nothing was in doubt");
        if (whenThere == "accept") Assert.That(log.Select(row => row.Entry.Detail), Has.Some.Contains(nameof(ProofKind.CardState)));
    }

    /// <summary>Before anything is bound to it or written on it; another card is issued.</summary>
    [TestCase("refuse", "0100", false)]
    [TestCase("accept", "0200", false)]
    [TestCase("accept", "0100", true)]
    public async Task CardThatHasAProgramThatWillNotDo_IsRefused_AndNotTouched(string whenThere, string version, bool isLocked)
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", await ProductAsync(shop, program: whenThere), Fields);
        var state = WithProgram(Shop.Card(1).State, version, withInstance: isLocked);
        if (isLocked) state = state.With(state.Applications[^1] with { LifeCycle = 0x87 });
        var wrong = CardSimulator.Create(state);
        shop.Reader.Insert(wrong);
        var issuing = shop.IssueAsync("o-1");
        await shop.ShowsAsync("CardRejected WrongState");
        Assert.That((wrong.State.LoadFiles, wrong.State.Applications, wrong.State.Data), Is.EqualTo((state.LoadFiles, state.Applications, state.Data)));
        var right = Shop.Card(2);
        shop.Reader.Insert(right);

        Assert.That((await issuing).Ending, Is.EqualTo(IssueEnding.Issued));
        ThatIsWhole(right);
    }

    /// <summary>One round trip for each record, however many commands it has: 60,000 bytes are 252 commands.</summary>
    [TestCase("endToEnd")]
    [TestCase("module")]
    public async Task LargeProgram_OverAFarLine_CostsRoundTripsOfRecordsAlone(string mode)
    {
        const int Length = 60_000;
        var roundTrip = TimeSpan.FromMilliseconds(100);
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", await ProductAsync(shop, mode, length: Length), Fields);
        shop.Wrap = line => new DelayedLine(line, roundTrip / 2);
        await shop.RestartTerminalAsync();
        var card = Shop.Card(1);
        shop.Reader.Insert(card);
        var watch = Stopwatch.StartNew();

        var outcome = await shop.IssueAsync("o-1");

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);
        TestContext.Out.WriteLine($"{mode}: {watch.Elapsed.TotalSeconds:0.0} s");
        ThatIsWhole(card, Length);
        // A round trip for each command would be 26 s.
        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(10)));
    }

    /// <summary>The card says so with an error, which nothing authenticates: three attempts, then people decide.</summary>
    [Test]
    public async Task CardWithoutRoom_IsNotIssued_AndTheOrderWaits()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", await ProductAsync(shop, length: 20_000), Fields);
        shop.Reader.Insert(CardSimulator.Create(Shop.Card(1).State with { Memory = 9_000 }));

        var outcome = await shop.IssueAsync("o-1");

        Assert.That(outcome.Ending, Is.Not.EqualTo(IssueEnding.Issued));
        Assert.That((await shop.ViewAsync("o-1")).State, Is.EqualTo(OrderState.Waiting));
    }

    [Test]
    public async Task ProgramStoreThatThrows_TheOrderIsDeclined_AndIssuedTheNextTime()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", await ProductAsync(shop), Fields);
        var trap = new Trap();
        await shop.RestartCenterAsync(Trap.Replace(shop.Services, nameof(CenterServices.Programs), trap.Before<IProgramStore>(shop.Programs)));
        trap.Arm(nameof(IProgramStore.OfAsync));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Declined));
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
    }

    /// <summary>Whoever can write the store has no card loaded with a program of his own.</summary>
    [TestCase("UPDATE programs SET body = zeroblob(length(body))")]
    [TestCase("DELETE FROM programs")]
    public async Task ProgramThatWasChangedInTheStore_IsNotLoaded_AndTheOrderIsDeclined(string change)
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", await ProductAsync(shop), Fields);
        await shop.Database.WriteAsync(transaction => transaction.Execute(change), default);
        var card = Shop.Card(1);
        shop.Reader.Insert(card);

        var outcome = await shop.IssueAsync("o-1");

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Declined));
        Assert.That((await shop.ViewAsync("o-1")).State, Is.EqualTo(OrderState.Ready));
        Assert.That(card.Inspect().LoadFiles, Has.Count.EqualTo(1));
    }
}
