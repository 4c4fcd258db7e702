using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Programs;

/// <summary>Takes the components out of a CAP file, which is a ZIP archive. What it says of lengths is not believed.</summary>
internal static class CapArchive
{
    /// <summary>The most entries of an archive: components, manifest, class files and export files.</summary>
    public const int MaxEntries = 1_024;

    /// <summary>The longest component: tag, two bytes of size, and what they can count.</summary>
    public const int MaxComponent = CapPart.ShortHead + 0xFFFF;

    /// <summary>The longest one with four bytes of size; they could count more than any card holds.</summary>
    public const int MaxLongComponent = CapPart.LongHead + CapFile.MaxFile;

    private const string Folder = "javacard/", Ending = ".cap", LongEnding = ".capx";

    private static readonly Dictionary<string, CapComponentTag> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Header"] = CapComponentTag.Header, ["Directory"] = CapComponentTag.Directory, ["Applet"] = CapComponentTag.Applet,
        ["Import"] = CapComponentTag.Import, ["ConstantPool"] = CapComponentTag.ConstantPool, ["Class"] = CapComponentTag.Class,
        ["Method"] = CapComponentTag.Method, ["StaticField"] = CapComponentTag.StaticField,
        ["RefLocation"] = CapComponentTag.ReferenceLocation, ["Export"] = CapComponentTag.Export,
        ["Descriptor"] = CapComponentTag.Descriptor, ["Debug"] = CapComponentTag.Debug,
        ["StaticResources"] = CapComponentTag.StaticResources,
    };

    /// <summary>The components by tag, whole.</summary>
    public static bool TryRead(
        ByteString file,
        [NotNullWhen(true)] out IReadOnlyDictionary<CapComponentTag, CapPart>? components,
        [NotNullWhen(false)] out string? error)
    {
        components = null;
        try
        {
            using var archive = new ZipArchive(new MemoryStream(file.ToArray(), writable: false), ZipArchiveMode.Read);
            if (archive.Entries.Count > MaxEntries)
                error = $"the archive has {archive.Entries.Count} entries; {MaxEntries} are the most";
            else
                components = Read(archive, out error);
        }
        // What ZipArchive says of bytes that are no archive, or one that it does not read.
        catch (Exception e) when (e is InvalidDataException or IOException or NotSupportedException or ArgumentException or OverflowException)
        {
            error = $"it is no ZIP archive, or a damaged one: {e.Message}";
        }
        return error is null;
    }

    private static Dictionary<CapComponentTag, CapPart>? Read(ZipArchive archive, out string? error)
    {
        var components = new Dictionary<CapComponentTag, CapPart>();
        string? folder = null;
        foreach (var entry in archive.Entries)
        {
            if (Place(entry.FullName) is not var (path, name)) continue;
            var isLong = name.EndsWith(LongEnding, StringComparison.OrdinalIgnoreCase);
            if (!isLong && !name.EndsWith(Ending, StringComparison.OrdinalIgnoreCase)) continue;
            if (!Names.TryGetValue(name[..^(isLong ? LongEnding : Ending).Length], out var tag)) continue;
            folder ??= path;
            error = folder != path ? "it holds more than one CAP file"
                : components.ContainsKey(tag) ? $"the component {tag} is in it twice"
                : null;
            if (error is not null || Bytes(entry, tag, isLong, out error) is not { } bytes) return null;
            components.Add(tag, new CapPart(bytes, isLong));
        }
        error = components.Count == 0 ? "it holds no javacard/*.cap: it is no CAP file" : null;
        return error is null ? components : null;
    }

    /// <summary>The package's folder and the file's name; null for what is no component.</summary>
    private static (string Path, string Name)? Place(string fullName)
    {
        var path = fullName.Replace('\\', '/');
        var at = path.LastIndexOf('/') + 1;
        var folder = path[..at];
        return folder == Folder || folder.EndsWith($"/{Folder}", StringComparison.Ordinal) ? (folder, path[at..]) : null;
    }

    private static ByteString? Bytes(ZipArchiveEntry entry, CapComponentTag tag, bool isLong, out string? error)
    {
        var (max, head) = isLong ? (MaxLongComponent, CapPart.LongHead) : (MaxComponent, CapPart.ShortHead);
        var buffer = new byte[max + 1];
        using var stream = entry.Open();
        var length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        error = length > max ? $"the component {tag} is longer than {max} bytes"
            : length < head || buffer[0] != (byte)tag ? $"the component {tag} does not begin with its tag and size"
            : SizeFault(buffer.AsSpan(1, head - 1), length - head) is { } said ? $"the component {tag} {said}"
            : null;
        return error is null ? ByteString.Copy(buffer.AsSpan(0, length)) : null;
    }

    private static string? SizeFault(ReadOnlySpan<byte> size, int there)
    {
        var said = size.Length == sizeof(ushort) ? BinaryPrimitives.ReadUInt16BigEndian(size) : BinaryPrimitives.ReadUInt32BigEndian(size);
        return said == there ? null : $"says that it has {said} bytes; {there} are there";
    }
}
