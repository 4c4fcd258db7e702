using System.Net;
using System.Net.Sockets;
using CardIssue.Core.Primitives;
using CardIssue.TerminalHost.Display;
using CardIssue.TerminalHost.Operators;
using CardIssue.TerminalHost.Service;

namespace CardIssue.Test.Hosts;

/// <summary>The doors of <c>terminalhost service</c>, where something is there already.</summary>
[TestFixture, Parallelizable]
public sealed class ServiceDoorTest
{
    [Test]
    public void Port_AnotherServiceListensThere_IsNotShared()
    {
        using var first = new PortDoor(0);
        var port = IPEndPoint.Parse(first.Name.Place).Port;
        Assert.That(() => new PortDoor(port).Dispose(), Throws.TypeOf<SocketException>());
    }

    [Test]
    public void Pipe_FolderIsNotThere_IsSaid() => Assert.That(
        () => new PipeDoor(Path.Combine(Path.GetTempPath(), $"cardissue-{Guid.NewGuid():N}", "counter.sock")).Dispose(), Throws.Exception.Message.Contains("no such folder"));

    /// <summary>While keys are renewed nobody serves: what was asked for meanwhile waits, and is not forgotten when the service is stopped.</summary>
    [Test]
    public async Task IssueThatWaits_ServiceEnds_ItsOutcomeIsToldAndNoOtherIsTaken()
    {
        var folder = Directory.CreateTempSubdirectory("cardissue-service-");
        try
        {
            var file = Path.Combine(folder.FullName, "service.token");
            using var token = ServiceToken.Open(file, CancellationToken.None);
            var setup = new ServiceSetup(new TerminalId("T-1"), new OperatorId("olga"), new OperatorList(Path.Combine(folder.FullName, "operators.json")), Language.English);
            var service = new CounterService(token, setup, TextWriter.Null, TimeProvider.System);
            using var door = new PortDoor(0);
            using var stop = new CancellationTokenSource();
            var open = service.OpenAsync(door, stop.Token);
            using (var peer = await ServicePeer.ConnectAsync(IPEndPoint.Parse(door.Name.Place).Port))
            {
                await peer.AskAsync(new { @do = "hello", token = (await File.ReadAllTextAsync(file)).Trim() });
                await peer.AskAsync(new { @do = "issue", reference = "O-1", code = "4711" });
                await peer.NextAsync("accepted");
                service.Close();
                Assert.That(await peer.OutcomeAsync(), Is.EqualTo((false, 401)));
                await peer.AskAsync(new { @do = "issue", reference = "O-1", code = "4711" });
                Assert.That(await peer.ErrorAsync(), Is.EqualTo("busy"));
            }
            await stop.CancelAsync();
            await open.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
