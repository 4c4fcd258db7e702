using System.Text.Json;
using CardIssue.Center.Orders;
using CardIssue.Center.Storage;

namespace CardIssue.Center.Feed;

/// <summary>Appends events to a file, one JSON object a line, forced to the disk before they count as told.</summary>
public sealed class JsonLinesFeed(string path) : IIssuerFeed
{
    private readonly string _path = Path.GetFullPath(path);
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <inheritdoc/>
    /// <exception cref="StoreException">The file could not be written; the message says what to do.</exception>
    public async Task TellAsync(IReadOnlyList<FeedEvent> events, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(events);
        using var lines = new MemoryStream();
        foreach (var told in events) Write(lines, told);
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            PrivateFiles.CreateDirectory(Path.GetDirectoryName(_path)!);
            using var file = PrivateFiles.Open(_path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
            EndTornLine(file);
            file.Write(lines.GetBuffer().AsSpan(0, (int)lines.Length));
            file.Flush(flushToDisk: true);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new StoreException(StoreFault.ReadOnly, $"{_path}: access denied; give this user the right to write it.", error);
        }
        catch (IOException error)
        {
            throw StoreException.From(error, _path)!;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Goes to the end; a line that a power cut tore is ended, so that it spoils no other. Its event comes again.</summary>
    private static void EndTornLine(FileStream file)
    {
        if (file.Length == 0) return;
        file.Seek(-1, SeekOrigin.End);
        if (file.ReadByte() != '\n') file.WriteByte((byte)'\n');
    }

    private static void Write(MemoryStream lines, FeedEvent told)
    {
        using (var json = new Utf8JsonWriter(lines)) FeedEventJson.Write(json, told);
        lines.WriteByte((byte)'\n');
    }
}
