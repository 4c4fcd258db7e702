using CardIssue.Center.Storage;

namespace CardIssue.Test.Center.Engines;

/// <summary>What a file promises beside the contract: nothing of what was deleted stays in it.</summary>
public sealed class SqliteFileTest
{
    private EngineUnderTest _under = null!;
    private IStoreEngine _engine = null!;

    [SetUp]
    public void Open()
    {
        _under = EngineUnderTest.Of(EngineKind.Sqlite);
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
    public void Deleted_Compact_IsGoneFromTheFiles()
    {
        const string Secret = "a customer's data that nobody is to find";
        Add(Secret);
        Write("DELETE FROM things");
        _engine.Compact();
        Assert.That(Holds(Secret), Is.False);
    }

    [Test]
    public void SomebodyReadsAnOlderState_Compact_SaysSoAndDoesNotWaitForLong_AndLaterItIsDone()
    {
        const string Secret = "a customer's data that nobody is to find";
        Add(Secret);
        _engine.Read(connection =>
        {
            Assert.That(new StoreView(connection).Number("SELECT count(*) FROM things"), Is.EqualTo(1));
            Write("DELETE FROM things");
            var busy = Assert.Throws<StoreException>(() => _engine.Compact());
            Assert.That(busy!.Fault, Is.EqualTo(StoreFault.Busy));
            Assert.That(busy.Message, Does.Contain("somebody reads"));
            Add("meanwhile");
            return 0;
        });
        _engine.Compact();
        Assert.That((Holds(Secret), Count()), Is.EqualTo((false, 1)));
    }

    private bool Holds(string text) => Directory.GetFiles(_under.Directory, "center.db*").Any(file =>
    {
        using var read = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[read.Length];
        read.ReadExactly(bytes);
        return bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(text)) >= 0;
    });

    private void Add(string name) => Write("INSERT INTO things (name) VALUES ($name)", ("$name", name));

    private long Count() => _engine.Read(connection => new StoreView(connection).Number("SELECT count(*) FROM things"));

    private void Write(string sql, params (string Name, object? Value)[] values) => _engine.Write(connection => Sql.Execute(connection, sql, values));
}
