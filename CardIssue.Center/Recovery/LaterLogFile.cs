using System.Text;
using System.Text.Json;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Recovery;

/// <summary>A later log as it is on the disk: an export, or the store that was damaged or lost.</summary>
internal static class LaterLogFile
{
    // An entry has at most 16,384 characters of detail; what is longer is none, and is not read into memory.
    private const int MaxLine = 256 * 1024;

    /// <summary>Reads it once: its entries chain by chain as they come, and then where its chains were sealed to end.</summary>
    /// <param name="path">A log export, a store's file, or a folder with the latter.</param>
    /// <param name="read">Reads the entries; the second function tells the seals, once all entries were taken.</param>
    /// <exception cref="RecoveryException">It is no log.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static T Read<T>(string path, Func<IEnumerable<LogRow>, Func<IReadOnlyList<(LogHeadSeal Seal, ByteString Mac)>>, T> read)
    {
        path = Path.GetFullPath(Directory.Exists(path) ? Path.Combine(path, CenterBackup.StorePart) : path);
        return IsStore(path) ? ReadStore(path, read) : ReadExport(path, read);
    }

    private static bool IsStore(string path)
    {
        using var file = PrivateFiles.Open(path, FileMode.Open, FileAccess.Read);
        Span<byte> start = stackalloc byte[16];
        // https://sqlite.org/fileformat.html §1.3
        return file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.SequenceEqual("SQLite format 3\0"u8);
    }

    private static T ReadStore<T>(string path, Func<IEnumerable<LogRow>, Func<IReadOnlyList<(LogHeadSeal Seal, ByteString Mac)>>, T> read)
    {
        using var engine = SqliteFile.OpenToRead(path);
        return engine.Read(connection =>
        {
            var store = new StoreView(connection);
            return read(LogTable.All(store), () => LogTable.SealedHeads(store, CenterDatabase.IdIn(store)));
        });
    }

    private static T ReadExport<T>(string path, Func<IEnumerable<LogRow>, Func<IReadOnlyList<(LogHeadSeal Seal, ByteString Mac)>>, T> read)
    {
        var seals = new List<(LogHeadSeal, ByteString)>();
        using var reader = new StreamReader(PrivateFiles.Open(path, FileMode.Open, FileAccess.Read), Encoding.UTF8, detectEncodingFromByteOrderMarks: true, bufferSize: 64 * 1024);
        return read(Rows(), () => seals);

        IEnumerable<LogRow> Rows()
        {
            var number = 0;
            while (Line(reader, path, ++number) is { } line)
            {
                var row = RowOf(line, path, number, seals);
                if (row is not null) yield return row;
            }
        }
    }

    private static string? Line(StreamReader reader, string path, int number)
    {
        var line = new StringBuilder();
        for (int c; (c = reader.Read()) >= 0;)
        {
            if (c == '\n') return line.ToString();
            if (line.Length == MaxLine) throw NoEntry(path, number, "it is too long");
            line.Append((char)c);
        }
        return line.Length > 0 ? line.ToString() : null;
    }

    private static LogRow? RowOf(string line, string path, int number, List<(LogHeadSeal, ByteString)> seals)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            if (LogJson.SealFrom(document.RootElement) is not { } seal) return LogJson.RowFrom(document.RootElement);
            seals.Add(seal);
            return null;
        }
        // InvalidOperationException: a value of another type; the others: a name, number or hexadecimal text that is none.
        catch (Exception error) when (LogJson.IsMalformed(error) || error is ArgumentException)
        {
            throw NoEntry(path, number, error.Message, error);
        }
    }

    private static RecoveryException NoEntry(string path, int number, string why, Exception? inner = null) =>
        new(RecoveryFault.Altered, $"{path}, line {number}: this is no entry of a log ({why}). Take another export.", inner);
}
