using System.Security.Cryptography;
using CardIssue.Core.Primitives;
using CardIssue.Test.Cards.Programs;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.State;
using CardIssue.Testing.Cards.Timing;

namespace CardIssue.Test.VirtualCard;

/// <summary>INSTALL, LOAD, DELETE, and the measured work of a real card.</summary>
public class ProgramInstallTests
{
    private static readonly byte[] Package = Convert.FromHexString("A00000006203010C06");
    private static readonly byte[] Module = Convert.FromHexString("A00000006203010C0601");

    private static byte[] Cap() =>
        new CapBuilder { Package = Convert.ToHexString(Package), Applets = [Convert.ToHexString(Module)], Version = (1, 3) }.Block();

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

    private static ushort LoadOf(GlobalPlatformHost host, CapBuilder cap, byte[]? parameters = null)
    {
        var aid = Convert.FromHexString(cap.Package);
        var begun = host.Send(0xE6, 0x02, 0, [.. Lv(aid), 0, 0, .. Lv(parameters ?? []), 0]);
        return begun.Sw != Sw.Ok ? begun.Sw : Stream(host, Tlv.Make(0xC4, cap.Block()));
    }

    private static ushort Stream(GlobalPlatformHost host, byte[] stream)
    {
        var blocks = stream.Chunk(200).ToList();
        for (var i = 0; i < blocks.Count; i++)
            if (host.Send(0xE8, (byte)(i == blocks.Count - 1 ? 0x80 : 0), (byte)i, blocks[i]).Sw is var sw and not Sw.Ok) return sw;
        return Sw.Ok;
    }

    /// <summary>JCVM 4.5.2: the same major, no smaller minor, on the card; and what others were linked against stays (GPCS 11.2).</summary>
    [Test]
    public void ImportedPackage_MustBeThere_AndStaysAsLongAsItIsNeeded()
    {
        var card = TestCard.Blank();
        var host = TestCard.Opened(card, 0x33);
        const string Library = CapBuilder.Provider + "0201";
        var user = new CapBuilder { Imports = [.. CapBuilder.Platform, (Library, 1, 1)] };
        Assert.That(LoadOf(host, user), Is.EqualTo(Sw.ImportNotThere), "not there");
        Assert.That(LoadOf(host, new CapBuilder { Package = Library, Applets = [], Flags = 0, Version = (1, 0) }), Is.EqualTo(Sw.Ok));
        Assert.That(LoadOf(host, user), Is.EqualTo(Sw.ImportNotThere), "too old");
        Assert.That(host.Send(0xE4, 0, 0x00, [0x4F, .. Lv(Convert.FromHexString(Library))]).Sw, Is.EqualTo(Sw.Ok));
        Assert.That(LoadOf(host, new CapBuilder { Package = Library, Applets = [], Flags = 0, Version = (1, 2) }), Is.EqualTo(Sw.Ok));
        Assert.That(LoadOf(host, user), Is.EqualTo(Sw.Ok));
        Assert.That(host.Send(0xE4, 0, 0x80, [0x4F, .. Lv(Convert.FromHexString(Library))]).Sw, Is.EqualTo(Sw.Conditions), "needed");
        Assert.That(LoadOf(host, new CapBuilder { Package = CapBuilder.Provider + "0301", Imports = [("A0000000620101", 1, 7)] }), Is.EqualTo(Sw.ImportNotThere), "platform");
    }

    /// <summary>JCVM 3.1 ch. 6: the file's own AID is the load file's, and others link against the packages in it.</summary>
    [Test]
    public void ExtendedFile_IsRegisteredUnderItsOwnAid_AndProvidesItsPackages()
    {
        var card = TestCard.Blank();
        var host = TestCard.Opened(card, 0x33);
        var points = (CapBuilder.Extended.Packages[0].Package, (byte)1, (byte)3);
        var user = new CapBuilder { Package = CapBuilder.Provider + "0201", Imports = [.. CapBuilder.Platform, points] };
        Assert.That(LoadOf(host, user), Is.EqualTo(Sw.ImportNotThere));

        Assert.That(LoadOf(host, CapBuilder.Extended with { Resource = [1, 2, 3] }), Is.EqualTo(Sw.Ok));

        var aid = Convert.FromHexString(CapBuilder.Extended.Package);
        Assert.That(card.State.LoadFiles[^1].Aid, Is.EqualTo(ByteString.Own(aid)));
        Assert.That(card.State.LoadFiles[^1].Modules.Count, Is.EqualTo(1));
        Assert.That(LoadOf(host, user), Is.EqualTo(Sw.Ok));
        Assert.That(host.Send(0xE4, 0, 0x80, [0x4F, .. Lv(aid)]).Sw, Is.EqualTo(Sw.Conditions), "its package is needed");
        var path = Path.GetTempFileName();
        StateFile.Save(path, card.State);
        Assert.That(StateFile.Load(path).LoadFiles.Select(file => file.Packages.Count), Is.EqualTo(card.State.LoadFiles.Select(file => file.Packages.Count)));
        File.Delete(path);

        var older = TestCard.Blank(state => state with { TakesExtendedFiles = false });
        Assert.That(LoadOf(TestCard.Opened(older, 0x33), CapBuilder.Extended), Is.EqualTo(Sw.WrongData), "optional on cards");
    }

    [Test]
    public void BlockThatIsNoPackageInLoadOrder_IsRefused_AndRegistersNothing()
    {
        var card = TestCard.Blank();
        var host = TestCard.Opened(card, 0x01);
        var good = new CapBuilder().Parts().ToDictionary(part => part.Name, part => part.Bytes);
        byte[] Of(params string[] names) => Tlv.Make(0xC4, [.. names.SelectMany(name => good[name])]);
        string[] order = ["Header", "Directory", "Import", "Applet", "Class", "Method", "StaticField", "Export", "ConstantPool", "RefLocation"];
        foreach (var names in new[]
        {
            [.. order[..2], "Applet", "Import", .. order[4..]], order[..^1], [.. order, "Debug"], [.. order, "RefLocation"],
            (string[])[.. order[..5], .. order[6..]],
        })
        {
            host.Send(0xE6, 0x02, 0, [.. Lv(Convert.FromHexString(CapBuilder.Provider + "0101")), 0, 0, 0, 0]);
            Assert.That(Stream(host, Of(names)), Is.EqualTo(Sw.WrongData), string.Join(' ', names));
        }
        Assert.That(card.Inspect().LoadFiles, Has.Count.EqualTo(1));
    }

    [Test]
    public void MemoryEnds_LoadAndInstallSaySo_AndNothingIsLeft()
    {
        var card = TestCard.Blank(s => s with { Memory = 3_000 });
        var host = TestCard.Opened(card, 0x33);
        Assert.That(LoadOf(host, CapBuilder.OfBlock(4_000)), Is.EqualTo(Sw.NoRoom));
        Assert.That(LoadOf(host, CapBuilder.OfBlock(2_000), [0xEF, 0x04, 0xC6, 0x02, 0x40, 0x00]), Is.EqualTo(Sw.NoRoom), "asked for beforehand");
        Assert.That(card.Inspect().LoadFiles, Has.Count.EqualTo(1));
        Assert.That(LoadOf(host, CapBuilder.OfBlock(2_000)), Is.EqualTo(Sw.Ok));
        Assert.That(host.Send(0xE6, 0x0C, 0, Instance()).Sw, Is.EqualTo(Sw.NoRoom));
    }

    private static byte[] Instance()
    {
        var (package, module) = (Convert.FromHexString(CapBuilder.Provider + "0101"), Convert.FromHexString(CapBuilder.Provider + "010101"));
        return [.. Lv(package), .. Lv(module), .. Lv(module), 1, 0, 2, 0xC9, 0, 0];
    }

    /// <summary>One process of two INSTALLs (GPCS 11.5.2.1), other privileges later, locked and unlocked.</summary>
    [Test]
    public void CombinedInstall_RegistryUpdate_LockAndUnlock()
    {
        var card = TestCard.Blank();
        var host = TestCard.Opened(card, 0x33);
        var (package, module) = (Convert.FromHexString(CapBuilder.Provider + "0101"), Convert.FromHexString(CapBuilder.Provider + "010101"));
        Assert.That(host.Send(0xE6, 0x0E, 0x01, [.. Lv(package), 0, 0, 0, 0]).Sw, Is.EqualTo(Sw.Ok));
        Assert.That(Stream(host, Tlv.Make(0xC4, new CapBuilder().Block())), Is.EqualTo(Sw.Ok));
        Assert.That(host.Send(0xE6, 0x0E, 0x03, Instance()).Sw, Is.EqualTo(Sw.Ok));
        CardApplication It() => card.State.Find(ByteString.Own(module))!;
        Assert.That(It().LifeCycle, Is.EqualTo(CardApplication.Selectable));
        Assert.That(host.Send(0xE6, 0x40, 0, [0, 0, .. Lv(module), 1, 0x02, 0, 0]).Sw, Is.EqualTo(Sw.Ok));
        Assert.That(It().Privileges, Is.EqualTo(ByteString.Own([0x02])));
        Assert.That(host.Send(0xE6, 0x10, 0, [.. Lv(Convert.FromHexString("A000000151000000")), 0, .. Lv(module), 0, 0, 0]).Sw, Is.EqualTo(Sw.Ok));
        Assert.That(host.Send(0xE6, 0x10, 0, [.. Lv(Convert.FromHexString("A000000151000099")), 0, .. Lv(module), 0, 0, 0]).Sw, Is.EqualTo(Sw.ReferenceNotFound));
        Assert.That(host.Send(0xF0, 0x40, 0x80, module).Sw, Is.EqualTo(Sw.Ok));
        Assert.That(It().IsLocked, Is.True);
        Assert.That(host.Send(0xF0, 0x40, 0x00, module).Sw, Is.EqualTo(Sw.Ok));
        Assert.That(It().LifeCycle, Is.EqualTo(CardApplication.Selectable));
    }

    /// <summary>A security domain beside the issuer's (GPCS 7.2): made as an application is, given others, and there as long as it has some.</summary>
    [Test]
    public void SecurityDomain_Installed_TakesApplications_AndIsNotDeletedWhileItHasThem()
    {
        var card = TestCard.Blank();
        var host = TestCard.Opened(card, 0x33);
        var (package, module) = (Convert.FromHexString(CapBuilder.Provider + "0101"), Convert.FromHexString(CapBuilder.Provider + "010101"));
        Assert.That(LoadOf(host, new CapBuilder()), Is.EqualTo(Sw.Ok));
        Assert.That(host.Send(0xE6, 0x0C, 0, Instance()).Sw, Is.EqualTo(Sw.Ok));
        byte[] domain = [.. module, 0x5D];
        byte[] ofDomain = [.. Lv(package), .. Lv(module), .. Lv(domain), 1, 0x80, 2, 0xC9, 0, 0];
        Assert.That(host.Send(0xE6, 0x10, 0, [.. Lv(domain), 0, .. Lv(module), 0, 0, 0]).Sw, Is.EqualTo(Sw.ReferenceNotFound), "not there yet");
        Assert.That(host.Send(0xE6, 0x0C, 0, ofDomain).Sw, Is.EqualTo(Sw.Ok));
        string Entry(byte[] aid) => Convert.ToHexString(host.Send(0xF2, 0x40, 0x02, [0x4F, .. Lv(aid)]).Data);
        Assert.That(Entry(domain), Does.Contain("C503800000").And.Contain("CC08A000000151000000"));
        // Without keys of its own nothing belongs to it (5.3.2.2).
        Assert.That(SupplementaryDomainTests.GiveKeys(host, domain: Convert.ToHexString(domain)), Is.EqualTo(Sw.Ok));

        Assert.That(host.Send(0xE6, 0x10, 0, [.. Lv(domain), 0, .. Lv(module), 0, 0, 0]).Sw, Is.EqualTo(Sw.Ok));

        Assert.That(Entry(module), Does.Contain($"CC{domain.Length:X2}{Convert.ToHexString(domain)}"));
        Assert.That(host.Send(0xE6, 0x10, 0, [.. Lv(domain), 0, .. Lv(domain), 0, 0, 0]).Sw, Is.EqualTo(Sw.Conditions), "to itself");
        Assert.That(host.Send(0xE6, 0x40, 0, [0, 0, .. Lv(module), 1, 0x80, 0, 0]).Sw, Is.EqualTo(Sw.Conditions), "it is none");
        Assert.That(host.Send(0xE6, 0x40, 0, [0, 0, .. Lv(domain), 1, 0x00, 0, 0]).Sw, Is.EqualTo(Sw.Conditions), "it stays one");
        Assert.That(host.Send(0xE4, 0, 0x00, [0x4F, .. Lv(domain)]).Sw, Is.EqualTo(Sw.Conditions), "it has an application");
        var path = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"domain-{Guid.NewGuid():N}.card");
        StateFile.Save(path, card.State);
        Assert.That(StateFile.Load(path).Find(ByteString.Own(module))!.Domain, Is.EqualTo(ByteString.Own(domain)));
        File.Delete(path);
        Assert.That(host.Send(0xE6, 0x40, 0, [.. Lv(Convert.FromHexString("A000000151000000")), 0, .. Lv(module), 0, 0, 0]).Sw, Is.EqualTo(Sw.Ok));
        Assert.That(host.Send(0xE4, 0, 0x00, [0x4F, .. Lv(domain)]).Sw, Is.EqualTo(Sw.Ok));
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
