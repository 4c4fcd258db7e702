using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Storage;

/// <summary>
/// Makes and compares the seals of rows, under the vault's key for entries of the log with labels of their own. A row's seal is over its
/// table, its key, all columns
/// that matter and the commit that wrote it. One for a store.
/// </summary>
internal sealed class RowSeals(ILogKeys keys)
{
    private const int NonceLength = 12, TagLength = 16;

    /// <summary>The most rows of small tables whose latest commit is remembered: some 10 MB.</summary>
    public const int MaxRemembered = 100_000;

    private readonly ConcurrentDictionary<SealedTable, bool> _distrusted = new();
    private readonly ConcurrentDictionary<(SealedTable Table, string Key), long> _latest = new();

    /// <summary>Whether the vault is open: without it nothing is compared.</summary>
    public bool HasKey => keys.HasSecrets;

    /// <summary>Whether the rows of a store may be those of a version before, which sealed none.</summary>
    public bool TakesOver => keys.TakesOverRows;

    /// <summary>From now on a row without a seal is one that somebody put there.</summary>
    public void EndTakingOver() => keys.EndTakingOverRows();

    /// <summary>Rows of this table are missing, or older ones were put back: nothing is decided by any of them.</summary>
    public void Distrust(SealedTable table) => _distrusted[table] = true;

    /// <exception cref="StoreException"><see cref="StoreFault.Altered"/>: the row is not what this center wrote.</exception>
    public void Check(SealedTable table, StoredRow row)
    {
        if (!HasKey) return;
        if (_distrusted.ContainsKey(table))
        {
            throw Altered($"The table {table.Name} is not as this center's latest commit left it: rows were deleted, or older ones put back. "
                + "Nothing is decided by it.");
        }
        if (!Fits(table, row)) throw Altered($"{Place(table, row)} {NotOurs}. Nothing is decided by it.");
    }

    /// <summary>Whether a row has the seal that only this center makes.</summary>
    public bool Fits(SealedTable table, StoredRow row) => !HasKey
        || (row.Bytes("seal") is { } seal && row.Long("seal_generation") is { } generation
            && CryptographicOperations.FixedTimeEquals(SealOf(table, row, generation), seal.Span));

    /// <summary>
    /// Remembers the commit of a row of a small table, which was committed. A row that is of an earlier one than was seen before was put
    /// back, if what it is read from is not
    /// itself of an earlier state.
    /// </summary>
    /// <returns>The commit that was seen before, where the row is of an earlier one.</returns>
    public long? See(SealedTable table, StoredRow row)
    {
        if (!HasKey || row.Long("seal_generation") is not { } generation) return null;
        var place = (table, KeyText(row[SealedTable.KeyAt]));
        if (!_latest.TryGetValue(place, out var seen))
        {
            if (_latest.Count < MaxRemembered) _latest.TryAdd(place, generation);
            return null;
        }
        if (generation < seen) return seen;
        if (generation > seen) _latest[place] = generation;
        return null;
    }

    /// <summary>A row for people: its table and its key.</summary>
    public static string Place(SealedTable table, StoredRow row) => $"The row {KeyText(row[SealedTable.KeyAt])} of {table.Name}";

    /// <summary>What is wrong with a row whose seal does not fit.</summary>
    public const string NotOurs = "was not written by this center, or was changed by something that has not its vault";

    private static string KeyText(object key) =>
        key is byte[] bytes ? Convert.ToHexString(bytes) : Convert.ToString(key, CultureInfo.InvariantCulture) ?? "";

    /// <summary>The seal of a row, 32 bytes.</summary>
    /// <param name="table">Its table.</param>
    /// <param name="row">What the database has of it: <see cref="SealedTable.List"/>.</param>
    /// <param name="generation">The commit.</param>
    public byte[] SealOf(SealedTable table, StoredRow row, long generation)
    {
        using var hash = new FieldHash();
        hash.Text(table.Name).Number(generation);
        Add(hash, table.Key, row[SealedTable.KeyAt]);
        for (var i = 0; i < table.Columns.Count; i++) Add(hash, table.Columns[i], row[SealedTable.ColumnsAt + i]);
        return keys.MacOf([.. "CardIssue row v1\0"u8, .. hash.Make()]);
    }

    /// <summary>
    /// What a row adds to the sum of its table. Not its seal, which everybody sees: who knows the numbers could look for other rows of the
    /// same sum.
    /// </summary>
    public byte[] TermOf(ReadOnlySpan<byte> seal) => keys.MacOf([.. "CardIssue row sum v1\0"u8, .. seal]);

    /// <summary>
    /// Encrypts the sums for one commit of one store (AES-256-GCM under a key for that commit): so none can be put in another's place, and
    /// nobody learns a row's number.
    /// </summary>
    public byte[] Seal(RowSums sums, ByteString storeId, long generation)
    {
        var plain = sums.Bytes;
        var bytes = new byte[NonceLength + plain.Length + TagLength];
        var nonce = bytes.AsSpan(0, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using var gcm = Cipher(storeId, generation);
        gcm.Encrypt(nonce, plain, bytes.AsSpan(NonceLength, plain.Length), bytes.AsSpan(^TagLength..));
        return bytes;
    }

    /// <summary>The sums that a commit sealed; null when they are not that commit's.</summary>
    public RowSums? Open(ReadOnlySpan<byte> bytes, ByteString storeId, long generation)
    {
        if (bytes.Length < NonceLength + TagLength) return null;
        var plain = new byte[bytes.Length - NonceLength - TagLength];
        using var gcm = Cipher(storeId, generation);
        try
        {
            gcm.Decrypt(bytes[..NonceLength], bytes[NonceLength..^TagLength], bytes[^TagLength..], plain);
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
        return RowSums.Read(plain);
    }

    /// <summary>What to tell, and what to do.</summary>
    public static StoreException Altered(string what) => new(StoreFault.Altered,
        $"{what} Find out who could write the store's file, see log verify --vault, and restore the latest backup.");

    private AesGcm Cipher(ByteString storeId, long generation)
    {
        Span<byte> number = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(number, generation);
        var key = keys.MacOf([.. "CardIssue row sums v1\0"u8, .. storeId.Span, .. number]);
        try
        {
            return new AesGcm(key, TagLength);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>With its name and its type; what is NULL adds nothing.</summary>
    private static void Add(FieldHash hash, string column, object value)
    {
        switch (value)
        {
            case DBNull: break;
            case long number: hash.Text(column).Text("number").Number(number); break;
            case string text: hash.Text(column).Text("text").Text(text); break;
            case byte[] bytes: hash.Text(column).Text("bytes").Bytes(bytes); break;
            case var other: hash.Text(column).Text(other.GetType().Name).Text(KeyText(other)); break;
        }
    }
}
