using System.Text;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;
using CardIssue.Test.Hosts;

namespace CardIssue.Test.Center;

public sealed class LogCheckpointTest
{
    private static readonly LogCheckpoint Good = new(
        3, DateTimeOffset.UnixEpoch, [new LogHead("center", 7, ByteString.Own(new byte[32]))], ByteString.Own(new byte[64]));

    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("cardissue-checkpoint-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestCase("\"instance\": \"center\"", "\"instance\": null")]
    [TestCase("\"instance\": \"center\"", "\"instance\": \"\\ud800\"")]
    [TestCase("\"signature\": \"0", "\"signature\": \"x")]
    [TestCase("\"number\": 3", "\"number\": 3.5")]
    public void ValueThatIsNone_Read_IsNoCheckpoint(string right, string wrong)
    {
        var json = Encoding.UTF8.GetString(Good.ToJson());
        Assert.That(json, Does.Contain(right));
        Assert.That(() => LogCheckpoint.FromJson(Encoding.UTF8.GetBytes(json.Replace(right, wrong, StringComparison.Ordinal))),
            Throws.TypeOf<FormatException>().With.Message.StartsWith("this is no checkpoint of the log: "));
    }

    [Test]
    public void AnyValueOfAnotherKind_Read_IsNoCheckpointOrOneThatCanBeSigned()
    {
        foreach (var (what, json) in BadFiles.Changed(Encoding.UTF8.GetString(Good.ToJson())))
        {
            try
            {
                Assert.That(LogCheckpoint.FromJson(Encoding.UTF8.GetBytes(json)).SignedBytes(), Is.Not.Empty, what);
            }
            catch (FormatException e)
            {
                Assert.That(e.Message, Does.StartWith("this is no checkpoint"), what);
            }
        }
    }

    [TestCase("empty"), TestCase("pipe"), TestCase("garbage")]
    public void FileThatIsNone_Load_IsNamedAndNotWaitedFor(string kind)
    {
        if (kind == "pipe" && OperatingSystem.IsWindows()) return;
        var path = Path.Combine(_folder, "checkpoint-0000000001.json");
        BadFiles.Make(kind, path);
        Assert.That(() => LogCheckpoint.Load(path), Throws.TypeOf<FormatException>().With.Message.Contains(path));
        Assert.That(() => LogCheckpoint.Load(_folder), Throws.TypeOf<FormatException>().With.Message.Contains(path));
    }

    [Test]
    public async Task ByteOrderMark_Load_IsSkipped()
    {
        var path = Path.Combine(_folder, "checkpoint-0000000001.json");
        await File.WriteAllBytesAsync(path, [0xEF, 0xBB, 0xBF, .. Good.ToJson()]);
        Assert.That(LogCheckpoint.Load(path), Is.EqualTo(Good));
    }
}
