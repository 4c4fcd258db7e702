using System.Net;
using System.Net.Sockets;
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
}
