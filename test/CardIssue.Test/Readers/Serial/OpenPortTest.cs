using CardIssue.Reader.Serial.Framing;
using CardIssue.Test.Parts;
using Microsoft.Extensions.Logging.Abstractions;

namespace CardIssue.Test.Readers.Serial;

/// <summary>A real port, over a pseudo terminal.</summary>
public class OpenPortTest
{
    /// <summary>What is written just after the hang-up never goes out; the port must not wait for it, or it stays taken.</summary>
    [Test]
    public async Task HungUpPort_WithAWriteThatIsNeverDone_IsClosed()
    {
        using var ptys = await PtyPair.OpenAsync();
        var port = OpenPort.Serial(ptys.A, 115_200, NullLogger.Instance);
        var reading = port.Stream.ReadAsync(new byte[16]).AsTask();
        ptys.HangUp();
        Assert.That(async () => await reading, Throws.InstanceOf<Exception>());
        using var given = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        Assert.That(async () => await port.Stream.WriteAsync(new byte[16], given.Token), Throws.InstanceOf<OperationCanceledException>());
        await Task.Run(port.Close).WaitAsync(TimeSpan.FromMinutes(1));
    }
}
