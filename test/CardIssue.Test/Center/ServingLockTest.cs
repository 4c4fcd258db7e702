using CardIssue.Center.Storage;

namespace CardIssue.Test.Center;

/// <summary>Who asks whether a directory is served keeps nobody from serving it, and takes nobody for a center.</summary>
[Parallelizable]
public sealed class ServingLockTest
{
    private string _folder = "", _path = "";

    [SetUp]
    public void MakeFolder()
    {
        _folder = Directory.CreateTempSubdirectory("cardissue-").FullName;
        _path = Path.Combine(_folder, "serve.lock");
    }

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task Started_WhileOthersAsk_Serves_AndTheyAgree()
    {
        using (var before = new ServingLock(_path)) before.Take();
        using var end = new CancellationTokenSource();
        var asking = Task.Run(() =>
        {
            var status = new ServingLock(_path);
            while (!end.IsCancellationRequested) status.IsHeld();
        });
        for (var i = 0; i < 100; i++)
        {
            using var center = new ServingLock(_path);
            Assert.That(center.Take, Throws.Nothing, $"start {i}");
        }
        await end.CancelAsync();
        await asking;
    }

    [Test]
    public void AskedByTwoAtOnce_NeitherIsTakenForACenter()
    {
        using (var before = new ServingLock(_path)) before.Take();
        // As long as one has a look at it.
        using var look = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.Read);
        using var status = new ServingLock(_path);
        Assert.That(status.IsHeld(), Is.False);
    }

    [Test]
    public void HeldByAnother_IsServed_AndTellsSo()
    {
        using var center = new ServingLock(_path);
        center.Take();
        using var second = new ServingLock(_path);
        Assert.That((center.IsHeld(), second.IsHeld()), Is.EqualTo((true, true)));
        Assert.That(second.Take, Throws.TypeOf<StoreException>().With.Property("Fault").EqualTo(StoreFault.Served).And.Message.Contains("is served already"));
    }
}
