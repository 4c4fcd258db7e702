using System.Security.Cryptography;
using CardIssue.VirtualCard.Apdu;
using CardIssue.VirtualCard.Timing;

namespace CardIssue.Test.VirtualCard;

/// <summary>INSTALL, LOAD, DELETE, and the measured work of a real card.</summary>
public class ProgramInstallTests
{
    private static readonly byte[] Package = Convert.FromHexString("A00000006203010C06");
    private static readonly byte[] Module = Convert.FromHexString("A00000006203010C0601");

    /// <summary>Header and Applet components of a Java Card package (JCVM 6.3, 6.5).</summary>
    private static byte[] Cap() =>
    [
        1, 0, 19, .. Convert.FromHexString("DECAFFED010204" + "0301"), (byte)Package.Length, .. Package,
        3, 0, (byte)(4 + Module.Length), 1, (byte)Module.Length, .. Module, 0, 8,
    ];

    [Test]
    public void Load_OfAPackage_RegistersItAndInstances()
    {
        var card = TestCard.Blank();
        var host = TestCard.Opened(card, 0x33);
        var cap = Cap();
        Assert.That(host.Send(0xE6, 0x02, 0, [.. Lv(Package), 0, .. Lv(SHA256.HashData(cap)), 0, 0]).Sw, Is.EqualTo(Sw.Ok));
        var stream = Tlv.Make(0xC4, cap);
        Assert.That(host.Send(0xE8, 0x00, 0, stream[..20]).Sw, Is.EqualTo(Sw.Ok));
        Assert.That(host.Send(0xE8, 0x80, 1, stream[20..]).Sw, Is.EqualTo(Sw.Ok));
        byte[] install = [.. Lv(Package), .. Lv(Module), .. Lv(Module), 1, 0, 2, 0xC9, 0, 0];
        Assert.That(host.Send(0xE6, 0x0C, 0, install).Sw, Is.EqualTo(Sw.Ok));
        Assert.That(host.Send(0xE6, 0x0C, 0, install).Sw, Is.EqualTo(Sw.Conditions), "twice");
        Assert.That(host.Send(0xE6, 0x0C, 0, [.. Lv(Package), .. Lv(Package), .. Lv(Package), 1, 0, 2, 0xC9, 0, 0]).Sw, Is.EqualTo(Sw.ReferenceNotFound), "no such module");
        Assert.That(Convert.ToHexString(host.Send(0xF2, 0x10, 0x02, [0x4F, .. Lv(Package)]).Data), Does.Contain("CE020103840A" + Convert.ToHexString(Module)));

        Assert.That(host.Send(0xE4, 0, 0x00, [0x4F, .. Lv(Package)]).Sw, Is.EqualTo(Sw.Conditions), "in use");
        Assert.That(host.Send(0xE4, 0, 0x80, [0x4F, .. Lv(Package)]).Sw, Is.EqualTo(Sw.Ok));
        Assert.That(host.Send(0xE4, 0, 0x80, [0x4F, .. Lv(Package)]).Sw, Is.EqualTo(Sw.ReferenceNotFound));
        Assert.That(card.Inspect().Applications, Has.Count.EqualTo(1));
    }

    [Test]
    public void Load_WrongHashOrOrder_RegistersNothing()
    {
        var card = TestCard.Blank();
        var host = TestCard.Opened(card, 0x01);
        var stream = Tlv.Make(0xC4, Cap());
        host.Send(0xE6, 0x02, 0, [.. Lv(Package), 0, .. Lv(new byte[32]), 0, 0]);
        Assert.That(host.Send(0xE8, 0x80, 0, stream).Sw, Is.EqualTo(Sw.WrongData));
        host.Send(0xE6, 0x02, 0, [.. Lv(Package), 0, 0, 0, 0]);
        Assert.That(host.Send(0xE8, 0x80, 1, stream).Sw, Is.EqualTo(Sw.WrongP1P2));
        Assert.That(host.Send(0xE8, 0x80, 0, stream).Sw, Is.EqualTo(Sw.Conditions), "starts over from INSTALL");
        Assert.That(card.Inspect().LoadFiles, Has.Count.EqualTo(1));
    }

    [Test]
    public void MeasuredInstall_ReplayedAsWork_LengthsAndStatusWordsAsMeasured()
    {
        var work = P71InstallReplay.Exchanges;
        Assert.That((work.Count, work.Sum(e => e.Milliseconds), work.Sum(e => e.CommandBytes)), Is.EqualTo((101, 4971, 23144)));
        var card = TestCard.Blank(s => s with { Applications = [], LoadFiles = [] });
        var sizes = new List<int>();
        var host = new GlobalPlatformHost(c => { sizes.Add(c.Length); return card.Transmit(c); }, TestCard.Keys);
        host.Plain("00A4040000");
        host.Open(0x01);
        var loads = work.Where(e => e.Header.StartsWith("84E8", StringComparison.Ordinal)).ToList();
        // The lengths of the blocks as they were, MAC, header (and the log's missing Le) taken off; a program of that size in them.
        var lengths = loads.Select(e => e.CommandBytes - 5 - 8).ToList();
        var stream = Tlv.Make(0xC4, new byte[lengths.Sum() - 4]);
        Assert.That(host.Send(0xE6, 0x02, 0, [.. Lv(Package), 0, 0, 0, 0]).Sw, Is.EqualTo(Sw.Ok));
        var at = 0;
        for (var i = 0; i < loads.Count; i++)
        {
            var block = stream[at..(at + lengths[i])];
            at += lengths[i];
            Assert.That(host.Send(0xE8, (byte)(i == loads.Count - 1 ? 0x80 : 0), (byte)i, block).Sw, Is.EqualTo(Sw.Ok));
        }
        Assert.That(card.Inspect().LoadFiles.Single().Length, Is.EqualTo(lengths.Sum() - 4));
        Assert.That(sizes.TakeLast(loads.Count), Is.EqualTo(loads.Select(e => e.CommandBytes + 1)));
    }

    [Test]
    public void P71Timing_AgainstTheMeasuredWork_TotalIsWithinThreePercent()
    {
        var model = new P71Timing();
        var replay = new P71InstallReplay();
        double total = 0;
        foreach (var e in P71InstallReplay.Exchanges)
        {
            byte[] command = [.. Convert.FromHexString(e.Header), .. new byte[e.CommandBytes - 4]];
            total += model.Of(command, e.ResponseBytes).TotalMilliseconds;
            Assert.That(replay.Of(command, e.ResponseBytes).TotalMilliseconds, Is.EqualTo(e.Milliseconds));
        }
        Assert.That(total, Is.EqualTo(4971).Within(3).Percent);
    }

    private static byte[] Lv(byte[] value) => Tlv.Lv(value);
}
