using System.Collections.Concurrent;
using System.Net;
using CardIssue.Center.Vault;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Relay;

namespace CardIssue.Test.EndToEnd;

/// <summary>
/// Terminals of an earlier protocol, at a center of this one: those of minor versions of the same major, and those of the major before. What
/// a center of a later major does is done here already, by its policy; the day that one comes, only the numbers change.
/// </summary>
[Parallelizable]
public sealed class OlderTerminalTest
{
    /// <summary>As if what may be left out had come later.</summary>
    private static readonly Dictionary<RelayMessageType, int> Lacking = new()
    {
        [RelayMessageType.InsertCard] = 4, [RelayMessageType.Issued] = 1,
    };

    [TestCase("endToEnd", false)]
    [TestCase("module", false)]
    [TestCase("endToEnd", true)]
    [TestCase("module", true)]
    public async Task TerminalOfAnEarlierMinor_IsServed_AndTheCenterSaysNothingThatItMustRefuse(string mode, bool lacks)
    {
        var lines = new ConcurrentQueue<TerminalOf10>();
        await using var shop = await Shop.OpenAsync(line: ShopLine.Loopback(7, withTls: true));
        await shop.OrderAsync("o-1", Products.EndToEnd(mode: mode));
        await shop.OrderAsync("o-2", Products.EndToEnd(mode: mode));
        shop.Wrap = line =>
        {
            lines.Enqueue(new TerminalOf10(line, lacks ? Lacking : null));
            return lines.Last();
        };
        await shop.RestartTerminalAsync();
        // Also what is said on the way to a refusal, and after a line that was lost.
        Assert.That((await shop.IssueAsync("o-1", code: "wrong")).Ending, Is.EqualTo(IssueEnding.Declined));
        shop.Reader.Insert(Shop.Card(9, genuine: false));
        shop.WhenShown("CardRejected", shop.Reader.Remove);
        var first = shop.IssueAsync("o-1");
        await shop.ShowsAsync("CardRejected");
        shop.WhenShown("WritingRecord", () => _ = shop.CurrentLine!.DisposeAsync().AsTask());
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await first).Ending, Is.EqualTo(IssueEnding.Issued));
        shop.Reader.Remove();
        var second = shop.IssueAsync("o-2");
        shop.Reader.Insert(Shop.Card(2));
        Assert.That((await second).Ending, Is.EqualTo(IssueEnding.Issued));
        Assert.That(lines.SelectMany(line => line.Faults), Is.Empty);
        Assert.That(lines.Sum(line => line.PassedOver), lacks ? Is.GreaterThan(0) : Is.Zero, "what it does not know");
    }

    /// <summary>It passes over what it does not know, and is named when people are about to change.</summary>
    [Test]
    public async Task TerminalOfAnEarlierMinor_IsServed_WhileTheCentersNextCertificateAndKeysAreTold()
    {
        await using var shop = await Shop.OpenAsync(line: ShopLine.Loopback(7, withTls: true));
        shop.Vault.PrepareTlsServer([1], ByteString.Own(new byte[32]));
        var next = shop.Vault.MakeNextKeys();
        await shop.Registry.TellKeysAsync(new NamedKeys(next.Number, next.Sha256), TestPeople.Of(shop.Database));
        while (!shop.Vault.NextKeysAreTold) await Task.Delay(20);
        await shop.OrderAsync("o-1", Products.EndToEnd());
        var lines = new ConcurrentQueue<TerminalOf10>();
        shop.Wrap = line =>
        {
            lines.Enqueue(new TerminalOf10(line));
            return lines.Last();
        };
        await shop.RestartTerminalAsync();
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
        Assert.That(lines.SelectMany(line => line.Faults), Is.Empty);
        Assert.That(lines.Sum(line => line.PassedOver), Is.GreaterThan(0));
        Assert.That(await shop.Registry.KeptCertificatesAsync(), Is.Empty);
        Assert.That(await shop.Registry.KeysTerminalsCameWithAsync(), Is.Empty);
    }

    /// <summary>A center of version 2 that still serves 1, and a terminal of 1.</summary>
    [Test]
    public async Task TerminalOfTheMajorBefore_IsServed_InItsOwnVersion()
    {
        await using var shop = await ServedAsync(ProtocolVersions.Current, ProtocolVersions.Current + 1);
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
        await shop.StopTerminalAsync();
        Assert.That(await AnswerAsync(shop, 1, 1), Is.InstanceOf<Challenge>().With.Property(nameof(Challenge.Version)).EqualTo(1));
        Assert.That(await AnswerAsync(shop, 1, 2), Is.InstanceOf<Challenge>().With.Property(nameof(Challenge.Version)).EqualTo(2), "the highest of both");
    }

    /// <summary>And the same terminal where that version is served no more: it says so to its operator, and tries again later.</summary>
    [Test]
    public async Task TerminalOfAMajorThatIsServedNoMore_IsRefusedByName()
    {
        await using var shop = await ServedAsync(ProtocolVersions.Current + 1, ProtocolVersions.Current + 1);
        await shop.IsRefusedAsync(IssueReason.AccessVersion);
        var outcome = await shop.IssueAsync("o-1");
        Assert.That((outcome.Ending, outcome.Reason), Is.EqualTo((IssueEnding.AccessRefused, IssueReason.AccessVersion)));
    }

    /// <summary>Versions that are both newer than the center's own.</summary>
    [Test]
    public async Task TerminalOfLaterMajorsAlone_IsRefusedByName()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.StopTerminalAsync();
        Assert.That(await AnswerAsync(shop, 2, 3), Is.EqualTo(new Refused(RefusalCode.Version)));
    }

    private static Task<Shop> ServedAsync(int oldest, int newest) =>
        Shop.OpenAsync(options => (options.OldestVersion, options.CurrentVersion) = (oldest, newest));

    private static async Task<RelayMessage> AnswerAsync(Shop shop, int min, int max)
    {
        using var module = shop.Module.OpenModule();
        await using var line = await shop.Listener.CreateConnector(IPAddress.Loopback).ConnectAsync(default);
        await line.SendAsync(MessageCodec.Encode(new Hello(min, max, module.Identity.Id, module.BeginAdmission(), 8)), default);
        return await RawAccess.NextAsync(line);
    }
}
