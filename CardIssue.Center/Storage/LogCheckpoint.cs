using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Storage;

/// <summary>The ends of all chains at one time, signed under the log key. Kept off the host, it shows later what was cut off or rewritten.</summary>
/// <param name="Number">Counts the checkpoints from 1.</param>
/// <param name="At">When, UTC, to the millisecond.</param>
/// <param name="Heads">The ends, by instance.</param>
/// <param name="Signature">Over number, time and heads.</param>
public sealed record LogCheckpoint(long Number, DateTimeOffset At, ValueList<LogHead> Heads, ByteString Signature)
{
    /// <summary>The largest checkpoint file, in bytes.</summary>
    public const int MaxFile = 1024 * 1024;

    private const string FilePattern = "checkpoint-*.json";

    /// <summary>The name of an exported checkpoint's file; names sort by number.</summary>
    public string FileName => NameOf(Number);

    /// <summary>Reads an exported checkpoint. Its signature is judged by <see cref="Log.IExchangeLog.VerifyAsync"/>.</summary>
    /// <exception cref="FormatException">It is no checkpoint; the message says what is wrong.</exception>
    internal static LogCheckpoint FromJson(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            return new LogCheckpoint(
                root.GetProperty("number").GetInt64(), root.GetProperty("at").GetDateTimeOffset(), HeadsFrom(root.GetProperty("heads")),
                ByteString.FromHex(Text(root, "signature")));
        }
        catch (Exception error) when (LogJson.IsMalformed(error))
        {
            throw new FormatException($"this is no checkpoint of the log: {error.Message}", error);
        }
    }

    /// <summary>Reads a checkpoint file, or the latest one of a directory that checkpoints are exported to.</summary>
    /// <returns>Null when the directory has none.</returns>
    /// <exception cref="FormatException">It is no checkpoint.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static LogCheckpoint? Load(string fileOrDirectory)
    {
        var file = Directory.Exists(fileOrDirectory)
            ? Directory.EnumerateFiles(fileOrDirectory, FilePattern).Max(StringComparer.Ordinal)
            : fileOrDirectory;
        if (file is null) return null;
        // A pipe or device, too, has no length: reading it could wait for ever.
        if (new FileInfo(file).Length is var length and (0 or > MaxFile))
            throw new FormatException($"{file} is {(length == 0 ? "empty, or no plain file" : $"larger than {MaxFile} bytes")}: no checkpoint.");
        var json = File.ReadAllBytes(file);
        try
        {
            return FromJson(json.AsSpan().StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? json.AsMemory(3) : json);
        }
        catch (FormatException error)
        {
            throw new FormatException($"{file}: {error.Message}", error);
        }
    }

    /// <summary>The latest of a directory's checkpoints that is the center's; null when there is none.</summary>
    /// <param name="directory">Where they were exported to.</param>
    /// <param name="keys">Verify them.</param>
    /// <param name="most">The highest number that it may have.</param>
    internal static LogCheckpoint? Latest(string directory, ILogKeys keys, long most = long.MaxValue)
    {
        if (!Directory.Exists(directory)) return null;
        foreach (var file in Directory.EnumerateFiles(directory, FilePattern).OrderDescending(StringComparer.Ordinal))
        {
            if (most < long.MaxValue && string.CompareOrdinal(Path.GetFileName(file), NameOf(most)) > 0) continue;
            try
            {
                if (Load(file) is { } checkpoint && checkpoint.IsSigned(keys))
                    return checkpoint;
            }
            catch (FormatException)
            {
                // Whoever can put something else there can take the checkpoint away: the one before it is the latest then.
            }
        }
        return null;
    }

    /// <summary>Whether it is the center's.</summary>
    internal bool IsSigned(ILogKeys keys) => keys.VerifyCheckpoint(SignedBytes(), Signature.Span, Number);

    /// <summary>Whether a directory is there with an exported checkpoint in it.</summary>
    internal static bool AnyIn(string directory) => Directory.Exists(directory) && Directory.EnumerateFiles(directory, FilePattern).Any();

    /// <summary>The checkpoint as JSON, UTF-8.</summary>
    internal byte[] ToJson()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("number", Number);
            json.WriteString("at", At.UtcDateTime);
            json.WritePropertyName("heads");
            WriteHeads(json);
            json.WriteString("signature", Signature.ToString());
            json.WriteEndObject();
        }
        return stream.ToArray();
    }

    internal string HeadsJson()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream)) WriteHeads(json);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    internal static ValueList<LogHead> HeadsFrom(JsonElement heads) =>
    [
        .. heads.EnumerateArray().Select(head => new LogHead(
            Text(head, "instance"), head.GetProperty("sequence").GetInt64(), ByteString.FromHex(Text(head, "hash")))),
    ];

    private static string NameOf(long number) => $"checkpoint-{number:D10}.json";

    private static string Text(JsonElement parent, string name) =>
        parent.GetProperty(name).GetString() ?? throw new FormatException($"\"{name}\" is null.");

    /// <summary>What is signed: a fixed layout, every text preceded by its length in bytes.</summary>
    internal byte[] SignedBytes()
    {
        using var stream = new MemoryStream();
        Bytes(stream, "CardIssue log checkpoint v1"u8);
        Long(stream, Number);
        Long(stream, At.ToUnixTimeMilliseconds());
        Long(stream, Heads.Count);
        foreach (var head in Heads)
        {
            Bytes(stream, Encoding.UTF8.GetBytes(head.Instance));
            Long(stream, head.Sequence);
            Bytes(stream, head.Hash.Span);
        }
        return stream.ToArray();
    }

    private void WriteHeads(Utf8JsonWriter json)
    {
        json.WriteStartArray();
        foreach (var head in Heads)
        {
            json.WriteStartObject();
            json.WriteString("instance", head.Instance);
            json.WriteNumber("sequence", head.Sequence);
            json.WriteString("hash", head.Hash.ToString());
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Bytes(MemoryStream stream, ReadOnlySpan<byte> bytes)
    {
        Long(stream, bytes.Length);
        stream.Write(bytes);
    }

    private static void Long(MemoryStream stream, long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        stream.Write(bytes);
    }
}
