using System.Text;
using CardIssue.Center.Sessions;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Modules;
using CardIssue.Terminal.Relay;
using CardIssue.Testing.Lines;
using CardIssue.Transport.Reconnect;
using CardIssue.Testing.Cards.Reading;

namespace CardIssue.Testing;

/// <summary>
/// A terminal with its secure module and a reader that cards are put into by the program, on a line to a center in the same process.
/// </summary>
public sealed class TestCounter : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly SoftwareModuleFile _moduleFile;
    private readonly SoftwareModule _module;
    private readonly LoopbackListener _listener;
    private readonly TerminalRelay _relay;
    private Task _working = Task.CompletedTask;

    private TestCounter(SoftwareModuleFile moduleFile, LineNumber line)
    {
        (_moduleFile, _module, _listener) = (moduleFile, moduleFile.OpenModule(), new LoopbackListener(line));
        _relay = new TerminalRelay(new TerminalRelayOptions(), new ReconnectingConnector(_listener.CreateConnector()), Reader, _module);
    }

    /// <summary>Where cards are put in.</summary>
    public VirtualCardReader Reader { get; } = new();

    /// <summary>Makes the terminal known to the center, and both go to work.</summary>
    public static async Task<TestCounter> OpenAsync(TestCenter center, string folder, CancellationToken cancellation)
    {
        // The module's keys are made here and never leave; the center gets the public half.
        using var passphrase = SecretBytes.Random(32);
        var moduleFile = SoftwareModuleFile.Create(Path.Combine(folder, "module.json"), passphrase, new TerminalId("counter-1"),
            cost: TestCenter.Cheapest);
        moduleFile.TrustCenter(center.Identity);
        var line = new LineNumber(7);
        var counter = new TestCounter(moduleFile, line);
        // The center knows the terminal by its keys, line and address, the reader by its serial number.
        await center.EnrolAsync(counter._module.Identity, line, await counter.Reader.IdentifyAsync(cancellation), cancellation);
        counter._working = Task.WhenAll(
            center.Server.RunAsync([new ServedLine(counter._listener, WithoutTls: true)], counter._stop.Token),
                counter._relay.RunAsync(counter._stop.Token));
        return counter;
    }

    /// <summary>One card: S230 to S300.</summary>
    public async Task<IssueOutcome> IssueAsync(TestOrder order, IProgress<IssueProgress> steps, CancellationToken cancellation)
    {
        using var code = SecretBytes.Copy(Encoding.ASCII.GetBytes(order.IssueCode));
        return await _relay.IssueAsync(new IssueRequest(order.Order.Value, code, new OperatorId("alice")), steps, cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _relay.DisposeAsync();
        await Reader.DisposeAsync();
        await _listener.DisposeAsync();
        _module.Dispose();
        _moduleFile.Dispose();
        _stop.Dispose();
    }
}

/// <summary>Tells each step at once and in order, which <see cref="Progress{T}"/> does not.</summary>
public sealed class TestSteps(Action<IssueProgress, string> tell) : IProgress<IssueProgress>
{
    /// <inheritdoc/>
    public void Report(IssueProgress value) =>
        tell(value, $"{value.Step,-4} {value.Notice} {value.Detail}{(value.Record > 0 ? $" record {value.Record}" : "")}".TrimEnd());
}
