using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Relay;
using CardIssue.Testing.Cards;

namespace CardIssue.Test.EndToEnd;

/// <summary>
/// Cards that depart from the specification, or from what others do: they are issued where that does no harm, and refused by name where
/// it does.
/// </summary>
[TestFixture, Parallelizable]
public sealed class StrangeCardTest
{
    private static async Task<(Shop Shop, AlteringReader Reader)> OpenAsync()
    {
        var shop = await Shop.OpenAsync();
        await shop.ShowsAsync("AccessGranted");
        var reader = new AlteringReader(shop.Hardware.Reader);
        shop.ReaderInFront = reader;
        await shop.RestartTerminalAsync();
        await shop.ShowsAsync("AccessGranted", 2);
        return (shop, reader);
    }

    private static bool Asks(byte[] command, byte ins) => command[1] == ins;

    private static string WithQuirks(string product, string quirks) =>
        product.Replace("\"securityLevel\"", $"\"quirks\": {{ {quirks} }}, \"securityLevel\"", StringComparison.Ordinal);

    private static byte[] Status(ushort statusWord) => [(byte)(statusWord >> 8), (byte)statusWord];

    [TestCase("endToEnd")]
    [TestCase("module")]
    public async Task ChipDataRefused_InWhateverWay_IsDoneWithout(string mode)
    {
        var (shop, reader) = await OpenAsync();
        await using var _ = shop;
        uint serial = 0;
        foreach (var statusWord in new ushort[] { 0x6F00, 0x6700, 0x6B00, 0x6981, 0x6985, 0x6A88, 0x6283 })
        {
            reader.Alter = (command, answer) => Asks(command, Instructions.GetData) && command[0] == 0x80 ? Status(statusWord) : answer;
            await shop.OrderAsync($"o-{statusWord:X4}", Products.EndToEnd($"p-{mode}", mode));
            shop.Reader.Insert(Shop.Card(++serial));
            Assert.That((await shop.IssueAsync($"o-{statusWord:X4}")).Ending, Is.EqualTo(IssueEnding.Issued), $"{statusWord:X4}");
            shop.Reader.Remove();
        }
    }

    /// <summary>
    /// GET STATUS finds longer AIDs, too, that begin alike (GPCS 11.4): with eight of them the card's list takes two answers, and ends the
    /// first with 6310. What it says there of the application itself holds, whatever is cut.
    /// </summary>
    [TestCase("13")]
    [TestCase("03")]
    public async Task StateInAListOfWhichMoreIsToCome_IsTaken(string level)
    {
        await using var shop = await Shop.OpenAsync();
        var product = Products.EndToEnd().Replace("\"securityLevel\": \"33\"", $"\"securityLevel\": \"{level}\"", StringComparison.Ordinal)
            .Replace("\"repeat\": { \"startOver\": \"keys\" }", "\"repeat\": \"repeatable\"", StringComparison.Ordinal);
        if (level == "03") product = product.Replace("cardMac", "terminalWord", StringComparison.Ordinal);
        const int most = 30;
        for (var at = 1; at <= most; at++)
        {
            await shop.OrderAsync($"o-{at}", product);
            var state = Shop.Card((uint)at).State;
            var it = state.Applications[0];
            var longer = Enumerable.Range(1, 8).Select(i => it with { Aid = ByteString.Concat(it.Aid, ByteString.Own([(byte)i])) });
            var card = CardSimulator.Create(state with { Applications = [it, .. longer] });
            card.CutPower(new PowerCut(at, CutMoment.BeforeResponse));
            shop.Reader.Insert(card);
            var outcome = await shop.IssueAsync($"o-{at}");
            Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), $"cut at command {at}: {outcome.Detail}");
            Assert.That(card.IsClosed(), Is.True);
            shop.Reader.Remove();
            if (card.Commands < at) return;
        }
        Assert.Fail("The issue never came to its end without a cut.");
    }

    private static Func<byte[], byte[], byte[]> Selecting(Func<byte[], byte[]> answers) =>
        (command, answer) => Asks(command, Instructions.Select) ? answers(answer) : answer;

    /// <summary>One byte of the answer to INITIALIZE UPDATE: 10 is the key version, 12 the parameter "i".</summary>
    private static Func<byte[], byte[], byte[]> Updating(int at, byte value) =>
        (command, answer) => Asks(command, Instructions.InitializeUpdate) ? [.. answer[..at], value, .. answer[(at + 1)..]] : answer;

    private static IEnumerable<TestCaseData> Refused()
    {
        yield return Case("the application is not there", "NoApplication", Selecting(_ => Status(0x6A82)));
        yield return Case("locked, and tells of itself", "Locked", Selecting(answer => [.. answer[..^2], 0x62, 0x83]));
        yield return Case("locked", "Locked", Selecting(_ => Status(0x6283)));
        yield return Case("no response MACs", "ChannelTooWeak", Updating(12, 0x10));
        yield return Case("no response encryption", "ChannelTooWeak", Updating(12, 0x30));
        yield return Case("S16 mode", "Unreadable", Updating(12, 0x71));
        yield return Case("another key version", "UnknownKey", Updating(10, 0xFF));
    }

    private static TestCaseData Case(string name, string code, Func<byte[], byte[], byte[]> alter) =>
        new TestCaseData(code, alter).SetArgDisplayNames(name);

    [TestCaseSource(nameof(Refused))]
    public async Task CardThatWillNotDo_IsRefusedByName_AnotherIsIssued(string code, Func<byte[], byte[], byte[]> alter)
    {
        var (shop, reader) = await OpenAsync();
        await using var _ = shop;
        reader.Alter = alter;
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        var issuing = shop.IssueAsync("o-1");
        await shop.ShowsAsync($"CardRejected {code}");
        reader.Alter = null;
        shop.Reader.Insert(Shop.Card(2));
        Assert.That((await issuing).Ending, Is.EqualTo(IssueEnding.Issued));
    }

    /// <summary>The center's own lack: told at once, before a card is asked for, and the order is given back.</summary>
    [TestCase("\"keyVersion\": \"30\"", "\"keyVersion\": \"31\"", "no key visa of version 31")]
    [TestCase("\"keySet\": \"visa\"", "\"keySet\": \"other\"", "no key other of version 30")]
    public async Task KeyThatTheVaultLacks_DeclinesTheOrder_NoCardIsAskedFor(string named, string lacking, string told)
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd().Replace(named, lacking, StringComparison.Ordinal));
        await DeclinedForLackAsync(shop, "o-1", told);
    }

    /// <summary>The same for data that no card may get: an order that came in past the check of the import.</summary>
    [Test]
    public async Task OrderWhoseDataIsNotByTheDictionary_IsDeclined_NoCardIsAskedFor()
    {
        await using var shop = await Shop.OpenAsync();
        var product = Products.EndToEnd().Replace(
            "{ \"tag\": \"5A\"", "{ \"tag\": \"5F28\", \"field\": \"country\", \"as\": \"hex\" }, { \"tag\": \"5A\"",
            StringComparison.Ordinal);
        await shop.OrderAsync("o-1", product, new Dictionary<string, string>(Products.Fields) { ["country"] = "084000" });
        await DeclinedForLackAsync(shop, "o-1", "Tag 5F28 (Issuer Country Code) has 3 bytes; 2 are right");
        // By the dictionary, it is issued.
        await shop.OrderAsync("o-2", product, new Dictionary<string, string>(Products.Fields) { ["country"] = "0840" });
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-2")).Ending, Is.EqualTo(IssueEnding.Issued));
    }

    private static async Task DeclinedForLackAsync(Shop shop, string order, string told)
    {
        var outcome = await shop.IssueAsync(order);
        Assert.That((outcome.Ending, outcome.Detail), Is.EqualTo((IssueEnding.Declined, nameof(DeclineCode.CenterLacks))));
        Assert.That(shop.Shown, Has.None.Contains("S240"));
        await shop.ReachesAsync(order, OrderState.Ready);
        Assert.That((await shop.Log.ReadAsync(new LogQuery())).Select(row => row.Entry.Detail), Has.Some.Contains(told));
        Assert.That((await shop.IssueAsync(order)).Detail, Is.EqualTo(nameof(DeclineCode.CenterLacks)), "not busy: it was let go");
    }

    /// <summary>What a factory's keys are often answered as, whatever the center calls them.</summary>
    [TestCase("endToEnd", 0xFF, "\"answersKeyVersion\": \"FF\"", 0x30)]
    [TestCase("module", 0x00, "\"answersKeyVersion\": \"00\"", 0x30)]
    [TestCase("endToEnd", 0x00, "\"asksForKeyVersion\": \"00\", \"answersKeyVersion\": \"00\"", 0x00)]
    [TestCase("module", 0xFF, "\"asksForKeyVersion\": \"00\", \"answersKeyVersion\": \"FF\"", 0x00)]
    [TestCase("endToEnd", 0x30, "\"asksForKeyVersion\": \"00\"", 0x00)]
    public async Task CardThatAnswersAnotherKeyVersion_WhereTheProductSaysSo_IsIssued(string mode, int answered, string quirks, int asked)
    {
        var (shop, reader) = await OpenAsync();
        await using var _ = shop;
        var versions = new List<byte>();
        reader.Alter = (command, answer) =>
        {
            if (!Asks(command, Instructions.InitializeUpdate)) return answer;
            lock (versions) versions.Add(command[2]);
            return [.. answer[..10], (byte)answered, .. answer[11..]];
        };
        await shop.OrderAsync("o-1", WithQuirks(Products.EndToEnd(mode: mode), quirks));
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
        Assert.That(versions, Is.EqualTo(new[] { (byte)asked }));
    }

    [Test]
    public async Task CardThatAnswersTheKeyVersionOfTheVault_WhereTheProductNamesAnother_IsRefused()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", WithQuirks(Products.EndToEnd(), "\"answersKeyVersion\": \"FF\""));
        shop.Reader.Insert(Shop.Card(1));
        using var cancel = new CancellationTokenSource();
        var issuing = shop.IssueAsync("o-1", cancellation: cancel.Token);
        await shop.ShowsAsync("CardRejected UnknownKey");
        await cancel.CancelAsync();
        await ((Task)issuing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>
    /// Its first empty command is the GET DATA that asks for its number: from there on the two ends do not count alike,
    /// and what the center sends looks altered to the card, at each try of those that a card has.
    /// </summary>
    [Test]
    public async Task CardThatDoesNotCountEmptyCommands_WhereTheProductSaysSo_IsIssued_ElseRefused(
        [Values("endToEnd", "module")] string mode, [Values] bool said)
    {
        await using var shop = await Shop.OpenAsync();
        var product = Products.EndToEnd(mode: mode);
        await shop.OrderAsync("o-1", said ? WithQuirks(product, "\"countsEmptyCommands\": false") : product);
        var card = CardSimulator.Create(Shop.Card(1).State with { CountsEmptyCommands = false });
        shop.Reader.Insert(card);
        if (said)
        {
            Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
            return;
        }
        using var cancel = new CancellationTokenSource();
        var issuing = shop.IssueAsync("o-1", cancellation: cancel.Token);
        await shop.ShowsAsync("CardRejected Barred");
        Assert.That(card.Number(), Is.Null, "nothing was written");
        await cancel.CancelAsync();
        await ((Task)issuing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Without response MACs, so that the reader can put a bad entry before the others as some cards do.</summary>
    [Test]
    public async Task RegistryWithABadEntry_IsReadAllTheSame_TheLogSaysWhatWasLeftOut()
    {
        var (shop, reader) = await OpenAsync();
        await using var _ = shop;
        reader.Alter = (command, answer) => Asks(command, Instructions.GetStatus) ? [.. Convert.FromHexString("E3064F009F700107"), .. answer] : answer;
        var product = Products.EndToEnd().Replace("\"33\"", "\"03\"", StringComparison.Ordinal).Replace("cardMac", "terminalWord", StringComparison.Ordinal);
        await shop.OrderAsync("o-1", product);
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
        Assert.That((await shop.Log.ReadAsync(new LogQuery())).Select(row => row.Entry.Detail), Has.Some.Contains("left out: GET STATUS: An entry"));
    }

    /// <summary>At levels with response MACs some cards answer EXTERNAL AUTHENTICATE with eight bytes before 9000.</summary>
    [Test]
    public async Task CardThatAnswersExternalAuthenticateWithData_IsIssued()
    {
        var (shop, reader) = await OpenAsync();
        await using var _ = shop;
        reader.Alter = (command, answer) => Asks(command, Instructions.ExternalAuthenticate) ? [1, 2, 3, 4, 5, 6, 7, 8, .. answer] : answer;
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
    }
}
