using System.Net;
using System.Net.Sockets;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Modules;
using CardIssue.Test.Modules;
using CardIssue.TerminalHost;
using CardIssue.TerminalHost.Counter;
using CardIssue.TerminalHost.Display;

namespace CardIssue.Test.Counters;

/// <summary>Keys that are to be renewed at a counter, where somebody waits.</summary>
[TestFixture, Parallelizable]
public sealed class KeyRotationTest
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1), PatienceForAccess = TimeSpan.FromHours(1);

    private readonly string _folder = Directory.CreateTempSubdirectory("cardissue-rotation-").FullName;

    [OneTimeTearDown]
    public void Delete() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task KeysDue_CenterAway_IsTriedOnceAndLeftAlone()
    {
        using var module = Module();
        var line = new LineAddress(WayAddress.ParseAll("--connect", $"127.0.0.1:{UnusedPort()}"), [], null, PatienceForAccess, PatienceForAccess);
        var rotation = new KeyRotation(new TerminalFolder(_folder), line, TimeSpan.FromDays(30), TimeProvider.System);
        Assert.That(rotation.IsDue(module), Is.True, "its certificate is valid for a day");

        await rotation.WhenDueAsync(module, new SilentDisplay(), CancellationToken.None).WaitAsync(Longest);

        Assert.That(rotation.IsDue(module), Is.False, "cards are issued with the present keys meanwhile");
    }

    private SoftwareModuleFile Module()
    {
        string At(string name) => Path.Combine(_folder, name);
        using (var signing = P256PrivateKey.Generate())
            File.WriteAllBytes(At("center.json"),
                new CenterIdentity(new CenterId("C-1"), signing.PublicKey, signing.PublicKey, ByteString.Copy(new byte[32])).Write());
        return TlsModule.Create(At("module.json"), At("terminal.json"), "T-9", At("center.json"), "heron on a grey morning");
    }

    private static int UnusedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
