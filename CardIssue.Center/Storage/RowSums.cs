using System.Buffers.Binary;

namespace CardIssue.Center.Storage;

/// <summary>
/// What the rows of the sealed tables come to: of each table how many there are, and the sum of a number of each row modulo 2^256. So it is
/// kept up to date with each
/// change, and differs when a row is missing, is there twice, or is an older one (Clarke and others, "Incremental Multiset Hash Functions",
/// 2003, MSet-Add-Hash).
/// </summary>
internal sealed class RowSums
{
    public const int TermLength = 32;

    private const int Entry = sizeof(long) + TermLength;

    private readonly byte[] _bytes;

    public RowSums() => _bytes = new byte[SealedTable.All.Count * Entry];

    private RowSums(byte[] bytes) => _bytes = bytes;

    /// <summary>Reads what <see cref="Bytes"/> were; of tables that were not sealed then there are none.</summary>
    public static RowSums? Read(ReadOnlySpan<byte> bytes)
    {
        var sums = new RowSums();
        if (bytes.Length > sums._bytes.Length || bytes.Length % Entry != 0) return null;
        bytes.CopyTo(sums._bytes);
        return sums;
    }

    public ReadOnlySpan<byte> Bytes => _bytes;

    public RowSums Copy() => new([.. _bytes]);

    public long CountOf(SealedTable table) => BinaryPrimitives.ReadInt64BigEndian(Of(table));

    public bool IsEqual(SealedTable table, RowSums other) => Of(table).SequenceEqual(other.Of(table));

    public void Take(SealedTable table, RowSums other) => other.Of(table).CopyTo(Of(table));

    public void Add(SealedTable table, ReadOnlySpan<byte> term)
    {
        Count(table, 1);
        var sum = Of(table)[sizeof(long)..];
        var carry = 0;
        for (var i = TermLength - 1; i >= 0; i--)
        {
            carry += sum[i] + term[i];
            sum[i] = (byte)carry;
            carry >>= 8;
        }
    }

    public void Remove(SealedTable table, ReadOnlySpan<byte> term)
    {
        Count(table, -1);
        var sum = Of(table)[sizeof(long)..];
        var borrow = 0;
        for (var i = TermLength - 1; i >= 0; i--)
        {
            borrow += sum[i] - term[i];
            sum[i] = (byte)borrow;
            borrow >>= 8;
        }
    }

    private void Count(SealedTable table, int more) => BinaryPrimitives.WriteInt64BigEndian(Of(table), CountOf(table) + more);

    private Span<byte> Of(SealedTable table) => _bytes.AsSpan(table.Number * Entry, Entry);
}
