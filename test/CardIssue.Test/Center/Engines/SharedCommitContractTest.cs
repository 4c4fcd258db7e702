using CardIssue.Center.Log;
using CardIssue.Center.Storage;

namespace CardIssue.Test.Center.Engines;

/// <summary>What the store promises its callers in every kind of engine: commits that many share, each with a savepoint of its own.</summary>
[TestFixtureSource(nameof(Kinds))]
public sealed class SharedCommitContractTest(EngineKind kind)
{
    private readonly LogKeys _keys = new();
    private EngineUnderTest _under = null!;
    private IStoreEngine _engine = null!;
    private CenterDatabase _database = null!;

    private static EngineKind[] Kinds => Enum.GetValues<EngineKind>();

    private LogOptions Log => new() { Directory = Path.Combine(_under.Directory, "log"), Instance = "h1" };

    [SetUp]
    public async Task OpenAsync()
    {
        _under = EngineUnderTest.Of(kind);
        await ReopenAsync();
        await _database.WriteAsync(store => store.Execute("CREATE TABLE things (name TEXT PRIMARY KEY)"), default);
    }

    [TearDown]
    public async Task CloseAsync()
    {
        await _database.DisposeAsync();
        _under.Dispose();
    }

    /// <summary>Patient: a database ends who stands still within a commit for half of that time, which tests do.</summary>
    private async Task ReopenAsync(int maxWaiting = 4_096, int busySeconds = 10)
    {
        if (_database is not null) await _database.DisposeAsync();
        var options = _under.Options;
        (options.MaxWaiting, options.BusyTimeout) = (maxWaiting, TimeSpan.FromSeconds(busySeconds));
        _database = await CenterDatabase.OpenAsync(options, Log, _keys, TimeProvider.System, store => _engine = _under.Open(store), CancellationToken.None);
    }

    [Test]
    public async Task ManyWait_ShareOneCommit_InTheirOrder()
    {
        var before = _database.Commits;
        using var turn = Block();
        var writing = Enumerable.Range(0, 20).Select(i => Add($"{i:D2}")).ToArray();
        turn.End();
        var generations = await Task.WhenAll(writing);
        Assert.That(_database.Commits - before, Is.EqualTo(2), "one for what was under way, one for all that waited");
        Assert.That(generations.Distinct().Count(), Is.EqualTo(1));
        Assert.That(await NamesAsync(), Is.EqualTo(Enumerable.Range(0, 20).Select(i => $"{i:D2}")), "in the order that they came");
        Assert.That(await SequencesAsync(), Is.EqualTo(Enumerable.Range(1, 20).Select(i => (long)i)), "and so they are logged");
    }

    [Test]
    public async Task OneOfMany_Fails_OnlyItsOwnPartIsUndone([Values] bool byTheEngine)
    {
        using var turn = Block();
        var first = Add("a");
        var failing = _database.WriteAsync(store =>
        {
            store.Execute("INSERT INTO things (name) VALUES ('b')");
            store.Log("test", "Lost", new { });
            store.Restart(store.Generation + 1_000);
            return byTheEngine ? store.Execute("INSERT INTO things (name) VALUES ('a')") : throw new InvalidOperationException("its own fault");
        }, default);
        var last = Add("c");
        turn.End();
        Assert.That(await last, Is.EqualTo(await first), "one commit, whose number is none that was undone");
        Assert.That(await Assert.CatchAsync(() => failing), Is.Not.InstanceOf<StoreException>(), "a fault of its caller, not of the store");
        Assert.That(await NamesAsync(), Is.EqualTo(new[] { "a", "c" }));
        Assert.That((await new StoredLog(_database, Log, _keys, TimeProvider.System).VerifyAsync()).Findings, Is.Empty);
        Assert.That(await SequencesAsync(), Is.EqualTo(new[] { 1L, 2L }));
    }

    [TestCase("before anything is sent")]
    [TestCase("behind a look")]
    [TestCase("by a name that is there")]
    public async Task OneOfMany_FailsWithWhatWasLeftForLater_OnlyItsOwnPartIsUndone(string how)
    {
        using var turn = Block();
        var first = Add("a");
        var failing = _database.WriteAsync<int>(store =>
        {
            store.Later("INSERT INTO things (name) VALUES ($name)", rows: 1, ("$name", "b"));
            store.Log("test", "Lost", new { });
            if (how == "behind a look") Assert.That(store.Number("SELECT count(*) FROM things"), Is.EqualTo(2), "what was said before is done before");
            if (how != "by a name that is there") throw new InvalidOperationException("its own fault");
            store.Later("INSERT INTO things (name) VALUES ('a')", rows: 1);
            return 0;
        }, default);
        var last = Add("c");
        turn.End();
        Assert.That(await last, Is.EqualTo(await first));
        Assert.That(await Assert.CatchAsync(() => failing), Is.Not.InstanceOf<StoreException>(), "a fault of its caller, not of the store");
        Assert.That(await NamesAsync(), Is.EqualTo(new[] { "a", "c" }));
        Assert.That((await new StoredLog(_database, Log, _keys, TimeProvider.System).VerifyAsync()).Findings, Is.Empty);
        Assert.That(await SequencesAsync(), Is.EqualTo(new[] { 1L, 2L }));
    }

    [Test]
    public async Task LeftForLater_ChangesOtherRowsThanItShould_IsAltered()
    {
        var error = await Assert.ThrowsAsync<StoreException>(() => _database.WriteAsync(store =>
        {
            store.Later("INSERT INTO things (name) VALUES ('a')", rows: 1);
            store.Later("UPDATE things SET name = 'c' WHERE name = $name", rows: 1, ("$name", "b"));
            return 0;
        }, default));
        Assert.That(error!.Fault, Is.EqualTo(StoreFault.Altered));
        Assert.That(await NamesAsync(), Is.Empty);
    }

    /// <summary>The seal of a changed row is made of what the database will have, before it has it.</summary>
    [Test]
    public async Task RowOfASealedTable_Changed_FitsItsSeal([Values("words", "", "up to\0here", "half a \ud83d pair", null)] string? text)
    {
        await _database.WriteAsync(store => store.Insert(SealedTable.Terminals, """
            INSERT INTO terminals (terminal, lines, networks, credential_key, agreement_key, key_version, enabled, updated_at, revision)
            VALUES ('t1', '1', '127.0.0.1/32', $key, $key, 1, 1, $now, 1)
            """, ("$key", new byte[] { 1, 2 }), ("$now", store.Now)), default);
        await _database.WriteAsync(store =>
        {
            Assert.That(store.UpdateRow(SealedTable.Terminals, "t1", ("held_for", text), ("held_since", store.Now), ("certificate", new byte[] { 3 })), Is.True);
            return store.UpdateRow(SealedTable.Terminals, "t1", ("key_version", 2), ("enabled", false), ("certificate", null), ("held_for", text));
        }, default);
        var row = await _database.ReadAsync(store => store.Row(SealedTable.Terminals, "t1",
            it => new { Text = it.Text("held_for"), Version = it.Int("key_version"), Enabled = it.Int("enabled"), Certificate = it.Bytes("certificate") }), default);
        Assert.That((row!.Version, row.Enabled, row.Certificate), Is.EqualTo((2, 0, (CardIssue.Core.Primitives.ByteString?)null)));
        Assert.That(row.Text, Is.EqualTo(text?.Split('\0')[0].Replace('\ud83d', '\ufffd')));
        Assert.That(await _database.LookAtRowsAsync(default), Is.Empty, "and the sum of the table is what its rows come to");
        Assert.That(await _database.WriteAsync(store => store.UpdateRow(SealedTable.Terminals, "t2", ("enabled", true)), default), Is.False);
    }

    /// <summary>What is written together is taken back alone, also where a part that fails has written what the parts before it added.</summary>
    [Test]
    public async Task OneOfMany_FailsBehindALookAtTheLog_EntriesOfTheOthersAreThere([Values] bool looks)
    {
        using var turn = Block();
        var writing = new List<Task<long>> { Add("a"), Add("b") };
        var failing = _database.WriteAsync<int>(store =>
        {
            store.Log("test", "Lost", new { });
            if (looks) Assert.That(store.Number("SELECT count(*) FROM log_entries"), Is.EqualTo(3), "what was added is seen");
            store.Log("test", "LostToo", new { });
            throw new InvalidOperationException("its own fault");
        }, default);
        writing.Add(_database.WriteAsync(store =>
        {
            for (var i = 0; i < 41; i++) store.Log("test", "Added", new { i });
            return store.Generation;
        }, default));
        turn.End();
        Assert.That((await Task.WhenAll(writing)).Distinct().Count(), Is.EqualTo(1));
        Assert.That(await Assert.CatchAsync(() => failing), Is.InstanceOf<InvalidOperationException>());
        Assert.That((await new StoredLog(_database, Log, _keys, TimeProvider.System).VerifyAsync()).Findings, Is.Empty);
        Assert.That(await SequencesAsync(), Is.EqualTo(Enumerable.Range(1, 43).Select(i => (long)i)));
    }

    /// <summary>An engine that takes the first of them alone would leave the rest undone, and say nothing.</summary>
    [Test]
    public async Task TwoStatementsInOneText_AreRefused()
    {
        await Add("a");
        await Assert.CatchAsync(() => _database.WriteAsync(store => store.Execute("DELETE FROM things WHERE name = 'a'; DELETE FROM things"), default));
        Assert.That(await _database.ReadAsync(store => store.Number("SELECT count(*) FROM things"), default), Is.EqualTo(1));
    }

    /// <summary>A row that is changed several times is written once, and seen as it is by each statement.</summary>
    [Test]
    public async Task RowOfASealedTable_ChangedAgainAndAgain_IsSeenAsItIs_AndAPartThatFailsChangesNothing()
    {
        await _database.WriteAsync(store => store.Insert(SealedTable.Terminals, """
            INSERT INTO terminals (terminal, lines, networks, credential_key, agreement_key, key_version, enabled, updated_at, revision)
            VALUES ('t1', '1', '127.0.0.1/32', $key, $key, 1, 1, $now, 1)
            """, ("$key", new byte[] { 1, 2 }), ("$now", store.Now)), default);
        using var turn = Block();
        var changing = _database.WriteAsync(store =>
        {
            store.UpdateRow(SealedTable.Terminals, "t1", ("key_version", 2));
            store.UpdateRow(SealedTable.Terminals, "t1", ("key_version", 3), ("enabled", false));
            Assert.That(store.Row(SealedTable.Terminals, "t1", row => row)!.Int("key_version"), Is.EqualTo(3));
            Assert.That(store.Number("SELECT key_version FROM terminals"), Is.EqualTo(3));
            Assert.That(store.Update(SealedTable.Terminals, "revision = 7", "enabled = 0"), Is.EqualTo(1));
            return store.UpdateRow(SealedTable.Terminals, "t1", ("key_version", 4));
        }, default);
        var failing = _database.WriteAsync<int>(store =>
        {
            store.UpdateRow(SealedTable.Terminals, "t1", ("key_version", 5));
            throw new InvalidOperationException("its own fault");
        }, default);
        turn.End();
        Assert.That(await changing, Is.True);
        Assert.That(await Assert.CatchAsync(() => failing), Is.InstanceOf<InvalidOperationException>());
        var row = await _database.LookAsync(store => store.Row(SealedTable.Terminals, "t1", it => new { Version = it.Int("key_version"), Revision = it.Int("revision") }), default);
        Assert.That((row!.Version, row.Revision), Is.EqualTo((4, 7)));
        Assert.That(await _database.LookAtRowsAsync(default), Is.Empty, "and the sum of the table is what its rows come to");
    }

    [Test]
    public async Task AllOfThem_Fail_NothingIsCommitted()
    {
        var (before, generation) = (_database.Commits, await GenerationAsync());
        for (var i = 0; i < 3; i++)
            await Assert.ThrowsAsync<InvalidOperationException>(() => _database.WriteAsync<int>(_ => throw new InvalidOperationException("its own fault"), default));
        Assert.That((_database.Commits, await GenerationAsync()), Is.EqualTo((before, generation)));
    }

    [Test]
    public async Task NoRoom_EndsTheWholeCommit_AndNoneIsToldThatItIsSaved()
    {
        await Add("a");
        Task<long>[] writing;
        using (_under.Fill(_engine))
        {
            using var turn = Block(writes: false);
            writing = [Add("b"), Add(new string('x', 400_000)), Add("c")];
            turn.End();
            foreach (var one in writing) Assert.That((await Assert.ThrowsAsync<StoreException>(() => one))!.Fault, Is.EqualTo(StoreFault.Full));
        }
        Assert.That(await NamesAsync(), Is.EqualTo(new[] { "a" }));
        await Add("b");
        Assert.That(await NamesAsync(), Is.EqualTo(new[] { "a", "b" }));
    }

    [Test]
    public async Task AnotherProcessWrites_IsBusy_AndNothingIsLost()
    {
        await ReopenAsync(busySeconds: 1);
        using (_under.Hold()) Assert.That((await Assert.ThrowsAsync<StoreException>(() => Add("a")))!.Fault, Is.EqualTo(StoreFault.Busy));
        await Add("a");
        Assert.That(await NamesAsync(), Is.EqualTo(new[] { "a" }));
    }

    [Test]
    public async Task Generation_RisesWithEachCommit_AndGoesOnAfterARestart()
    {
        var first = await Add("a");
        var second = await Add("b");
        var (id, generation) = (_database.StoreId, await GenerationAsync());
        Assert.That((second, generation), Is.EqualTo((first + 1, second)));
        await ReopenAsync();
        Assert.That((_database.StoreId, await GenerationAsync(), _database.RestoredFrom), Is.EqualTo((id, generation, (DateTimeOffset?)null)));
        Assert.That(await Add("c"), Is.EqualTo(second + 1));
        await _database.WriteAsync(store => { store.Restart(generation + 50); return 0; }, default);
        Assert.That(await Add("d"), Is.EqualTo(generation + 51));
    }

    [Test]
    public async Task TooManyWait_IsRefused_AndTakenBackWhileItWaits_IsNotDone()
    {
        await ReopenAsync(maxWaiting: 2);
        using var taken = new CancellationTokenSource();
        using var turn = Block();
        var cancelled = _database.WriteAsync(store => store.Execute("INSERT INTO things (name) VALUES ('taken back')"), taken.Token);
        var waits = Add("a");
        Assert.That((await Assert.ThrowsAsync<StoreException>(() => Add("too many")))!.Fault, Is.EqualTo(StoreFault.Busy));
        await taken.CancelAsync();
        turn.End();
        await Assert.CatchAsync<OperationCanceledException>(() => cancelled);
        await waits;
        Assert.That(await NamesAsync(), Is.EqualTo(new[] { "a" }));
    }

    [Test]
    public async Task Reading_SeesNoPartOfACommit()
    {
        using var turn = Block();
        var writing = Add("a");
        Assert.That(await NamesAsync(), Is.Empty);
        turn.End();
        await writing;
        Assert.That(await NamesAsync(), Is.EqualTo(new[] { "a" }));
    }

    [Test]
    public async Task Closed_WhatWaitedIsWritten()
    {
        var turn = Block();
        var writing = Add("a");
        var closing = _database.DisposeAsync();
        turn.End();
        await closing;
        await writing;
        await ReopenAsync();
        Assert.That(await NamesAsync(), Is.EqualTo(new[] { "a" }));
    }

    /// <summary>Adds a thing and says so in the log; gives the number of the commit.</summary>
    private Task<long> Add(string name) => _database.WriteAsync(store =>
    {
        store.Execute("INSERT INTO things (name) VALUES ($name)", ("$name", name));
        store.Log("test", "Added", new { });
        return store.Generation;
    }, default);

    private Task<List<string>> NamesAsync() => _database.ReadAsync(store => store.Query("SELECT name FROM things ORDER BY name", row => (string)row[0]), default);

    private Task<List<long>> SequencesAsync() =>
        _database.ReadAsync(store => store.Query("SELECT sequence FROM log_entries WHERE kind = 'Added' ORDER BY sequence", row => (long)row[0]), default);

    private Task<long> GenerationAsync() => _database.ReadAsync(CenterDatabase.GenerationIn, default);

    /// <summary>Keeps the writer busy until it is told to go on: what comes meanwhile waits.</summary>
    /// <param name="writes">Whether inside of a commit, or between two.</param>
    private Turn Block(bool writes = true)
    {
        var turn = new Turn();
        turn.Over = writes
            ? _database.WriteAsync(store => turn.Wait(), default)
            : _database.BetweenAsync(_ => turn.Wait(), default);
        turn.Begun();
        return turn;
    }

    private sealed class Turn : IDisposable
    {
        private readonly ManualResetEventSlim _begun = new(), _end = new();

        public Task Over { get; set; } = Task.CompletedTask;

        public bool Wait()
        {
            _begun.Set();
            return _end.Wait(TimeSpan.FromSeconds(30));
        }

        public void Begun() => _begun.Wait(TimeSpan.FromSeconds(30));

        public void End() => _end.Set();

        public void Dispose()
        {
            _end.Set();
            Over.Wait();
            _begun.Dispose();
            _end.Dispose();
        }
    }
}
