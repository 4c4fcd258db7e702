using System.Buffers.Binary;
using System.Security.Cryptography;

namespace CardIssue.Core.Crypto;

/// <summary>
/// AES (FIPS 197) under one key for as long as a session lives: CBC and CMAC with one key schedule, which the operating system's library keeps and frees, and
/// without an allocation for each message. Not for several threads at once.
/// </summary>
/// <remarks>
/// That library's CBC is one chain without end: it goes on from the last block that it has seen. So the first block of each message has that block taken out
/// of it again, and its own initial value put in (NIST SP 800-38A 6.2: what is encrypted is the exclusive or of the two).
/// </remarks>
internal sealed class AesSession : IDisposable
{
    /// <summary>Length of a block in bytes.</summary>
    public const int Block = 16;

    // What a short command and its chaining value come to, in whole blocks; longer messages go through in pieces.
    private const int Piece = 20 * Block;

    private readonly byte[] _key, _work = GC.AllocateArray<byte>(Piece, pinned: true);
    private readonly Chain _encryption;
    private readonly UInt128 _ofWhole, _ofPadded;
    private Chain? _decryption;

    /// <summary>Makes it ready; the caller still has to zero the key.</summary>
    /// <param name="key">16, 24 or 32 bytes.</param>
    /// <exception cref="ArgumentException">It is no AES key.</exception>
    public AesSession(ReadOnlySpan<byte> key)
    {
        if (key.Length is not (16 or 24 or 32)) throw new ArgumentException("An AES key has 16, 24 or 32 bytes.", nameof(key));
        _key = GC.AllocateUninitializedArray<byte>(key.Length, pinned: true);
        key.CopyTo(_key);
        _encryption = new Chain(_key, encrypts: true);
        _work.AsSpan(0, Block).Clear();
        _ofWhole = Double(_encryption.Next(_work, Block, 0));
        _ofPadded = Double(_ofWhole);
    }

    /// <summary>Encrypts one block by itself.</summary>
    public UInt128 Encrypt(UInt128 block)
    {
        BinaryPrimitives.WriteUInt128BigEndian(_work, block);
        return _encryption.Next(_work, Block, 0);
    }

    /// <summary>Encrypts whole blocks in CBC mode (SP 800-38A 6.2). In place is fine.</summary>
    /// <param name="iv">The initial value.</param>
    /// <param name="blocks">Whole blocks.</param>
    /// <param name="encrypted">Receives as many bytes.</param>
    public void EncryptCbc(UInt128 iv, ReadOnlySpan<byte> blocks, Span<byte> encrypted) => Through(_encryption, iv, blocks, encrypted);

    /// <summary>Encrypts whole blocks in CBC mode whose initial value is a block that is encrypted under the same key (Amendment D §6.2.6), in one go.</summary>
    /// <param name="block">What the initial value is the encryption of.</param>
    /// <param name="blocks">Whole blocks.</param>
    /// <param name="encrypted">Receives as many bytes.</param>
    public void EncryptCbcAfter(UInt128 block, ReadOnlySpan<byte> blocks, Span<byte> encrypted)
    {
        var first = Math.Min(Piece - Block, blocks.Length);
        BinaryPrimitives.WriteUInt128BigEndian(_work, block);
        blocks[..first].CopyTo(_work.AsSpan(Block));
        var iv = _encryption.Next(_work, Block + first, 0);
        _work.AsSpan(Block, first).CopyTo(encrypted);
        EncryptCbc(iv, blocks[first..], encrypted[first..]);
    }

    /// <summary>Decrypts whole blocks in CBC mode (SP 800-38A 6.2).</summary>
    /// <param name="iv">The initial value.</param>
    /// <param name="blocks">Whole blocks.</param>
    /// <param name="plain">Receives as many bytes; the caller zeroes it.</param>
    public void DecryptCbc(UInt128 iv, ReadOnlySpan<byte> blocks, Span<byte> plain)
    {
        Through(_decryption ??= new Chain(_key, encrypts: false), iv, blocks, plain);
        CryptographicOperations.ZeroMemory(_work);
    }

    /// <summary>AES-CMAC (SP 800-38B 6.2, RFC 4493).</summary>
    /// <param name="message">Any number of bytes.</param>
    public UInt128 Mac(ReadOnlySpan<byte> message)
    {
        UInt128 mac = 0;
        do
        {
            var length = Math.Min(Piece, message.Length);
            message[..length].CopyTo(_work);
            message = message[length..];
            if (message.IsEmpty) length = EndMac(length);
            mac = _encryption.Next(_work, length, mac);
        }
        while (!message.IsEmpty);
        return mac;
    }

    /// <summary>Zeroes the keys. Twice is harmless.</summary>
    public void Dispose()
    {
        _encryption.Dispose();
        _decryption?.Dispose();
        CryptographicOperations.ZeroMemory(_key);
        CryptographicOperations.ZeroMemory(_work);
    }

    private void Through(Chain chain, UInt128 iv, ReadOnlySpan<byte> blocks, Span<byte> output)
    {
        while (!blocks.IsEmpty)
        {
            var length = Math.Min(Piece, blocks.Length);
            blocks[..length].CopyTo(_work);
            iv = chain.Next(_work, length, iv);
            _work.AsSpan(0, length).CopyTo(output);
            blocks = blocks[length..];
            output = output[length..];
        }
    }

    /// <summary>Puts the subkey into the last block, after 80 00… where it is not whole (SP 800-38B 6.2); returns the length in whole blocks.</summary>
    private int EndMac(int length)
    {
        var isWhole = length != 0 && length % Block == 0;
        var padded = isWhole ? length : length / Block * Block + Block;
        if (!isWhole)
        {
            _work.AsSpan(length, padded - length).Clear();
            _work[length] = 0x80;
        }
        Into(_work.AsSpan(padded - Block), isWhole ? _ofWhole : _ofPadded);
        return padded;
    }

    private static void Into(Span<byte> block, UInt128 other) =>
        BinaryPrimitives.WriteUInt128BigEndian(block, BinaryPrimitives.ReadUInt128BigEndian(block) ^ other);

    /// <summary>Doubles in GF(2^128), without a branch on the secret (SP 800-38B 6.1).</summary>
    private static UInt128 Double(UInt128 block) => block << 1 ^ 0x87 * (block >> 127);

    /// <summary>The library's CBC in one direction, and the last block of ciphertext that it has seen.</summary>
    private sealed class Chain : IDisposable
    {
        private readonly ICryptoTransform _cipher;
        private readonly bool _encrypts;
        private UInt128 _last;

        public Chain(byte[] key, bool encrypts)
        {
            using var aes = Aes.Create();
            aes.Mode = CipherMode.CBC;
            aes.Padding = PaddingMode.None;
            // Of the arrays that are given here the library makes no copy but its own, of the key.
            _cipher = encrypts ? aes.CreateEncryptor(key, new byte[Block]) : aes.CreateDecryptor(key, new byte[Block]);
            _encrypts = encrypts;
        }

        /// <summary>Takes <paramref name="length"/> bytes further, in place, as if they began with <paramref name="iv"/>; returns their last block of ciphertext.</summary>
        public UInt128 Next(byte[] work, int length, UInt128 iv)
        {
            var last = _last;
            if (_encrypts) Into(work, iv ^ last);
            else _last = LastOf(work, length);
            _cipher.TransformBlock(work, 0, length, work, 0);
            if (_encrypts) _last = LastOf(work, length);
            else Into(work, iv ^ last);
            return _last;
        }

        public void Dispose() => _cipher.Dispose();

        private static UInt128 LastOf(byte[] work, int length) => BinaryPrimitives.ReadUInt128BigEndian(work.AsSpan(length - Block));
    }
}
