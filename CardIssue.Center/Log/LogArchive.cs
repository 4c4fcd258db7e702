using System.Security.Cryptography;
using System.Text.Json;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Log;

/// <summary>
/// What the last line of an archive of the log says: what is in it, and that this center made it. Before it stand the entries, one a line, as in an export.
/// </summary>
/// <param name="Store">The store whose log it is, 16 bytes.</param>
/// <param name="Before">All entries are older than this, UTC.</param>
/// <param name="From">Behind which entry each chain begins in it; number 0 at a chain's very beginning.</param>
/// <param name="To">Each chain's last entry in it.</param>
/// <param name="Entries">How many entries it has.</param>
/// <param name="Sha256">Over all lines before, with their ends, 32 bytes.</param>
/// <param name="Signature">The center's.</param>
public sealed record LogArchive(
    ByteString Store, DateTimeOffset Before, ValueList<LogHead> From, ValueList<LogHead> To, long Entries, ByteString Sha256, ByteString Signature)
{
    private const string Mark = "archive";
    private const int Version = 1;

    /// <summary>Reads an archive from its first line to its last, and says what is wrong with it.</summary>
    /// <param name="path">Its file.</param>
    /// <param name="keys">The center's; with the secret ones every entry's MAC is verified too.</param>
    /// <returns>What it is, where its last line says so, and what is wrong.</returns>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static (LogArchive? Archive, IReadOnlyList<LogFinding> Findings) Verify(string path, ILogKeys keys)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(keys);
        return new LogArchiveReading(keys).Read(path);
    }

    internal static LogArchive Make(ByteString store, DateTimeOffset before, ValueList<LogHead> from, ValueList<LogHead> to, long entries, ByteString sha256, ILogKeys keys)
    {
        var unsigned = new LogArchive(store, before, from, to, entries, sha256, ByteString.Empty);
        return unsigned with { Signature = ByteString.Own(keys.SignCheckpoint(unsigned.SignedBytes())) };
    }

    internal bool IsSigned(ILogKeys keys) => keys.VerifyCheckpoint(SignedBytes(), Signature.Span);

    internal byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(new
    {
        archive = Version, store = Store.ToString(), before = Before.ToUnixTimeMilliseconds(), from = From.Select(LogJson.Of), to = To.Select(LogJson.Of),
        entries = Entries, sha256 = Sha256.ToString(), signature = Signature.ToString(),
    });

    /// <summary>Null when the line is an entry.</summary>
    internal static LogArchive? Read(JsonElement line)
    {
        if (!line.TryGetProperty(Mark, out var version)) return null;
        if (version.GetInt32() != Version) throw new FormatException("it was written by a newer program");
        return new LogArchive(
            Hex(line, "store"), DateTimeOffset.FromUnixTimeMilliseconds(line.GetProperty("before").GetInt64()), LogCheckpoint.HeadsFrom(line.GetProperty("from")),
            LogCheckpoint.HeadsFrom(line.GetProperty("to")), line.GetProperty("entries").GetInt64(), Hex(line, "sha256"), Hex(line, "signature"));
    }

    /// <summary>Its beginning tells it from a checkpoint, which the same key signs.</summary>
    private byte[] SignedBytes()
    {
        using var hash = new FieldHash();
        hash.Bytes(Store.Span).Number(Before.ToUnixTimeMilliseconds()).Number(Entries).Bytes(Sha256.Span);
        foreach (var heads in (ValueList<LogHead>[])[From, To])
        {
            hash.Number(heads.Count);
            foreach (var head in heads) hash.Text(head.Instance).Number(head.Sequence).Bytes(head.Hash.Span);
        }
        return [.. "CardIssue log archive v1\0"u8, .. hash.Make()];
    }

    private static ByteString Hex(JsonElement line, string name) => ByteString.FromHex(line.GetProperty(name).GetString()!);
}

/// <summary>Reads an archive once.</summary>
internal sealed class LogArchiveReading(ILogKeys keys)
{
    // An entry has at most 16,384 characters of detail; what is longer is none, and is not read into memory.
    private const int MaxLine = 1024 * 1024;

    private readonly List<LogFinding> _findings = [];
    private readonly List<LogHead> _to = [];
    private readonly List<LogRow> _firsts = [];
    private LogHead? _head;
    private long _entries;

    public (LogArchive? Archive, IReadOnlyList<LogFinding> Findings) Read(string path)
    {
        LogArchive? archive = null;
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var file = PrivateFiles.Open(path, FileMode.Open, FileAccess.Read);
        using var reader = new BufferedStream(file, 64 * 1024);
        for (var number = 1; Line(reader) is { } line; number++)
        {
            if (archive is not null)
            {
                Add(LogFindingKind.ChangedRow, "", number, $"line {number} stands behind the archive's end");
                break;
            }
            archive = Take(line, number);
            if (archive is null) sha.AppendData(line);
        }
        End();
        if (archive is null) Add(LogFindingKind.Cut, "", _entries, "the line that ends an archive is missing: it was cut off, or this is none; log archive makes them, log export does not");
        else Compare(archive, ByteString.Own(sha.GetHashAndReset()));
        return (archive, _findings);
    }

    private LogArchive? Take(byte[] line, int number)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            if (LogArchive.Read(document.RootElement) is { } archive) return archive;
            Take(LogJson.RowFrom(document.RootElement));
        }
        catch (Exception error) when (LogJson.IsMalformed(error) || error is ArgumentException)
        {
            Add(LogFindingKind.ChangedRow, "", number, $"line {number} is no entry of a log");
        }
        return null;
    }

    /// <summary>Behind what a chain's first entry here stands, the archive's end says; its hash is held against that there.</summary>
    private void Take(LogRow row)
    {
        _entries++;
        if (_head?.Instance != row.Instance)
        {
            End();
            _head = new LogHead(row.Instance, row.Sequence, row.Hash);
            _firsts.Add(row);
        }
        else
        {
            if (row.Sequence != _head.Sequence + 1) Add(LogFindingKind.Gap, row.Instance, row.Sequence, $"entries {_head.Sequence + 1} to {row.Sequence - 1} of {row.Instance} are missing");
            else if (LogChain.HashOf(_head.Hash, row) != row.Hash) Add(LogFindingKind.ChangedRow, row.Instance, row.Sequence, $"entry {row.Sequence} of {row.Instance} was changed");
            _head = new LogHead(row.Instance, row.Sequence, row.Hash);
        }
        if (keys.HasSecrets && !row.Mac.IsEmpty && !CryptographicOperations.FixedTimeEquals(LogChain.MacOf(keys, row.Hash).Span, row.Mac.Span))
            Add(LogFindingKind.Forged, row.Instance, row.Sequence, $"entry {row.Sequence} of {row.Instance} was not written by this center");
    }

    private void Compare(LogArchive archive, ByteString sha256)
    {
        if (!archive.IsSigned(keys)) Add(LogFindingKind.BadSignature, "", 0, "the archive's signature is not the center's");
        if (archive.Sha256 != sha256 || archive.Entries != _entries) Add(LogFindingKind.ChangedRow, "", 0, "the archive's lines are not those that were signed");
        foreach (var first in _firsts)
        {
            var before = archive.From.FirstOrDefault(head => head.Instance == first.Instance);
            if (before is null || first.Sequence != before.Sequence + 1 || LogChain.HashOf(before.Hash, first) != first.Hash)
                Add(LogFindingKind.ChangedRow, first.Instance, first.Sequence, $"entry {first.Sequence} of {first.Instance} does not go on from what the archive begins behind");
        }
        if (!archive.To.SequenceEqual(_to)) Add(LogFindingKind.Cut, "", 0, "the chains do not end where the archive says");
    }

    private void End()
    {
        if (_head is not null) _to.Add(_head);
        _head = null;
    }

    private void Add(LogFindingKind kind, string instance, long sequence, string text)
    {
        if (_findings.Count < LogReport.MaxFindings) _findings.Add(new LogFinding(kind, instance, sequence, text));
    }

    /// <summary>A line with its end, where it has one; null at the file's end.</summary>
    private static byte[]? Line(Stream reader)
    {
        using var line = new MemoryStream();
        for (int b; (b = reader.ReadByte()) >= 0;)
        {
            if (line.Length == MaxLine) throw new FormatException("a line of this file is longer than any of an archive");
            line.WriteByte((byte)b);
            if (b == '\n') break;
        }
        return line.Length > 0 ? line.ToArray() : null;
    }
}
