using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using CardIssue.Core.Cards.Products.Emv;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Orders;

/// <summary>
/// Checked orders on their way from a file into the store, one after the other. They are kept in a file that has no name any more and is
/// gone when this is, each under a key that is nowhere but in this process (AES-256-GCM, the order's number as the nonce): a file that is
/// longer than memory is read and checked once, and its last mistake is known before the store is touched.
/// </summary>
internal sealed class OrderSpool : IDisposable
{
    private const int NonceLength = 12, TagLength = 16, KeyLength = 32, Buffered = 256 * 1024;

    private readonly FileStream _file;
    private readonly AesGcm _cipher;
    private readonly IncrementalHash _digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _count;

    /// <param name="directory">Where there is room for it: about as much as the orders' file has.</param>
    public OrderSpool(string directory)
    {
        using var key = SecretBytes.Random(KeyLength);
        _cipher = new AesGcm(key.Span, TagLength);
        var path = Path.Combine(directory, $"orders-{Guid.NewGuid():N}.spool");
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.Delete, Options = FileOptions.DeleteOnClose, BufferSize = Buffered,
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        _file = new FileStream(path, options);
        // A process that is killed leaves nothing behind.
        if (!OperatingSystem.IsWindows()) File.Delete(path);
    }

    /// <summary>Adds one; all are added before the first is read.</summary>
    public void Add(TakenOrder order)
    {
        using var plain = new MemoryStream();
        using (var to = new BinaryWriter(plain)) Write(to, order);
        var bytes = plain.GetBuffer().AsSpan(0, (int)plain.ToArray().Length);
        Span<byte> head = stackalloc byte[sizeof(int)], nonce = stackalloc byte[NonceLength], tag = stackalloc byte[TagLength];
        BinaryPrimitives.WriteInt32BigEndian(head, bytes.Length);
        BinaryPrimitives.WriteInt64BigEndian(nonce, _count++);
        var cipher = new byte[bytes.Length];
        _cipher.Encrypt(nonce, bytes, cipher, tag);
        _digest.AppendData(bytes);
        CryptographicOperations.ZeroMemory(bytes);
        _file.Write(head);
        _file.Write(cipher);
        _file.Write(tag);
    }

    /// <summary>SHA-256 of all of them, with their codes and fields.</summary>
    public byte[] Digest() => _digest.GetCurrentHash();

    /// <summary>All of them, in their order.</summary>
    public IEnumerable<TakenOrder> Read()
    {
        _file.Position = 0;
        for (var number = 0L; number < _count; number++) yield return ReadOne(number);
    }

    public void Dispose()
    {
        _file.Dispose();
        _cipher.Dispose();
        _digest.Dispose();
    }

    private TakenOrder ReadOne(long number)
    {
        Span<byte> head = stackalloc byte[sizeof(int)], nonce = stackalloc byte[NonceLength], tag = stackalloc byte[TagLength];
        _file.ReadExactly(head);
        var bytes = new byte[BinaryPrimitives.ReadInt32BigEndian(head)];
        _file.ReadExactly(bytes);
        _file.ReadExactly(tag);
        BinaryPrimitives.WriteInt64BigEndian(nonce, number);
        _cipher.Decrypt(nonce, bytes, tag, bytes);
        using var from = new BinaryReader(new MemoryStream(bytes));
        var order = Read(from);
        CryptographicOperations.ZeroMemory(bytes);
        return order;
    }

    private static void Write(BinaryWriter to, TakenOrder order)
    {
        to.Write(order.Order.Value);
        to.Write(order.Customer);
        to.Write(order.Product);
        to.Write(order.Code);
        to.Write(order.Line);
        to.Write(order.Column);
        to.Write(order.Sequence ?? -1);
        to.Write(order.Rewrite?.Name ?? "");
        to.Write(order.Rewrite?.Card.ToString() ?? "");
        to.Write(order.Account?.Number ?? "");
        to.Write(order.Account?.Sequence ?? 0);
        to.Write(order.Fields.Count);
        foreach (var (name, value) in order.Fields)
        {
            to.Write(name);
            to.Write(value);
        }
        // Left out where there is none: the digest of a file that a version before began to take in stays what it was.
        if (order.Branch is { } branch) to.Write(branch.Value);
    }

    private static TakenOrder Read(BinaryReader from)
    {
        var (order, customer, product, code) = (new OrderId(from.ReadString()), from.ReadString(), from.ReadString(), from.ReadString());
        var (line, column, sequence) = (from.ReadInt32(), from.ReadInt32(), from.ReadInt32());
        var (rewrite, card, number, ofNumber) = (from.ReadString(), from.ReadString(), from.ReadString(), from.ReadInt32());
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var left = from.ReadInt32(); left > 0; left--) fields.Add(from.ReadString(), from.ReadString());
        return new TakenOrder(order, customer, product, code, fields)
        {
            Line = line,
            Column = column,
            Sequence = sequence < 0 ? null : sequence,
            Rewrite = rewrite.Length == 0 ? null : new(rewrite, new CardId(ByteString.FromHex(card))),
            Account = number.Length == 0 ? null : new CardAccount(number, ofNumber),
            Branch = from.BaseStream.Position == from.BaseStream.Length ? null : new BranchId(from.ReadString()),
        };
    }
}
