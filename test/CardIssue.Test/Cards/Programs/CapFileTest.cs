using System.IO.Compression;
using System.Security.Cryptography;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.Programs;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Cards.Programs;

public sealed class CapFileTest
{
    private static CapFile Read(byte[] file)
    {
        Assert.That(CapFile.TryRead(ByteString.Own(file), out var cap, out var error), Is.True, error);
        return cap!;
    }

    private static string Refused(byte[] file)
    {
        Assert.That(CapFile.TryRead(ByteString.Own(file), out var cap, out var error), Is.False);
        Assert.That(cap, Is.Null);
        return error!;
    }

    private static string Refused(CapBuilder cap) => Refused(cap.Build());

    private static byte[] Changed(CapBuilder cap, string component, Func<byte[], byte[]> change) =>
        CapBuilder.Zip([.. cap.Parts().Select(part => ($"p/javacard/{cap.FileOf(part.Name)}", part.Name == component ? change(part.Bytes) : part.Bytes))]);

    [Test]
    public void Program_Read_SaysWhatItIsAndNeeds()
    {
        var builder = CapBuilder.Loyalty;
        var file = builder.Build();
        var cap = Read(file);
        Assert.That((cap.Package, cap.Version, cap.Format), Is.EqualTo((Aid.FromHex("F0434953530101"), new PackageVersion(1, 0), new PackageVersion(2, 1))));
        Assert.That(cap.Applets, Is.EqualTo(new[] { Aid.FromHex("F043495353010101") }));
        Assert.That(cap.Imports, Is.EqualTo(new[]
        {
            new CapImport(Aid.FromHex("A0000000620101"), new PackageVersion(1, 3)), new CapImport(Aid.FromHex("A0000000620001"), new PackageVersion(1, 0)),
        }));
        Assert.That(cap.Sha256, Is.EqualTo(ByteString.Own(SHA256.HashData(file))));
        Assert.That(cap.FileLength, Is.EqualTo(file.Length));
    }

    /// <summary>Import before Applet, the constant pool late, nothing for verifiers and debuggers.</summary>
    [Test]
    public void Block_IsTheComponentsInLoadOrder_AndItsHashesAreOverItAlone()
    {
        var cap = Read(CapBuilder.Loyalty.Build());
        Assert.That(cap.Block, Is.EqualTo(ByteString.Own(CapBuilder.Loyalty.Block())));
        Assert.That(cap.Components.Select(c => (int)c.Tag), Is.EqualTo(new[] { 1, 2, 4, 3, 6, 7, 8, 10, 5, 9 }));
        Assert.That(cap.Components.Sum(c => c.Length), Is.EqualTo(cap.Block.Length));
        Assert.That(cap.HashOf(LoadFileHash.Sha256).ToArray(), Is.EqualTo(SHA256.HashData(cap.Block.Span)));
#pragma warning disable CA5350 // GPCS C.2.
        Assert.That(cap.HashOf(LoadFileHash.Sha1).ToArray(), Is.EqualTo(SHA1.HashData(cap.Block.Span)));
#pragma warning restore CA5350
        Assert.That(cap.HashOf(LoadFileHash.None).IsEmpty, Is.True);
    }

    /// <summary>
    /// The Header and Directory of a package of others (martinpaljak/GlobalPlatformPro, tests/Empty_…_2.2.1.cap, MIT licence), converted by
    /// Oracle's tool: package 0102030405 0.0, three imports, one applet. The components between are ours, of the lengths that it says.
    /// </summary>
    [Test]
    public void HeaderAndDirectoryOfAConverter_AreUnderstood()
    {
        byte[] Filler(byte tag, int size) => CapBuilder.Component(tag, new byte[size]);
        var file = CapBuilder.Zip([
            ("x/javacard/Header.cap", Convert.FromHexString("01000FDECAFFED0102040000050102030405")),
            ("x/javacard/Directory.cap", Convert.FromHexString("02001F000F001F000C001F0016000C002A000A000900000045000000000000030100")),
            ("x/javacard/Applet.cap", Convert.FromHexString("03000C010801020304050607080013")),
            ("x/javacard/Import.cap", Convert.FromHexString("04001F03020107A0000000620101020107A0000000620102000107A0000000620001")),
            ("x/javacard/ConstantPool.cap", Filler(5, 0x16)), ("x/javacard/Class.cap", Filler(6, 0x0C)), ("x/javacard/Method.cap", Filler(7, 0x2A)),
            ("x/javacard/StaticField.cap", Filler(8, 0x0A)), ("x/javacard/RefLocation.cap", Filler(9, 9)), ("x/javacard/Descriptor.cap", Filler(11, 0x45)),
        ]);
        var cap = Read(file);
        Assert.That((cap.Package.ToString(), cap.Version.ToString(), cap.Applets[0].ToString()), Is.EqualTo(("0102030405", "0.0", "0102030405060708")));
        Assert.That(cap.Imports.Select(i => $"{i.Package} {i.Version}"),
            Is.EqualTo(new[] { "A0000000620101 1.2", "A0000000620102 1.2", "A0000000620001 1.0" }));
    }

    [Test]
    public void Library_HasNoApplets() => Assert.That(Read((new CapBuilder { Applets = [], Flags = 0x02 }).Build()).Applets.Count, Is.Zero);

    /// <summary>The size of a program that was measured on a real card (OpenFIPS201 on an NXP P71): ten components, 21,780 bytes.</summary>
    [Test]
    public void MeasuredProgram_HasTenComponentsAndItsLength()
    {
        var cap = Read(CapBuilder.OfBlock(21_780).Build());
        Assert.That((cap.Block.Length, cap.Components.Count), Is.EqualTo((21_780, 10)));
    }

    /// <summary>
    /// Java Card VM Specification 3.1 §6.4 to §6.6, byte by byte: an AID and version of the file's own, so many packages and names, sizes of four
    /// bytes in files named .capx, and a block's number in front of where an applet's install method is.
    /// </summary>
    [Test]
    public void ExtendedFile_WrittenByHand_IsUnderstood()
    {
        byte[] Filler(byte tag, int size) => CapBuilder.Component(tag, new byte[size]);
        byte[] Long(byte tag, int size) => CapBuilder.LongComponent(tag, new byte[size]);
        var file = CapBuilder.Zip([
            ("x/javacard/Header.cap", Convert.FromHexString(
                "010028DECAFFED03020C" + "0201060102030405FF" + "02" + "0001060102030405AA" + "0103060102030405BB" + "03612F62" + "00")),
            ("x/javacard/Directory.cap", Convert.FromHexString(
                "02002E" + "0028" + "002E" + "000B" + "000B" + "0016" + "000C" + "0000002A" + "000A" + "00000009" + "0000" + "00000045" + "00000000"
                + "00000000" + "000000000000" + "01" + "01" + "01" + "00")),
            ("x/javacard/Applet.cap", Convert.FromHexString("03000B" + "01" + "060102030405CC" + "010013")),
            ("x/javacard/Import.cap", Convert.FromHexString("04000B" + "01" + "080107A0000000620101")),
            ("x/javacard/ConstantPool.cap", Filler(5, 0x16)), ("x/javacard/Class.cap", Filler(6, 0x0C)), ("x/javacard/Method.capx", Long(7, 0x2A)),
            ("x/javacard/StaticField.cap", Filler(8, 0x0A)), ("x/javacard/RefLocation.capx", Long(9, 9)), ("x/javacard/Descriptor.capx", Long(11, 0x45)),
        ]);
        var cap = Read(file);
        Assert.That((cap.IsExtended, cap.Package.ToString(), cap.Version.ToString(), cap.Name), Is.EqualTo((true, "0102030405FF", "1.2", (string?)null)));
        Assert.That(cap.Packages.Select(one => $"{one.Package} {one.Version} {one.Name}"), Is.EqualTo(new[] { "0102030405AA 1.0 a/b", "0102030405BB 3.1 " }));
        Assert.That(cap.Applets.Select(applet => applet.ToString()), Is.EqualTo(new[] { "0102030405CC" }));
        Assert.That(cap.Block.Length, Is.EqualTo(7 * 3 + 2 * 5 + 0x28 + 0x2E + 0x0B + 0x0B + 0x16 + 0x0C + 0x2A + 0x0A + 9));
    }

    /// <summary>Table 6-2: a static resource has four bytes of size in a compact file, too.</summary>
    [Test]
    public void CompactFile_WithAStaticResource_IsLoadedWithIt()
    {
        var builder = new CapBuilder { Format = (2, 3), Resource = [1, 2, 3] };
        var cap = Read(builder.Build());
        Assert.That((cap.IsExtended, cap.Components[^1]), Is.EqualTo((false, new CapComponent(CapComponentTag.StaticResources, 5 + 8 + 3))));
        Assert.That(cap.Block.Span.ToArray(), Is.EqualTo(builder.Block()));
    }

    [Test]
    public void ExtendedFile_IsLoadedInItsOrder_AndWhatIsNone_IsRefused()
    {
        var good = CapBuilder.Extended;
        Assert.That(Read(good.Build()).Block.Span.ToArray(), Is.EqualTo(good.Block()));
        Assert.That(Read(CapBuilder.OfBlock(21_780).Build()).Packages.Count, Is.EqualTo(1));

        Assert.That(Refused(good with { Format = (2, 2) }), Is.EqualTo("its Header says that it is extended, which format 2.2 has not"));
        Assert.That(Refused(good with { Flags = 0x04 }), Does.Contain("a compact CAP file has it in a .cap file"));
        Assert.That(Refused(new CapBuilder { Format = (2, 3), Flags = 0x0C }), Is.EqualTo("its Header does not name its packages"));
        Assert.That(Refused(Changed(good, "Method", bytes => [.. bytes[..4], 9, .. bytes[5..]])), Is.EqualTo("the component Method says that it has 9 bytes; 16 are there"));
        Assert.That(Refused(Changed(good, "Applet", bytes => CapBuilder.Component(3, bytes[3..^1]))), Does.StartWith("Directory says that Applet has"));
        var parts = good.Parts().Select(part => ($"p/javacard/{good.FileOf(part.Name)}", part.Bytes)).ToList();
        Assert.That(Refused(CapBuilder.Zip([.. parts, ("p/javacard/Method.cap", CapBuilder.Component(7, new byte[16]))])),
            Is.EqualTo("the component Method is in it twice"));
        var shortened = parts.Select(part => part.Item1.EndsWith("Method.capx", StringComparison.Ordinal)
            ? ("p/javacard/Method.cap", CapBuilder.Component(7, part.Bytes[5..])) : part).ToList();
        Assert.That(Refused(CapBuilder.Zip(shortened)), Is.EqualTo("the component Method is in a .cap file; an extended CAP file has it in a .capx file"));
        Assert.That(Refused(good with { Methods = 70_000 }), Does.Contain("65535 are the most"));
    }

    [Test]
    public void WhatIsNoCompactProgram_IsRefusedWithItsFault()
    {
        var good = CapBuilder.Loyalty;
        Assert.That(Refused([1, 2, 3]), Does.StartWith("it is no ZIP archive"));
        Assert.That(Refused(CapBuilder.Zip([("a.txt", [1])])), Does.Contain("it is no CAP file"));
        Assert.That(Refused(new CapBuilder { Format = (2, 4) }), Is.EqualTo("its format is 2.4; 2.1 to 2.3 are read"));
        Assert.That(Refused(new CapBuilder { Applets = ["A000000003101001"] }), Does.StartWith("applet A000000003101001 has another registered provider"));
        Assert.That(Refused(new CapBuilder { Flags = 0 }), Does.Contain("do not say the same of applets"));
        Assert.That(Refused(Changed(good, "Header", b => [.. b[..3], 0, .. b[4..]])), Does.Contain("DECAFFED"));
        Assert.That(Refused(Changed(good, "Method", b => b[..^1])), Is.EqualTo("the component Method says that it has 900 bytes; 899 are there"));
        Assert.That(Refused(Changed(good, "Method", b => CapBuilder.Component(7, b[4..]))), Is.EqualTo("Directory says that Method has 900 bytes; 899 are there"));
        Assert.That(Refused(Changed(good, "Method", b => CapBuilder.Component(6, b[3..]))), Does.Contain("does not begin with its tag"));
        Assert.That(Refused(Changed(good, "Applet", b => [.. b[..3], 2, .. b[4..]])), Is.EqualTo("the component Applet is malformed"));
        Assert.That(Refused(Changed(good, "Import", b => [.. b[..3], 1, .. b[4..]])), Is.EqualTo("the component Import is malformed"));
        var parts = good.Parts().Select(part => ($"p/javacard/{part.Name}.cap", part.Bytes)).ToList();
        Assert.That(Refused(CapBuilder.Zip([.. parts.Where(part => part.Item1 != "p/javacard/RefLocation.cap")])),
            Is.EqualTo("the component ReferenceLocation is missing"));
        Assert.That(Refused(CapBuilder.Zip([.. parts, parts[0]])), Is.EqualTo("the component Header is in it twice"));
        Assert.That(Refused(CapBuilder.Zip([.. parts, ("q/javacard/Header.cap", [1])])), Is.EqualTo("it holds more than one CAP file"));
    }

    /// <summary>Each cap has a name, and nothing is unpacked beyond it.</summary>
    [Test]
    public void Archive_ThatUnpacksToMuchMore_CostsLittle()
    {
        var bomb = CapBuilder.Zip([("p/javacard/Method.cap", new byte[64 * 1024 * 1024])], CompressionLevel.SmallestSize);
        Assert.That(bomb, Has.Length.LessThan(100_000));
        Assert.That(Allocated.By(() => Refused(bomb)), Is.LessThan(2_000_000));
        Assert.That(Refused(bomb), Does.Contain("is longer than 65538 bytes"));
        Assert.That(Refused(new byte[CapFile.MaxFile + 1]), Is.EqualTo("it has 1048577 bytes; 1048576 are the most"));
        Assert.That(Refused(CapBuilder.Zip([.. Enumerable.Range(0, 1_025).Select(i => ($"{i}", (byte[])[]))])), Does.Contain("1024 are the most"));
        Assert.That(Refused(new CapBuilder { Methods = 65_535 }), Does.Contain("65535 are the most"));
    }

    /// <summary>samples/orders/loyalty.cap is what the builder makes, entry by entry; CARDISSUE_UPDATE_DOCS=1 writes it.</summary>
    [Test]
    public void LoyaltySample_IsWhatTheBuilderMakes()
    {
        var path = Path.Combine(Repository.Root, "samples", "orders", "loyalty.cap");
        if (Environment.GetEnvironmentVariable("CARDISSUE_UPDATE_DOCS") == "1") File.WriteAllBytes(path, CapBuilder.Loyalty.Build());
        using var archive = ZipFile.OpenRead(path);
        Assert.That(archive.Entries.Where(entry => entry.Name.EndsWith(".cap", StringComparison.Ordinal)).Select(entry => (entry.Name, Bytes(entry))),
            Is.EqualTo(CapBuilder.Loyalty.Parts().Select(part => ($"{part.Name}.cap", Convert.ToHexString(part.Bytes)))));

        static string Bytes(ZipArchiveEntry entry)
        {
            using var content = entry.Open();
            var bytes = new MemoryStream();
            content.CopyTo(bytes);
            return Convert.ToHexString(bytes.ToArray());
        }
    }
}
