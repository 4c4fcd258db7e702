// One card, issued in one process: a center, a terminal with its secure module, a simulated card, and a line between them.
// In life the line is TLS (CardIssue.Transport), the reader PC/SC (CardIssue.Reader), and center and terminal are far apart.
using CardIssue.Center.Sessions;
using CardIssue.Core.Primitives;
using CardIssue.Quickstart;
using CardIssue.Terminal.Modules;
using CardIssue.Terminal.Relay;
using CardIssue.Transport.Loopback;
using CardIssue.Transport.Reconnect;
using CardIssue.VirtualCard;
using CardIssue.VirtualCard.Crypto;
using CardIssue.VirtualCard.Reading;
using CardIssue.VirtualCard.State;

using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(1));
var folder = Directory.CreateTempSubdirectory("cardissue-quickstart-");
try
{
    // The center: vault, store, log, products and orders. Its card master key is a test key.
    var masterKey = Convert.FromHexString("000102030405060708090A0B0C0D0E0F");
    await using var center = await DemoCenter.OpenAsync(folder.FullName, masterKey, stop.Token);
    var order = await center.ImportAsync("visa-like-module.product.json", "orders.json", stop.Token);

    // The terminal's secure module: its keys are made here and never leave; the center gets the public half.
    using var passphrase = SecretBytes.Copy("only for the quickstart"u8);
    using var moduleFile = SoftwareModuleFile.Create(Path.Combine(folder.FullName, "module.json"), passphrase, new TerminalId("counter-1"));
    moduleFile.TrustCenter(center.Identity);
    using var module = moduleFile.OpenModule();

    // The reader with a factory-fresh card in it. The center knows the terminal by its keys, line and address, the reader by its serial number.
    await using var reader = new VirtualCardReader();
    reader.Insert(FreshCard(masterKey, serial: 1));
    var line = new LineNumber(7);
    await center.EnrolAsync(module.Identity, line, await reader.IdentifyAsync(stop.Token), stop.Token);

    // The line, and both ends at work.
    await using var listener = new LoopbackListener(line);
    await using var relay = new TerminalRelay(new TerminalRelayOptions(), new ReconnectingConnector(listener.CreateConnector()), reader, module);
    using var closing = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
    var working = Task.WhenAll(center.Server.RunAsync([new ServedLine(listener, WithoutTls: true)], closing.Token), relay.RunAsync(closing.Token));

    // One card: S230 to S300.
    using var code = SecretBytes.Copy(System.Text.Encoding.ASCII.GetBytes(order.IssueCode!));
    var request = new IssueRequest(order.Order.Value, code, new OperatorId("alice"));
    var outcome = await relay.IssueAsync(request, new Steps(), stop.Token);
    Console.WriteLine(outcome.IsIssued ? outcome.Receipt : $"not issued: {outcome.Ending} {outcome.Detail}");

    await closing.CancelAsync();
    await working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    return outcome.IsIssued ? 0 : 4;
}
finally
{
    folder.Delete(recursive: true);
}

static CardSimulator FreshCard(byte[] masterKey, uint serial)
{
    var keys = CardKeySet.Derive(0x30, Diversification.Kdf3, masterKey, CardProfile.Kdd(serial).Span);
    return CardSimulator.Create(CardProfile.BlankEmv(serial, [keys]));
}

/// <summary>Prints each step at once and in order, which <see cref="Progress{T}"/> does not.</summary>
internal sealed class Steps : IProgress<IssueProgress>
{
    public void Report(IssueProgress value) =>
        Console.WriteLine($"{value.At:HH:mm:ss.fff} {value.Step,-4} {value.Notice} {value.Detail}{(value.Record > 0 ? $" record {value.Record}" : "")}");
}
