using System.CommandLine;
using System.Text.Json;
using CardIssue.CommandLine;

namespace CardIssue.Test.Hosts;

/// <summary>How every program ends, whatever its commands do.</summary>
[TestFixture, NonParallelizable]
public sealed class CommandRunTest
{
    private const string Secret = "KINGFISHER-9137";
    private readonly StringWriter _output = new(), _error = new();

    [SetUp]
    public void Forget()
    {
        _output.GetStringBuilder().Clear();
        _error.GetStringBuilder().Clear();
    }

    [OneTimeTearDown]
    public void Close()
    {
        _output.Dispose();
        _error.Dispose();
    }

    [Test]
    public async Task UnexpectedException_Command_IsOneLineWithACodeOfItsOwnAndNothingOfItsWords()
    {
        Assert.That(await RunAsync(() => throw new InvalidOperationException($"{Secret}\n   at")), Is.EqualTo((int)ExitCode.Fault));
        Assert.That(_error.ToString().TrimEnd(), Does.Contain("InvalidOperationException").And.Contain("CARDISSUE_DEBUG").And.Not.Contain(Secret).And.Not.Contain("\n"));
        Assert.That(_output.ToString(), Is.Empty);
    }

    [Test]
    public async Task UnexpectedException_DebugIsAskedFor_ShowsPlacesAndNoWords()
    {
        Environment.SetEnvironmentVariable("CARDISSUE_DEBUG", "1");
        try
        {
            Assert.That(await RunAsync(() => throw new InvalidOperationException(Secret)), Is.EqualTo(7));
        }
        finally
        {
            Environment.SetEnvironmentVariable("CARDISSUE_DEBUG", null);
        }
        Assert.That(_error.ToString(), Does.Contain("   at ").And.Contain(nameof(CommandRunTest)).And.Not.Contain(Secret));
    }

    [Test]
    public async Task AnyFailure_JsonIsAskedFor_IsAnObjectInTheLastLine()
    {
        Assert.That(await RunAsync(() => throw new CommandException(ExitCode.Refused, "not\r\ntoday \u001b[2J"), "--json"), Is.EqualTo(4));
        var answer = JsonSerializer.Deserialize<JsonElement>(_output.ToString());
        Assert.That(answer.GetProperty("ok").GetBoolean(), Is.False);
        Assert.That((answer.GetProperty("exitCode").GetInt32(), answer.GetProperty("error").GetString()), Is.EqualTo((4, "not  today  [2J")));
        Assert.That(_error.ToString().TrimEnd(), Is.EqualTo("not  today  [2J"));
    }

    [Test]
    public async Task WrongUsage_JsonIsAskedFor_IsAnObjectToo()
    {
        Assert.That(await RunAsync(() => { }, "--jsn", "--json"), Is.EqualTo(2));
        Assert.That(JsonSerializer.Deserialize<JsonElement>(_output.ToString()).GetProperty("error").GetString(), Does.Contain("--jsn"));
    }

    [TestCaseSource(nameof(Faults))]
    public async Task KnownException_Command_HasItsCodeAndWords(Exception fault, int code, string words)
    {
        Assert.That(await RunAsync(() => throw fault), Is.EqualTo(code));
        Assert.That(_error.ToString(), Does.Contain(words).And.Not.Contain("   at "));
    }

    private static IEnumerable<TestCaseData> Faults()
    {
        yield return new TestCaseData(new IOException("No space left on device : 'x'", 28), (int)ExitCode.File, "The disk is full; make room").SetArgDisplayNames("ENOSPC");
        yield return new TestCaseData(new IOException("x", unchecked((int)0x80070070)), (int)ExitCode.File, "The disk is full").SetArgDisplayNames("ERROR_DISK_FULL");
        yield return new TestCaseData(new IOException("Read-only file system : 'x'", 30), (int)ExitCode.File, "Read-only").SetArgDisplayNames("EROFS");
        yield return new TestCaseData(new UnauthorizedAccessException("Access to x is denied."), (int)ExitCode.File, "Give this user the right").SetArgDisplayNames("EACCES");
        yield return new TestCaseData(new FormatException("no name"), (int)ExitCode.Usage, "no name").SetArgDisplayNames("format");
        yield return new TestCaseData(new System.Net.Sockets.SocketException(98), (int)ExitCode.Failed, "network").SetArgDisplayNames("socket");
        yield return new TestCaseData(new Core.Lines.LineException(Core.Lines.LineFault.Unreachable, "port taken"), (int)ExitCode.Failed, "port taken").SetArgDisplayNames("line");
        yield return new TestCaseData(new Core.Cards.CardException(Core.Cards.CardFault.ReaderGone, "reader gone"), (int)ExitCode.Failed, "reader gone").SetArgDisplayNames("card");
        yield return new TestCaseData(new OperationCanceledException(), (int)ExitCode.Fault, "A fault of this program").SetArgDisplayNames("cancelled by nobody");
    }

    [Test]
    public async Task OutputThatIsBrokenOrFull_Failure_StillHasItsCode()
    {
        await using var full = new StreamWriter(new FullStream()) { AutoFlush = true };
        var program = Program(() => throw new CommandException(ExitCode.Refused, "no"));
        Assert.That(await CommandRun.RunAsync(program, ["do", "--json"], full, full), Is.EqualTo(4));
        Assert.That(await CommandRun.RunAsync(Program(() => full.WriteLine("answer")), ["do"], full, _error), Is.EqualTo(3));
        Assert.That(_error.ToString(), Does.Contain("The disk is full"));
    }

    [Test]
    public async Task CommandThatCannotBeCancelled_Stopped_IsLeftBehindAfterTheTimeOfGrace()
    {
        using var stop = new CancellationTokenSource();
        using var never = new ManualResetEventSlim();
        var running = CommandRun.RunAsync(Program(() => { stop.Cancel(); never.Wait(); }), ["do"], _output, _error, stop.Token);
        Assert.That(await running.WaitAsync(TimeSpan.FromSeconds(30)), Is.EqualTo(5));
        Assert.That(_error.ToString().TrimEnd(), Is.EqualTo("Interrupted."));
        never.Set();
    }

    [TestCase("conect", "did you mean connect?")]
    [TestCase("CONNECT", "did you mean connect?")]
    [TestCase("colour", "there are connect, reader.")]
    public void UnknownName_Suggest_NamesTheNearestOrAll(string typed, string words) => Assert.That(Nearest.Suggest(typed, ["connect", "reader"]), Is.EqualTo(words));

    private Task<int> RunAsync(Action act, params string[] more) => CommandRun.RunAsync(Program(act), ["do", .. more], _output, _error);

    private static CommandProgram Program(Action act) => new(
        () =>
        {
            var command = new Command("do", "Does it.") { new Option<bool>("--json") };
            command.SetAction(_ =>
            {
                act();
                return 0;
            });
            return new RootCommand("Test") { command };
        },
        _ => null, TimeSpan.FromMilliseconds(100));

    private sealed class FullStream : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count) => throw new IOException("No space left on device", 28);

        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("No space left on device", 28);
    }
}
