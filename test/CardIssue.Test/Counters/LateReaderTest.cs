using CardIssue.Core.Cards;
using CardIssue.TerminalHost;
using CardIssue.TerminalHost.Counter;
using CardIssue.Testing.Cards.Reading;

namespace CardIssue.Test.Counters;

/// <summary>A service's reader that is plugged in after it has started.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class LateReaderTest
{
    private readonly List<string> _missing = [];
    private Exception? _why = OfProgram("Failed", "PC/SC has no reader; connect one.");

    private ReaderAddress Address => new("pcsc", () => _why is null ? new VirtualCardReader() : throw _why);

    [Test]
    public async Task NotThereYet_IsGoneUntilItComes()
    {
        await using var late = LateReader.Open(Address, _missing.Add);
        Assert.That(_missing, Is.EqualTo(new[] { "PC/SC has no reader; connect one." }));
        var asked = late.IdentifyAsync(CancellationToken.None);
        var gone = await Assert.ThrowsAsync<CardException>(async () => await asked);
        Assert.That((gone!.Fault, gone.Message), Is.EqualTo((CardFault.ReaderGone, _missing[0])));
        _why = null;
        Assert.That((await late.IdentifyAsync(CancellationToken.None)).Kind, Is.EqualTo("virtual"));
        _why = new InvalidOperationException("It is opened once.");
        await late.IdentifyAsync(CancellationToken.None);
    }

    [Test]
    public async Task ServiceOfReadersNotThere_SaysSo()
    {
        _why = new CardException(CardFault.ServiceGone, "PC/SC does not run.");
        await using var late = LateReader.Open(Address, _missing.Add);
        Assert.That(_missing, Is.EqualTo(new[] { "PC/SC does not run." }));
        Assert.That(async () => await late.WaitForCardAsync(CancellationToken.None), Throws.TypeOf<CardException>());
    }

    [Test]
    public void SeveralToChooseFrom_IsAnErrorAtOnce()
    {
        _why = OfProgram("Usage", "PC/SC has 2 readers: say which.");
        Assert.That(() => LateReader.Open(Address, _missing.Add), Throws.Exception.SameAs(_why));
        Assert.That(_missing, Is.Empty);
    }

    /// <summary>How a command of this program ends; each program has that type of its own.</summary>
    private static Exception OfProgram(string code, string text)
    {
        var program = typeof(LateReader).Assembly;
        var codes = program.GetType("CardIssue.CommandLine.ExitCode", throwOnError: true)!;
        return (Exception)Activator.CreateInstance(program.GetType("CardIssue.CommandLine.CommandException", throwOnError: true)!, Enum.Parse(codes, code), text, null)!;
    }
}
