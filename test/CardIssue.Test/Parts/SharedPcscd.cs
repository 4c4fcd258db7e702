using CardIssue.Reader.PcSc;
using CardIssue.Test.Parts;

namespace CardIssue.Test;

/// <summary>
/// The one pcscd that PC/SC tests of this process use, since libpcsclite looks up its socket once in a process: two vpcd slots that virtual cards connect to.
/// Started by the first test that wants it. Fixtures that use it are [NonParallelizable] and leave it running, with empty slots.
/// </summary>
[SetUpFixture]
public sealed class SharedPcscd
{
    /// <summary>What PC/SC calls the slots.</summary>
    internal const string FirstReader = "Shared 00 00", SecondReader = "Shared 00 01";

    /// <summary>Stands for the socket from the beginning: whoever calls PC/SC before it is started would else have this process look elsewhere for good.</summary>
    private static readonly string Link = Path.Combine(Directory.CreateTempSubdirectory("cardissue-pcsc-").FullName, "pcscd.comm");

    private static PcscDaemon? _daemon;
    private static int _port;

    /// <summary>Where a virtual card is brought to the first slot.</summary>
    internal static int FirstPort => _port != 0 ? _port : throw new InvalidOperationException("StartAsync comes first.");

    /// <summary>Where a virtual card is brought to the second slot.</summary>
    internal static int SecondPort => FirstPort + 1;

    /// <summary>Starts it, unless it runs; this process's PC/SC calls go to it from then on.</summary>
    internal static async Task<PcscDaemon> StartAsync()
    {
        if (_daemon is not null) return _daemon;
        var port = Part.FreePortPair();
        var daemon = await PcscDaemon.StartAsync(PcscDaemon.Vpcd("Shared", port));
        File.CreateSymbolicLink(Link, daemon.Socket);
        (_daemon, _port) = (daemon, port);
        return daemon;
    }

    /// <summary>Waits until pcscd has noticed that no card is in the slots any more; a card that came sooner would be taken for the one before.</summary>
    internal static async Task AwaitEmptyAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        foreach (var name in new[] { FirstReader, SecondReader })
        {
            await using var reader = new PcscCardReader(name);
            await reader.WaitForRemovalAsync(limit.Token);
        }
    }

    [OneTimeSetUp]
    public static void NameTheSocket()
    {
        if (OperatingSystem.IsLinux()) Part.SetNativeVariable(PcscDaemon.SocketVariable, Link);
    }

    [OneTimeTearDown]
    public static async Task StopAsync()
    {
        if (_daemon is not null) await _daemon.DisposeAsync();
        _daemon = null;
        Directory.Delete(Path.GetDirectoryName(Link)!, recursive: true);
    }
}
