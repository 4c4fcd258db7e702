using System.Security.Cryptography;
using System.Text.Json;
using CardIssue.Center.Storage;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Recovery;

/// <summary>A file of a backup.</summary>
/// <param name="Name">Its name in the backup's folder.</param>
/// <param name="Length">Its length in bytes.</param>
/// <param name="Sha256">Its digest, 32 bytes.</param>
public sealed record BackupPart(string Name, long Length, ByteString Sha256);

/// <summary>What a backup is: <c>manifest.json</c> in its folder.</summary>
/// <param name="Center">Of which center.</param>
/// <param name="MadeAt">When, UTC, to the millisecond.</param>
/// <param name="StoreId">Of which store, 16 bytes.</param>
/// <param name="Generation">The number of the last commit that is in it.</param>
/// <param name="Heads">The ends of the log's chains in it.</param>
/// <param name="Parts">Its files.</param>
/// <param name="Mac">HMAC-SHA256 over all that, under the vault's log key, 32 bytes.</param>
public sealed record BackupManifest(
    CenterId Center, DateTimeOffset MadeAt, ByteString StoreId, long Generation, ValueList<LogHead> Heads, ValueList<BackupPart> Parts, ByteString Mac)
{
    /// <summary>Its file's name.</summary>
    public const string FileName = "manifest.json";

    /// <summary>The largest manifest, in bytes.</summary>
    public const int MaxFile = 1024 * 1024;

    private const int Version = 1;

    /// <summary>Reads a manifest. Whether it is the center's is said by <see cref="CenterBackup.Verify"/>.</summary>
    /// <exception cref="RecoveryException">It is none.</exception>
    internal static BackupManifest FromJson(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            if (root.GetProperty("backup").GetInt32() != Version) throw new FormatException("it is of a version that this program does not know");
            ValueList<BackupPart> parts = [.. root.GetProperty("parts").EnumerateArray().Select(PartFrom)];
            if (parts.DistinctBy(part => part.Name).Count() != parts.Count) throw new FormatException("it names a file twice");
            return new BackupManifest(
                new CenterId(root.GetProperty("center").GetString()!), root.GetProperty("madeAt").GetDateTimeOffset(),
                ByteString.FromHex(root.GetProperty("store").GetString()!), root.GetProperty("generation").GetInt64(),
                LogCheckpoint.HeadsFrom(root.GetProperty("heads")), parts, ByteString.FromHex(root.GetProperty("mac").GetString()!));
        }
        // InvalidOperationException: a value of another type; ArgumentNullException: null where a text belongs.
        catch (Exception error) when (LogJson.IsMalformed(error) || error is ArgumentNullException)
        {
            throw new RecoveryException(RecoveryFault.Altered,
                $"{FileName} is no manifest of a backup ({error.Message}): take another backup.", error);
        }
    }

    /// <summary>As JSON, UTF-8.</summary>
    internal byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(new
    {
        backup = Version,
        center = Center.Value,
        madeAt = MadeAt.UtcDateTime,
        store = StoreId.ToString(),
        generation = Generation,
        heads = Heads.Select(LogJson.Of),
        parts = Parts.Select(part => new { name = part.Name, length = part.Length, sha256 = part.Sha256.ToString() }),
        mac = Mac.ToString(),
    }, Form);

    internal BackupManifest Seal(ILogKeys keys) => this with { Mac = MacBy(keys) };

    internal bool IsSealedBy(ILogKeys keys) => CryptographicOperations.FixedTimeEquals(MacBy(keys).Span, Mac.Span);

    private static readonly JsonSerializerOptions Form = new() { WriteIndented = true };

    private static BackupPart PartFrom(JsonElement part)
    {
        var name = part.GetProperty("name").GetString()!;
        if (!NameRule.Accepts(name) || name[0] == '.' || name == FileName) throw new FormatException("a file's name in it is none");
        return new BackupPart(name, part.GetProperty("length").GetInt64(), ByteString.FromHex(part.GetProperty("sha256").GetString()!));
    }

    /// <summary>Over every field in order (<see cref="FieldHash"/>); with a label that no entry of the log begins with.</summary>
    private ByteString MacBy(ILogKeys keys)
    {
        using var hash = new FieldHash();
        hash.Number(Version).Text(Center.Value).Number(MadeAt.ToUnixTimeMilliseconds()).Bytes(StoreId.Span).Number(Generation).Number(Heads.Count);
        foreach (var head in Heads) hash.Text(head.Instance).Number(head.Sequence).Bytes(head.Hash.Span);
        hash.Number(Parts.Count);
        foreach (var part in Parts) hash.Text(part.Name).Number(part.Length).Bytes(part.Sha256.Span);
        return ByteString.Own(keys.MacOf([.. "CardIssue backup v1\0"u8, .. hash.Make()]));
    }
}
