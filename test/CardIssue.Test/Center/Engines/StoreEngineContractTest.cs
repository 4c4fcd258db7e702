using System.Data.Common;
using CardIssue.Center.Storage;

namespace CardIssue.Test.Center.Engines;

/// <summary>What <see cref="IStoreEngine"/> promises, of every kind of engine: the transactions themselves.</summary>
[TestFixtureSource(nameof(Kinds))]
public sealed class StoreEngineContractTest(EngineKind kind)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private EngineUnderTest _under = null!;
    private IStoreEngine _engine = null!;

    private static EngineKind[] Kinds => Enum.GetValues<EngineKind>();

    [SetUp]
    public void Open()
    {
        _under = EngineUnderTest.Of(kind);
        _engine = _under.Open(_under.Options);
        Write("CREATE TABLE things (name TEXT PRIMARY KEY)");
    }

    [TearDown]
    public void Close()
    {
        _engine.Dispose();
        _under.Dispose();
    }

    [Test]
    public void Written_OpenedAgain_IsThere()
    {
        Add("a");
        _engine.Dispose();
        _engine = _under.Open(_under.Options);
        Assert.That(Count(), Is.EqualTo(1));
    }

    [Test]
    public void Written_IsCounted_AndWhatFailsIsNot()
    {
        var before = _engine.Commits;
        Add("a");
        Assert.Throws<InvalidOperationException>(() => _engine.Write<int>(connection =>
        {
            Sql.Execute(connection, "INSERT INTO things (name) VALUES ('b')");
            throw new InvalidOperationException("a part of the center fails");
        }));
        Assert.That((_engine.Commits - before, Count()), Is.EqualTo((1, 1)), "all of it is undone");
        Add("b");
        Assert.That(Count(), Is.EqualTo(2), "and the next is not in the way");
    }

    [Test]
    public void Reading_BesideAWriter_SeesWhatIsCommitted_AndOneStateFromItsBeginToItsEnd()
    {
        Add("a");
        _engine.Write(connection =>
        {
            Sql.Execute(connection, "INSERT INTO things (name) VALUES ('b')");
            Assert.That(Task.Run(Count).Wait(Longest), Is.True, "a reader does not wait for the writer");
            Assert.That(Task.Run(Count).Result, Is.EqualTo(1));
            return 0;
        });
        _engine.Read(connection =>
        {
            var first = Count(connection);
            Assert.That(Task.Run(() => Add("c")).Wait(Longest), Is.True, "nor the writer for a reader");
            Assert.That((first, Count(connection)), Is.EqualTo((2, 2)));
            return 0;
        });
        Assert.That(Count(), Is.EqualTo(3));
    }

    [Test]
    public void Readers_AtOnce_DoNotWaitForEachOther()
    {
        using var both = new Barrier(2);
        var reading = Enumerable.Range(0, 2).Select(_ => Task.Run(() => _engine.Read(_ => both.SignalAndWait(Longest)))).ToArray();
        Assert.That(Task.WhenAll(reading).Wait(2 * Longest) && reading.All(read => read.Result), Is.True);
    }

    [Test]
    public void Reading_Writes_AreRefused() =>
        Assert.Catch(() => _engine.Read(connection => Sql.Execute(connection, "INSERT INTO things (name) VALUES ('a')")));

    [Test]
    public void AnotherProcessWrites_Write_IsBusyAfterTheTimeForIt_AndDoneWhenItEnds()
    {
        using (_under.Hold())
        {
            var fault = Assert.Throws<StoreException>(() => Add("a"));
            Assert.That(fault!.Fault, Is.EqualTo(StoreFault.Busy));
            Assert.That(Count(), Is.Zero, "reading goes on");
        }
        Add("a");
        Assert.That(Count(), Is.EqualTo(1));
    }

    [Test]
    public void NoRoom_Write_SaysSoAndNothingOfItIsThere_AndWithRoomItIs()
    {
        Add("a");
        using (_under.Fill(_engine))
        {
            var fault = Assert.Throws<StoreException>(() => _engine.Write(connection =>
            {
                for (var i = 0; i < 100; i++) Sql.Execute(connection, "INSERT INTO things (name) VALUES ($name)", ("$name", new string('x', 4_000) + i));
                return 0;
            }));
            Assert.That(fault!.Fault, Is.EqualTo(StoreFault.Full));
            Assert.That(Count(), Is.EqualTo(1));
        }
        Add("b");
        Assert.That(Count(), Is.EqualTo(2));
    }

    [Test]
    public void BrokenConstraint_EndsNoTransaction_AndNoRoomDoes()
    {
        Add("a");
        _engine.Write(connection =>
        {
            Sql.Execute(connection, "SAVEPOINT one");
            var error = Assert.Catch(() => Sql.Execute(connection, "INSERT INTO things (name) VALUES ('a')"))!;
            Assert.That(_engine.EndsTransaction(error), Is.False);
            Sql.Execute(connection, "ROLLBACK TO one");
            Sql.Execute(connection, "INSERT INTO things (name) VALUES ('b')");
            return 0;
        });
        Assert.That(Count(), Is.EqualTo(2));
        using var full = _under.Fill(_engine);
        Exception? ended = null;
        Assert.Catch(() => _engine.Write(connection =>
        {
            try
            {
                return Sql.Execute(connection, "INSERT INTO things (name) VALUES ($name)", ("$name", new string('x', 400_000)));
            }
            catch (DbException error)
            {
                ended = error;
                throw;
            }
        }));
        Assert.That(ended, Is.Not.Null);
        Assert.That(_engine.EndsTransaction(ended!), Is.True);
    }

    [Test]
    public void Copied_WhileOthersWrite_IsOneStateOfBefore()
    {
        AddTry(1);
        var path = Path.Combine(_under.Directory, "copy");
        File.Create(path).Dispose();
        _engine.CopyTo(path, CancellationToken.None);
        AddTry(2);
        Assert.That(EngineUnderTest.CountInCopy(path, "SELECT count(*) FROM code_attempts WHERE terminal = 'T-1'"), Is.EqualTo(1));
        Assert.That(Directory.GetFiles(_under.Directory, "copy*"), Is.EqualTo(new[] { path }), "one file");
    }

    private void Add(string name) => _engine.Write(connection => Sql.Execute(connection, "INSERT INTO things (name) VALUES ($name)", ("$name", name)));

    private void AddTry(long at) => Write($"INSERT INTO code_attempts (customer, terminal, at) VALUES ('ann', 'T-1', {at})");

    private void Write(string sql) => _engine.Write(connection => Sql.Execute(connection, sql));

    private long Count() => _engine.Read(Count);

    private static long Count(DbConnection connection) => new StoreView(connection).Number("SELECT count(*) FROM things");
}
