using CardIssue.Center.Approvals;
using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Center;

/// <summary>What the store makes of what others remember of it, on real files that are copied and put back.</summary>
[Parallelizable]
public sealed class StoreHistoryTest
{
    private static readonly TerminalId T1 = new("T-1"), T2 = new("T-2");

    private StoreBench _bench = null!;
    private string _copy = "";

    [SetUp]
    public async Task OpenAsync()
    {
        _bench = await StoreBench.OpenAsync();
        _copy = Directory.CreateTempSubdirectory("cardissue-copy-").FullName;
    }

    [TearDown]
    public async Task CloseAsync()
    {
        await _bench.DisposeAsync();
        Directory.Delete(_copy, recursive: true);
    }

    private StoreHistory History => new(_bench.Database);

    private StoredLog Log => new(_bench.Database, _bench.Log, _bench.Keys, _bench.Time);

    private async Task<VerifiedWitnessNote> NoteAsync() => Verified(await History.PositionAsync(_bench.Keys.Center.Id));

    private VerifiedWitnessNote Verified(WitnessNote note)
    {
        Assert.That(SignedWitnessNote.TryVerify(SignedWitnessNote.Sign(note, _bench.Keys.Signing), _bench.Keys.Center, out var verified), Is.True);
        return verified!;
    }

    private Task<LogRow> AppendAsync(string kind) => Log.AppendAsync(new LogEntry("s1", T1, null, null, LogDirection.None, 0, kind), default);

    private async Task CopyAsync(bool exported = true)
    {
        await _bench.Database.DisposeAsync();
        Copy(_bench.Directory, _copy, exported);
        await _bench.StartAsync();
    }

    /// <summary>The whole folder, the generation's copy included; the exported checkpoints too, or not.</summary>
    private async Task PutBackAsync(bool exported = true)
    {
        await _bench.Database.DisposeAsync();
        foreach (var entry in new DirectoryInfo(_bench.Directory).GetFileSystemInfos())
        {
            if (entry is DirectoryInfo { Name: "exported" } && !exported) continue;
            if (entry is DirectoryInfo folder) folder.Delete(recursive: true);
            else entry.Delete();
        }
        Copy(_copy, _bench.Directory, exported);
        await _bench.StartAsync();
    }

    private static void Copy(string from, string to, bool exported)
    {
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(from, file);
            if (!exported && name.StartsWith("exported", StringComparison.Ordinal)) continue;
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(to, name))!);
            File.Copy(file, Path.Combine(to, name), overwrite: true);
        }
    }

    [Test]
    public async Task Note_OfAnEarlierMoment_IsKnown()
    {
        var first = await NoteAsync();
        await _bench.ImportAsync(_bench.New("o1"));
        await AppendAsync("Something");
        var second = await NoteAsync();

        Assert.That(second.Note.Generation, Is.GreaterThan(first.Note.Generation));
        Assert.That(second.Note.Contradicts(first.Note), Is.False);
        foreach (var note in new[] { first, second, first })
            Assert.That(await History.HearAsync(T1, note), Is.EqualTo(new NoteHeard(HistoryFinding.Known)));
        await _bench.RestartAsync();
        Assert.That(await History.HearAsync(T1, second), Is.EqualTo(new NoteHeard(HistoryFinding.Known)));
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Ready));
    }

    [Test]
    public async Task WholeFolder_PutBack_IsFoundByTheFirstWhoRemembersMore()
    {
        await _bench.ImportAsync(_bench.New("o1"), _bench.New("o2", "c2"), _bench.New("o3", "c3"), _bench.New("o4", "c4"));
        await _bench.IssueAsync("o4", StoreBench.Card(4));
        await _bench.ClaimedAsync("o2");
        var early = await NoteAsync();
        await CopyAsync();
        await _bench.IssueAsync("o1", StoreBench.Card(1));
        await AppendAsync("Issued");
        var late = await NoteAsync();
        await PutBackAsync();

        Assert.That(_bench.Database.RestoredFrom, Is.Null, "the generation's copy went back too");
        Assert.That(await History.HearAsync(T2, early), Is.EqualTo(new NoteHeard(HistoryFinding.Known)), "that terminal was told before the copy");
        Assert.That(await History.HearAsync(T1, late), Is.EqualTo(new NoteHeard(HistoryFinding.Ahead, true, 3)));
        foreach (var order in new[] { "o1", "o2", "o3" })
            Assert.That((await _bench.ViewAsync(order)).State, Is.EqualTo(OrderState.Quarantined), order);
        Assert.That((await _bench.ViewAsync("o4")).State, Is.EqualTo(OrderState.Issued), "that is not lost");
        Assert.That(await _bench.DeclineAsync("o1"), Is.EqualTo(DeclineCode.Waiting));
        Assert.That((await NoteAsync()).Note.Generation, Is.GreaterThanOrEqualTo(late.Note.Generation + PutBack.Leap));
        var entry = (await Log.ReadAsync(new LogQuery())).Single(row => row.Entry.Kind == PutBack.Kind).Entry;
        Assert.That(entry.Detail, Does.Contain("terminal T-1").And.Contain("\"orders\":3"));
    }

    [Test]
    public async Task TheSameLoss_ToldAgainAndByOthers_IsTakenOnce_AndANewLossIsNot()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        await CopyAsync();
        await AppendAsync("Lost");
        var lost = await NoteAsync();
        await AppendAsync("Lost");
        var more = await NoteAsync();
        await PutBackAsync();
        Assert.That((await History.HearAsync(T1, lost)).IsNews, Is.True);
        Assert.That(await _bench.ReconcileAsync("o1", new Reconciliation.GoesOn(null, OrderProgress.None)), Is.EqualTo(DeskOutcome.Done));

        foreach (var (terminal, note) in new[] { (T1, lost), (T2, more), (T2, lost) })
            Assert.That(await History.HearAsync(terminal, note), Has.Property(nameof(NoteHeard.IsNews)).False.And.Property(nameof(NoteHeard.Finding)).Not.EqualTo(HistoryFinding.Known));
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Ready), "people have settled it");

        await _bench.RestartAsync();
        await CopyAsync();
        await AppendAsync("Lost too");
        var again = await NoteAsync();
        await PutBackAsync();
        Assert.That(await History.HearAsync(T1, again), Is.EqualTo(new NoteHeard(HistoryFinding.Ahead, true, 1)));
    }

    [Test]
    public async Task PutBack_ThatWentOnUnnoticed_IsAFork()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        await CopyAsync();
        await AppendAsync("Told");
        var told = await NoteAsync();
        await PutBackAsync();
        for (var other = 0; other < 5; other++) await AppendAsync("Other");

        Assert.That(await History.HearAsync(T1, told), Is.EqualTo(new NoteHeard(HistoryFinding.Forked, true, 1)));
    }

    [Test]
    public async Task TailOfTheLog_CutOff_IsFound()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        await AppendAsync("Kept");
        await AppendAsync("Cut");
        var told = await NoteAsync();
        await _bench.Database.ExecuteAsync("DROP TRIGGER log_entries_stay");
        await _bench.Database.ExecuteAsync($"DELETE FROM log_entries WHERE sequence >= {told.Note.Sequence}");
        EngineStatements.Reseal(Path.Combine(_bench.Directory, "center.db"), _bench.Keys);

        Assert.That(await History.HearAsync(T1, told), Is.EqualTo(new NoteHeard(HistoryFinding.Ahead, true, 1)));
    }

    [Test]
    public async Task Store_MadeAnew_IsFound()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        var told = Verified((await NoteAsync()).Note with { Store = ByteString.Own(new byte[16]) });

        Assert.That(await History.HearAsync(T1, told), Is.EqualTo(new NoteHeard(HistoryFinding.OtherStore, true, 1)));
        Assert.That(await History.HearAsync(T2, told), Is.EqualTo(new NoteHeard(HistoryFinding.OtherStore)));
    }

    [Test]
    public async Task SessionOfAnotherTerminal_WithAClaim_LosesItWhenThePutBackIsFound()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        await CopyAsync();
        await AppendAsync("Lost");
        var lost = await NoteAsync();
        await PutBackAsync();
        var claim = await _bench.ClaimedAsync("o1", "t2");

        await History.HearAsync(T1, lost);

        Assert.That(await _bench.Orders.SaveAsync(claim.Order, claim.Fence, new OrderChange.Authenticating(StoreBench.Card(1))), Is.InstanceOf<SaveOutcome.ClaimLost>());
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Quarantined));
    }

    [Test]
    public async Task ImportedWhileUnsettled_IsQuarantined_AndNewOnesAreReadyAfterwards()
    {
        await CopyAsync();
        await _bench.ImportAsync(_bench.New("o1"));
        await _bench.IssueAsync("o1", StoreBench.Card(1));
        var lost = await NoteAsync();
        await PutBackAsync();
        Assert.That(await History.HearAsync(T1, lost), Is.EqualTo(new NoteHeard(HistoryFinding.Ahead, true, 0)));

        await _bench.ImportAsync(_bench.New("o1"));

        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Quarantined));
        Assert.That((await _bench.Desk.PutBackAsync())!, Has.Property(nameof(PutBackView.Orders)).EqualTo(0).And.Property(nameof(PutBackView.Quarantined)).EqualTo(1));
        Assert.That(await _bench.DoAsync(new CenterAct.SettlePutBack()), Is.EqualTo(DeskOutcome.DoesNotFit));
        Assert.That(await _bench.ReconcileAsync("o1", new Reconciliation.WasIssued(StoreBench.Card(1))), Is.EqualTo(DeskOutcome.Done));
        Assert.That(await _bench.DoAsync(new CenterAct.SettlePutBack()), Is.EqualTo(DeskOutcome.Done));
        await _bench.ImportAsync(_bench.New("o2", "c2"));
        Assert.That((await _bench.ViewAsync("o2")).State, Is.EqualTo(OrderState.Ready));
        Assert.That(await _bench.Desk.PutBackAsync(), Is.Null);
    }

    [Test]
    public async Task ExportedCheckpoint_ThatKnowsMore_IsFoundWhenTheStoreIsOpened_AndOnce([Values] bool forked)
    {
        await _bench.ImportAsync(_bench.New("o1"));
        await CopyAsync(exported: false);
        await AppendAsync("Vouched for");
        _bench.Time.Advance(TimeSpan.FromMinutes(1));
        await Log.CheckpointAsync();
        _bench.Time.Advance(TimeSpan.FromMinutes(1));
        if (forked) await GoOnAsync();
        else await PutBackAsync(exported: false);

        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Quarantined));
        Assert.That((await _bench.Desk.PutBackAsync())!.FoundBy, Is.EqualTo("checkpoint 1"));
        await _bench.ReconcileAsync("o1", new Reconciliation.GoesOn(null, OrderProgress.None));
        await _bench.RestartAsync();
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Ready), "that checkpoint tells nothing new");
    }

    /// <summary>The folder is put back and goes on while the exported checkpoints are away; then they are there again.</summary>
    private async Task GoOnAsync()
    {
        var (exported, away) = (Path.Combine(_bench.Directory, "exported"), _copy + "-away");
        Directory.Move(exported, away);
        await PutBackAsync(exported: false);
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Ready), "nothing knows more");
        for (var other = 0; other < 3; other++) await AppendAsync("Other");
        Directory.Move(away, exported);
        await _bench.RestartAsync();
    }

    [Test]
    public async Task CheckpointsAfterAPutBack_HaveNumbersAboveThoseThatAreLost_SoTheNextPutBackIsFoundToo([Values] bool foundByCheckpoint)
    {
        await _bench.ImportAsync(_bench.New("o1"));
        await CheckpointsAsync(1);
        await CopyAsync(exported: false);
        await CheckpointsAsync(2);
        var lost = await ExportedAsync();
        if (foundByCheckpoint) await PutBackAsync(exported: false);
        else await PutBackFoundByATerminalAsync();
        await _bench.ReconcileAsync("o1", new Reconciliation.GoesOn(null, OrderProgress.None));

        Assert.That((await Log.CheckpointAsync()).Number, Is.EqualTo(4), "2 and 3 are lost");
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Ready), "those that are lost tell nothing new");
        Assert.That((await ExportedAsync()).Take(3), Is.EqualTo(lost), "none is written over");
        Assert.That((await Log.VerifyAsync(LogCheckpoint.Load(_bench.Log.CheckpointDirectory))).Findings, Is.Empty, "it is known why two are missing");

        await PutBackAsync(exported: false);

        Assert.That((await _bench.Desk.PutBackAsync())!.FoundBy, Is.EqualTo("checkpoint 4"));
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Quarantined));
        Assert.That((await Log.CheckpointAsync()).Number, Is.EqualTo(5));
        Assert.That((await Log.VerifyAsync()).Findings, Is.Empty);
    }

    [Test]
    public async Task ExportedCheckpoints_AwayWhenThePutBackIsServed_AreComparedWithTheNextOne()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        await CopyAsync(exported: false);
        await CheckpointsAsync(2);
        var (exported, away) = (_bench.Log.CheckpointDirectory, _copy + "-away");
        Directory.Move(exported, away);
        await PutBackAsync(exported: false);
        Directory.Move(away, exported);
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Ready), "nobody knows more yet");

        Assert.That((await Log.CheckpointAsync()).Number, Is.EqualTo(3));

        Assert.That((await _bench.Desk.PutBackAsync())!.FoundBy, Is.EqualTo("checkpoint 2"));
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Quarantined));
    }

    private async Task CheckpointsAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            await AppendAsync("Vouched for");
            _bench.Time.Advance(TimeSpan.FromMinutes(1));
            await Log.CheckpointAsync();
        }
        _bench.Time.Advance(TimeSpan.FromMinutes(1));
    }

    private async Task<List<string>> ExportedAsync()
    {
        var files = new List<string>();
        foreach (var file in Directory.GetFiles(_bench.Log.CheckpointDirectory).Order(StringComparer.Ordinal)) files.Add(await File.ReadAllTextAsync(file));
        return files;
    }

    /// <summary>The checkpoints are away while it is found, and there again when the next one is made.</summary>
    private async Task PutBackFoundByATerminalAsync()
    {
        var (exported, away, told) = (_bench.Log.CheckpointDirectory, _copy + "-away", await NoteAsync());
        Directory.Move(exported, away);
        await PutBackAsync(exported: false);
        Assert.That((await History.HearAsync(T1, told)).IsNews, Is.True);
        // What it was told last is this history.
        await History.HearAsync(T1, await NoteAsync());
        Directory.Move(away, exported);
    }

    [Test]
    public async Task ExportedCheckpoint_ThatIsNone_TellsNothing()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        var head = (await NoteAsync()).Note;
        var forged = new LogCheckpoint(7, _bench.Time.GetUtcNow(), [new LogHead(head.Chain, head.Sequence + 9, head.Head)], ByteString.Own(new byte[64]));
        Directory.CreateDirectory(Path.Combine(_bench.Directory, "exported"));
        File.WriteAllBytes(Path.Combine(_bench.Directory, "exported", forged.FileName), forged.ToJson());
        File.WriteAllText(Path.Combine(_bench.Directory, "exported", "checkpoint-9999999999.json"), "no JSON");

        await _bench.RestartAsync();

        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Ready));
        Assert.That(await _bench.Desk.PutBackAsync(), Is.Null);
    }

    [Test]
    public async Task Verification_UsesWhatTerminalsToldLast()
    {
        await CopyAsync();
        await AppendAsync("Told");
        await History.HearAsync(T1, await NoteAsync());
        var told = await NoteAsync();
        var whole = await Log.VerifyAsync();
        Assert.That((whole.Findings.Count, whole.Witnesses), Is.EqualTo((0, 1)));
        await PutBackAsync();
        Assert.That((await Log.VerifyAsync()).Findings, Is.Empty, "nobody has told yet");

        await History.HearAsync(T2, told);

        var finding = (await Log.VerifyAsync()).Findings.Single();
        Assert.That(finding.Kind, Is.EqualTo(LogFindingKind.Rewritten).Or.EqualTo(LogFindingKind.Cut));
        Assert.That(finding.Text, Does.Contain("terminal T-2"));
        await History.HearAsync(T2, await NoteAsync());
        Assert.That((await Log.VerifyAsync()).Findings, Is.Empty, "it was told since how the log goes on");
    }
}
