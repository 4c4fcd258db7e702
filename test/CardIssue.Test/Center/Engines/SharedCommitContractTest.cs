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

    private async Task ReopenAsync(int maxWaiting = 4_096)
    {
        if (_database is not null) await _database.DisposeAsync();
        var options = _under.Options;
        options.MaxWaiting = maxWaiting;
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
