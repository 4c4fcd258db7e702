using System.IO.Compression;

namespace CardIssue.Test.Cards.Programs;

/// <summary>
/// Makes compact CAP files (Java Card VM Specification 3.0.5 ch. 6): the components have the right form and agree with each other, but there
/// is no code in them that a real card could run.
/// </summary>
internal sealed record CapBuilder
{
    /// <summary>The provider's five bytes begin with F: unregistered (ISO/IEC 7816-4 §12.2.3). "CISS".</summary>
    public const string Provider = "F043495353";

    /// <summary>java.lang 1.0 and javacard.framework 1.3, as converters of Java Card 2.2.2 link against (Oracle's export files).</summary>
    public static readonly IReadOnlyList<(string Package, byte Major, byte Minor)> Platform = [("A0000000620101", 1, 3), ("A0000000620001", 1, 0)];

    public string Package { get; init; } = Provider + "0101";

    public (byte Major, byte Minor) Version { get; init; } = (1, 0);

    public (byte Major, byte Minor) Format { get; init; } = (2, 1);

    public byte Flags { get; init; } = 0x04;

    public IReadOnlyList<string> Applets { get; init; } = [Provider + "010101"];

    public IReadOnlyList<(string Package, byte Major, byte Minor)> Imports { get; init; } = Platform;

    /// <summary>How many bytes of methods there are.</summary>
    public int Methods { get; init; } = 16;

    /// <summary>Whether there are the components that cards do not get: Descriptor and Debug.</summary>
    public bool WithDebug { get; init; } = true;

    /// <summary>The loyalty program of the samples: samples/orders/loyalty.cap.</summary>
    public static CapBuilder Loyalty { get; } = new() { Methods = 900 };

    /// <summary>A program of which so many bytes are loaded.</summary>
    public static CapBuilder OfBlock(int length)
    {
        var small = new CapBuilder();
        return small with { Methods = length - small.Block().Length + small.Methods };
    }

    /// <summary>The components by the names of their files, in an order that is not the load order.</summary>
    public IReadOnlyList<(string Name, byte[] Bytes)> Parts()
    {
        var parts = new List<(string Name, byte[] Bytes)>
        {
            ("Header", Component(1, [0xDE, 0xCA, 0xFF, 0xED, Format.Minor, Format.Major, Flags, Version.Minor, Version.Major, .. Aid(Package)])),
            ("Applet", Component(3, [(byte)Applets.Count, .. Applets.SelectMany(applet => (byte[])[.. Aid(applet), 0x00, 0x08])])),
            ("Import", Component(4, [(byte)Imports.Count, .. Imports.SelectMany(i => (byte[])[i.Minor, i.Major, .. Aid(i.Package)])])),
            ("ConstantPool", Component(5, [0x00, 0x01, 0x06, 0x00, 0x00, 0x00])),
            ("Class", Component(6, [0x00, 0x80, 0x03, 0x00, 0xFF, 0x00, 0x07, 0x01, 0x00, 0x00])),
            ("Method", Component(7, [.. Enumerable.Range(0, Methods).Select(i => (byte)i)])),
            ("StaticField", Component(8, new byte[10])),
            ("RefLocation", Component(9, [0x00, 0x00, 0x00, 0x00])),
            ("Export", Component(10, [0x00])),
        };
        if (Applets.Count == 0) parts.RemoveAt(1);
        if (WithDebug) parts.AddRange([("Descriptor", Component(11, [0x00, 0x00])), ("Debug", Component(12, [0x00]))]);
        parts.Insert(1, ("Directory", Directory(parts)));
        return parts;
    }

    /// <summary>What is loaded of it, made here anew: load order, without Descriptor and Debug.</summary>
    public byte[] Block()
    {
        var parts = Parts().ToDictionary(part => part.Name, part => part.Bytes);
        string[] order = ["Header", "Directory", "Import", "Applet", "Class", "Method", "StaticField", "Export", "ConstantPool", "RefLocation"];
        return [.. order.Where(parts.ContainsKey).SelectMany(name => parts[name])];
    }

    public byte[] Build() => Zip([.. Parts().Select(part => ($"ciss/loyalty/javacard/{part.Name}.cap", part.Bytes)),
        ("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\n"u8.ToArray())]);

    /// <summary>An archive of these entries; the same bytes each time on the same system.</summary>
    public static byte[] Zip(IReadOnlyList<(string Name, byte[] Bytes)> entries, CompressionLevel level = CompressionLevel.NoCompression)
    {
        var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, bytes) in entries)
            {
                var entry = archive.CreateEntry(name, level);
                entry.LastWriteTime = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
                using var content = entry.Open();
                content.Write(bytes);
            }
        }
        return stream.ToArray();
    }

    /// <summary>Tag, size, content.</summary>
    public static byte[] Component(byte tag, byte[] content) => [tag, (byte)(content.Length >> 8), (byte)content.Length, .. content];

    private static byte[] Aid(string hex) => [(byte)(hex.Length / 2), .. Convert.FromHexString(hex)];

    /// <summary>§6.4: eleven sizes (twelve from format 2.2 on), its own among them, then counts.</summary>
    private byte[] Directory(List<(string Name, byte[] Bytes)> parts)
    {
        var sizes = new byte[2 * (Format.Minor == 1 ? 11 : 12)];
        byte[] counts = [0, 0, 0, 0, 0, 0, (byte)Imports.Count, (byte)Applets.Count, 0];
        void Say(int tag, int size)
        {
            if (2 * tag > sizes.Length) return;
            sizes[2 * tag - 2] = (byte)(size >> 8);
            sizes[2 * tag - 1] = (byte)size;
        }
        foreach (var (_, bytes) in parts) Say(bytes[0], bytes.Length - 3);
        Say(2, sizes.Length + counts.Length);
        return Component(2, [.. sizes, .. counts]);
    }
}
