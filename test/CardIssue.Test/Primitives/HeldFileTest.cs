using CardIssue.Core.Primitives;

namespace CardIssue.Test.Primitives;

/// <summary>A lock between processes; two that have a file open are told apart by their handles, as processes are.</summary>
[Parallelizable]
public sealed class HeldFileTest
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private string _folder = "", _path = "";

    [SetUp]
    public void MakeFolder()
    {
        _folder = Directory.CreateTempSubdirectory("cardissue-").FullName;
        _path = Path.Combine(_folder, "held");
    }

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void Taken_ByNobodyElse_UntilItIsLetGo_AndTheFileStays()
    {
        Assert.That(HeldFile.IsHeld(_path), Is.False, "there is none yet");
        using (HeldFile.Take(_path, TimeSpan.Zero))
        {
            Assert.That((HeldFile.IsHeld(_path), HeldFile.Take(_path, TimeSpan.Zero)), Is.EqualTo((true, (FileStream?)null)));
        }
        Assert.That((HeldFile.IsHeld(_path), new FileInfo(_path).Length), Is.EqualTo((false, 0L)));
        using var again = HeldFile.Take(_path, TimeSpan.Zero);
        Assert.That(again, Is.Not.Null);
    }

    [Test]
    public void Asked_BySeveralAtOnce_NobodySeesTheOthers()
    {
        HeldFile.Take(_path, TimeSpan.Zero)!.Dispose();
        Parallel.For(0, 4_000, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ => Assert.That(HeldFile.IsHeld(_path), Is.False));
    }

    [Test]
    public async Task Asked_WhileItIsTaken_IsTakenAllTheSame()
    {
        HeldFile.Take(_path, TimeSpan.Zero)!.Dispose();
        using var end = new CancellationTokenSource();
        var asking = Task.Run(() =>
        {
            while (!end.IsCancellationRequested) HeldFile.IsHeld(_path);
        });
        for (var i = 0; i < 200; i++)
        {
            using var taken = HeldFile.Take(_path, Patience);
            Assert.That(taken, Is.Not.Null, $"{i}");
        }
        await end.CancelAsync();
        await asking;
    }

    [Test]
    public async Task WaitedFor_IsTakenWhenItIsLetGo()
    {
        var held = HeldFile.Take(_path, TimeSpan.Zero)!;
        var waiting = Task.Run(() => HeldFile.Take(_path, Patience));
        held.Dispose();
        using var taken = await waiting;
        Assert.That(taken, Is.Not.Null);
    }

    [Test]
    public void CannotBeMade_IsTold_AndNotWaitedFor()
    {
        Assert.That(() => HeldFile.Take(Path.Combine(_folder, "none", "held"), Patience), Throws.InstanceOf<DirectoryNotFoundException>());
        Assert.That(() => HeldFile.Take(_folder, Patience), Throws.InstanceOf<UnauthorizedAccessException>());
    }
}
