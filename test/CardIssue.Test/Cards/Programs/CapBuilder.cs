using System.IO.Compression;

namespace CardIssue.Test.Cards.Programs;

/// <summary>
/// Makes CAP files, compact and extended (Java Card VM Specification 3.1 ch. 6): the components have the right form and agree with each other,
/// but there is no code in them that a real card could run.
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

    /// <summary>The packages of an extended file, whose own AID is <see cref="Package"/>; none for a compact one.</summary>
    public IReadOnlyList<(string Package, byte Major, byte Minor, string Name)> Packages { get; init; } = [];

    /// <summary>A static resource; none when it is empty.</summary>
    public byte[] Resource { get; init; } = [];

    /// <summary>How many bytes of methods there are.</summary>
    public int Methods { get; init; } = 16;

    /// <summary>Whether there are the components that cards do not get: Descriptor and Debug.</summary>
    public bool WithDebug { get; init; } = true;

    /// <summary>The same as an extended file with two packages.</summary>
    public static CapBuilder Extended { get; } = new()
    {
        Format = (2, 3), Flags = 0x0C, Packages = [(Provider + "0102", 1, 4, "ciss/points"), (Provider + "0103", 2, 0, "")],
    };

    /// <summary>The loyalty program of the samples: samples/orders/loyalty.cap.</summary>
    public static CapBuilder Loyalty { get; } = new() { Methods = 900 };

    /// <summary>A program of which so many bytes are loaded.</summary>
    public static CapBuilder OfBlock(int length, CapBuilder? small = null)
    {
        small ??= new CapBuilder();
        return small with { Methods = length - small.Block().Length + small.Methods };
    }

    /// <summary>The components by the names of their files, in an order that is not the load order.</summary>
    public IReadOnlyList<(string Name, byte[] Bytes)> Parts()
    {
        var parts = new List<(string Name, byte[] Bytes)>
        {
            ("Header", Component(1, [0xDE, 0xCA, 0xFF, 0xED, Format.Minor, Format.Major, Flags, Version.Minor, Version.Major, .. Aid(Package), .. HeadersPackages()])),
            ("Applet", Component(3, [(byte)Applets.Count, .. Applets.SelectMany(applet => (byte[])[.. Aid(applet), .. IsExtended ? [0x00] : (byte[])[], 0x00, 0x08])])),
            ("Import", Component(4, [(byte)Imports.Count, .. Imports.SelectMany(i => (byte[])[i.Minor, i.Major, .. Aid(i.Package)])])),
            ("ConstantPool", Component(5, [0x00, 0x01, 0x06, 0x00, 0x00, 0x00])),
            ("Class", Component(6, [0x00, 0x80, 0x03, 0x00, 0xFF, 0x00, 0x07, 0x01, 0x00, 0x00])),
            ("Method", Sized(7, [.. Enumerable.Range(0, Methods).Select(i => (byte)i)])),
            ("StaticField", Component(8, new byte[10])),
            ("RefLocation", Sized(9, [0x00, 0x00, 0x00, 0x00])),
            ("Export", Component(10, [0x00])),
        };
        if (Applets.Count == 0) parts.RemoveAt(1);
        if (WithDebug) parts.AddRange([("Descriptor", Sized(11, [0x00, 0x00])), ("Debug", Sized(12, [0x00]))]);
        if (Resource.Length > 0)
            parts.Add(("StaticResources", LongComponent(13, [0x00, 0x01, 0x00, 0x07, 0x00, 0x00, 0x00, (byte)Resource.Length, .. Resource])));
        parts.Insert(1, ("Directory", Directory(parts)));
        return parts;
    }

    /// <summary>What is loaded of it, made here anew: load order, without Descriptor and Debug.</summary>
    public byte[] Block()
    {
        var parts = Parts().ToDictionary(part => part.Name, part => part.Bytes);
        string[] order = ["Header", "Directory", "Import", "Applet", "Class", "Method", "StaticField", "Export", "ConstantPool", "RefLocation", "StaticResources"];
        return [.. order.Where(parts.ContainsKey).SelectMany(name => parts[name])];
    }

    public byte[] Build() => Zip([.. Parts().Select(part => ($"ciss/loyalty/javacard/{FileOf(part.Name)}", part.Bytes)),
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

    private bool IsExtended => Packages.Count > 0;

    /// <summary>The name of a component's file.</summary>
    public string FileOf(string part) =>
        part + (part == "StaticResources" || IsExtended && part is "Method" or "RefLocation" or "Descriptor" or "Debug" ? ".capx" : ".cap");

    /// <summary>Of what has a longer size in an extended file.</summary>
    private byte[] Sized(byte tag, byte[] content) => IsExtended ? LongComponent(tag, content) : Component(tag, content);

    /// <summary>Tag, size in four bytes, content.</summary>
    public static byte[] LongComponent(byte tag, byte[] content) =>
        [tag, (byte)(content.Length >> 24), (byte)(content.Length >> 16), (byte)(content.Length >> 8), (byte)content.Length, .. content];

    private byte[] HeadersPackages() => !IsExtended ? [] :
    [
        (byte)Packages.Count, .. Packages.SelectMany(one => (byte[])[one.Minor, one.Major, .. Aid(one.Package)]),
        .. Packages.SelectMany(one => (byte[])[(byte)one.Name.Length, .. System.Text.Encoding.ASCII.GetBytes(one.Name)]),
    ];

    /// <summary>Tag, size, content.</summary>
    public static byte[] Component(byte tag, byte[] content) => [tag, (byte)(content.Length >> 8), (byte)content.Length, .. content];

    private static byte[] Aid(string hex) => [(byte)(hex.Length / 2), .. Convert.FromHexString(hex)];

    /// <summary>
    /// §6.5: a size for each tag (eleven in format 2.1, then Debug's too, then static resources'), its own among them; then counts.
    /// </summary>
    private byte[] Directory(List<(string Name, byte[] Bytes)> parts)
    {
        byte[] counts = [0, 0, 0, 0, 0, 0, (byte)Imports.Count, (byte)Applets.Count, .. IsExtended ? [1] : (byte[])[], 0];
        byte[] Length(int tag) => new byte[tag == 13 || IsExtended && tag is 7 or 9 or 11 or 12 ? 4 : 2];
        var tags = Enumerable.Range(1, Format.Minor switch { 1 => 11, 2 => 12, _ => 13 }).ToList();
        var own = tags.Sum(tag => Length(tag).Length) + counts.Length;
        byte[] Size(int tag)
        {
            var size = Length(tag);
            var bytes = parts.FirstOrDefault(part => part.Bytes[0] == tag).Bytes;
            var length = tag == 2 ? own : bytes is null ? 0 : bytes.Length - (FileOf(parts.First(part => part.Bytes[0] == tag).Name).EndsWith('x') ? 5 : 3);
            for (var i = 0; i < size.Length; i++) size[i] = (byte)(length >> 8 * (size.Length - 1 - i));
            return size;
        }
        return Component(2, [.. tags.SelectMany(Size), .. counts]);
    }
}
