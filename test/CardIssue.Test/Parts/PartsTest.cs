using System.IO.Ports;

namespace CardIssue.Test.Parts;

/// <summary>The parts themselves work here, so that a failure elsewhere is not theirs.</summary>
public sealed class PartsTest
{
    [Test]
    public async Task Pcscd_Started_ListsItsReaders()
    {
        Part.Require("opensc-tool", "opensc");
        await using var daemon = await PcscDaemon.StartAsync(PcscDaemon.Vpcd("Part", Part.FreePortPair()));
        var (code, output) = await Part.RunAsync(daemon.Environment, "opensc-tool", "--list-readers");
        Assert.That(code, Is.Zero, output);
        Assert.That(output, Does.Contain("Part 00 00").And.Contain("Part 00 01"));
    }

    [Test]
    public async Task Ptys_OpenedAsSerialPorts_CarryBytes()
    {
        using var pair = await PtyPair.OpenAsync();
        using SerialPort a = new(pair.A, 9600), b = new(pair.B, 9600) { ReadTimeout = 5_000 };
        a.Open();
        b.Open();
        a.Write([0x03, 0x06, 0xFF, 0x00], 0, 4);
        Assert.That((b.ReadByte(), b.ReadByte(), b.ReadByte(), b.ReadByte()), Is.EqualTo((0x03, 0x06, 0xFF, 0x00)));
    }
}
