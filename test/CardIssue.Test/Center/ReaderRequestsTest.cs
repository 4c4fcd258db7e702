using CardIssue.Test.Center.Engines;
using System.Net;
using CardIssue.Center.Log;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Center;

/// <summary>The readers that terminals ask for, in the store.</summary>
[TestFixture(EngineKind.Sqlite), TestFixture(EngineKind.Postgres)]
public sealed class ReaderRequestsTest(EngineKind engine)
{
    private static readonly TerminalId Terminal = new("T-1"), Other = new("T-2");
    private string _folder = null!;
    private CenterDatabase _database = null!;
    private DatabaseTerminalRegistry _registry = null!;

    [SetUp]
    public async Task Open()
    {
        _folder = Directory.CreateTempSubdirectory("cardissue-requests-").FullName;
        _database = await CenterDatabase.OpenAsync(new StoreOptions { Directory = Path.Combine(_folder, "data"), GenerationFile = Path.Combine(_folder, "generation"), Postgres = EngineUnderTest.PlaceOf(engine) }, new LogOptions(), new LogKeys(), TimeProvider.System);
        _registry = new DatabaseTerminalRegistry(_database);
        using var key = P256PrivateKey.Generate();
        foreach (var terminal in new[] { Terminal, Other })
            await _registry.PutAsync(new TerminalRecord(terminal, [new LineNumber(1)], [IPNetwork.Parse("10.0.0.0/8")], key.PublicKey.Encoded, key.PublicKey.Encoded, default, 1, true));
    }

    [TearDown]
    public async Task Close()
    {
        await _database.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static EnrollReader Reader(string? serial, string? port = null) => new("pcsc", "Gemalto", null, serial, "1.0", port);

    private async Task<long> KeepAsync(EnrollReader reader)
    {
        Assert.That(await _registry.AskForReaderAsync(Terminal, reader), Is.EqualTo(ReaderRequestAnswer.Kept));
        return (await _registry.ReaderRequestsAsync())[^1].Id;
    }

    [Test]
    public async Task SameReader_IsAskedForAgain_IsKeptOncePerTerminal()
    {
        await KeepAsync(Reader("S1"));
        Assert.That(await _registry.AskForReaderAsync(Terminal, Reader("S1")), Is.EqualTo(ReaderRequestAnswer.Waits));
        Assert.That(await _registry.AskForReaderAsync(Other, Reader("S1")), Is.EqualTo(ReaderRequestAnswer.Kept));
        Assert.That(await _registry.AskForReaderAsync(Terminal, Reader("S1", "usb-1")), Is.EqualTo(ReaderRequestAnswer.Kept), "on another port it is another request");
        Assert.That(await _registry.ReaderRequestsAsync(), Has.Count.EqualTo(3));
    }

    [Test]
    public async Task ManyReaders_AreAskedFor_TheOldestAreKept()
    {
        for (var i = 0; i < ReaderRequest.MaxWaiting; i++) await KeepAsync(Reader($"S{i}"));
        Assert.That(await _registry.AskForReaderAsync(Terminal, Reader("one more")), Is.EqualTo(ReaderRequestAnswer.TooMany));
        Assert.That(await _registry.AskForReaderAsync(Other, Reader("one more")), Is.EqualTo(ReaderRequestAnswer.Kept), "each terminal has its own");
        Assert.That((await _registry.ReaderRequestsAsync()).Count(r => r.Terminal == Terminal && r.Reader.Serial!.StartsWith('S')), Is.EqualTo(ReaderRequest.MaxWaiting));
    }

    [Test]
    public async Task Request_IsApproved_ReaderIsOnTheListWithANewVersion()
    {
        using var key = P256PrivateKey.Generate();
        await _registry.SetReadersAsync(Terminal, [new ReaderRecord("virtual", null, null, "V", null, [], false)]);
        var before = (await _registry.VersionedReadersAsync(Terminal)).Version;
        var id = await KeepAsync(Reader("S1", "usb-1") with { Key = key.PublicKey.Encoded });
        Assert.That(await _registry.ApproveReaderAsync(id, letInWithoutIdentity: true), Is.EqualTo(ReaderDecision.Done));
        var after = await _registry.VersionedReadersAsync(Terminal);
        Assert.That(after.Version, Is.EqualTo(before + 1));
        Assert.That(after.Readers[^1], Is.EqualTo(new ReaderRecord("pcsc", "Gemalto", null, "S1", "1.0", [], false, key.PublicKey.Encoded)), "with a serial number the leave is of no effect");
        Assert.That(await _registry.ApproveReaderAsync(id, false), Is.EqualTo(ReaderDecision.NoSuchRequest));
    }

    [Test]
    public async Task ReaderWithoutSerialNumber_IsApproved_NeedsTheLeaveAndKeepsToItsPort()
    {
        var id = await KeepAsync(Reader(null, "usb-1-4"));
        Assert.That(await _registry.ApproveReaderAsync(id, letInWithoutIdentity: false), Is.EqualTo(ReaderDecision.NeedsLeave));
        Assert.That(await _registry.ReadersAsync(Terminal), Is.Empty);
        Assert.That(await _registry.ApproveReaderAsync(id, letInWithoutIdentity: true), Is.EqualTo(ReaderDecision.Done));
        Assert.That(await _registry.ReadersAsync(Terminal), Is.EqualTo(new[] { new ReaderRecord("pcsc", "Gemalto", null, null, "1.0", ["usb-1-4"], true) }));
    }

    [Test]
    public async Task PortHoldsAWildcard_IsApproved_IsNotTakenForAPattern()
    {
        var id = await KeepAsync(Reader(null, "usb-*"));
        Assert.That(await _registry.ApproveReaderAsync(id, letInWithoutIdentity: true), Is.EqualTo(ReaderDecision.PortIsPattern));
    }

    [Test]
    public async Task TerminalHasAllReadersThatItMay_RequestIsApproved_StaysAsItIs()
    {
        await _registry.SetReadersAsync(Terminal, [.. Enumerable.Range(0, DatabaseTerminalRegistry.MaxReaders).Select(i => new ReaderRecord("pcsc", null, null, $"X{i}", null, [], false))]);
        var id = await KeepAsync(Reader("S1"));
        Assert.That(await _registry.ApproveReaderAsync(id, false), Is.EqualTo(ReaderDecision.TooMany));
        Assert.That(await _registry.ReaderRequestsAsync(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Request_IsDeclined_IsRememberedAndMayBeApprovedLater()
    {
        var id = await KeepAsync(Reader("S1"));
        Assert.That(await _registry.DeclineReaderAsync(id, "not ours"), Is.EqualTo(ReaderDecision.Done));
        Assert.That(await _registry.AskForReaderAsync(Terminal, Reader("S1")), Is.EqualTo(ReaderRequestAnswer.Declined));
        var declined = (await _registry.ReaderRequestsAsync()).Single();
        Assert.That((declined.State, declined.Note), Is.EqualTo((ReaderRequestState.Declined, "not ours")));
        Assert.That(await _registry.ApproveReaderAsync(id, false), Is.EqualTo(ReaderDecision.Done));
    }

    [Test]
    public async Task ManyRequests_AreDeclined_OnlyTheLatestAreRemembered()
    {
        for (var i = 0; i < ReaderRequest.MaxWaiting + 3; i++) await _registry.DeclineReaderAsync(await KeepAsync(Reader($"S{i}")), "");
        var left = await _registry.ReaderRequestsAsync();
        Assert.That(left.Select(r => r.Reader.Serial), Is.EqualTo(Enumerable.Range(3, ReaderRequest.MaxWaiting).Select(i => $"S{i}")));
    }
}
