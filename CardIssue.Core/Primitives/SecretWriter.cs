using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace CardIssue.Core.Primitives;

/// <summary>Collects fields, secret ones among them, in pinned memory that is zeroed when it is outgrown or disposed. <see cref="SecretReader"/> reads them back.</summary>
internal sealed class SecretWriter : IDisposable
{
    private byte[] _pinned = GC.AllocateArray<byte>(1_024, pinned: true);
    private int _length;

    /// <summary>What was written, lent.</summary>
    public ReadOnlySpan<byte> Written => _pinned.AsSpan(0, _length);

    /// <summary>Writes a number, 4 bytes big-endian.</summary>
    public void Number(int value) => BinaryPrimitives.WriteInt32BigEndian(Room(4), value);

    /// <summary>Writes a long number, 8 bytes big-endian led by their length in 4.</summary>
    public void Long(long value)
    {
        Number(sizeof(long));
        BinaryPrimitives.WriteInt64BigEndian(Room(sizeof(long)), value);
    }

    /// <summary>Writes a string of bytes, led by its length in 4 bytes.</summary>
    public void Bytes(ReadOnlySpan<byte> value)
    {
        Number(value.Length);
        value.CopyTo(Room(value.Length));
    }

    /// <summary>Writes a text that is not secret, as UTF-8.</summary>
    public void Text(string value) => Bytes(Encoding.UTF8.GetBytes(value));

    /// <summary>Zeroes what was written.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_pinned);

    /// <summary>Says only how much was written.</summary>
    public override string ToString() => $"{_length} bytes";

    private Span<byte> Room(int bytes)
    {
        if (_pinned.Length - _length < bytes)
        {
            var larger = GC.AllocateArray<byte>(Math.Max(2 * _pinned.Length, _length + bytes), pinned: true);
            Written.CopyTo(larger);
            CryptographicOperations.ZeroMemory(_pinned);
            _pinned = larger;
        }
        _length += bytes;
        return _pinned.AsSpan(_length - bytes, bytes);
    }
}

/// <summary>Reads what a <see cref="SecretWriter"/> wrote, in the same order, out of memory that stays the caller's.</summary>
internal ref struct SecretReader
{
    private ReadOnlySpan<byte> _rest;

    /// <summary>Reads from the start of <paramref name="written"/>.</summary>
    public SecretReader(ReadOnlySpan<byte> written) => _rest = written;

    /// <summary>Reads a number.</summary>
    /// <exception cref="FormatException">The bytes end before it.</exception>
    public int Number() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

    /// <summary>Reads a long number.</summary>
    /// <exception cref="FormatException">The bytes end before it, or it has not 8.</exception>
    public long Long() => Bytes() is { Length: sizeof(long) } bytes
        ? BinaryPrimitives.ReadInt64BigEndian(bytes) : throw new FormatException("A long number has 8 bytes.");

    /// <summary>Reads a string of bytes, lent from where it stands.</summary>
    /// <exception cref="FormatException">The bytes end before it.</exception>
    public ReadOnlySpan<byte> Bytes() => Take(Number());

    /// <summary>Reads a text.</summary>
    /// <exception cref="FormatException">The bytes end before it.</exception>
    public string Text() => Encoding.UTF8.GetString(Bytes());

    /// <summary>Reads how many elements follow.</summary>
    /// <exception cref="FormatException">Negative, above the cap, or the bytes end before it.</exception>
    public int Count(int cap) => Number() is var count && count >= 0 && count <= cap ? count : throw new FormatException($"A count is not 0 to {cap}.");

    /// <summary>Checks that all was read.</summary>
    /// <exception cref="FormatException">Something follows.</exception>
    public readonly void End()
    {
        if (!_rest.IsEmpty) throw new FormatException($"{_rest.Length} bytes follow the last field.");
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length < 0 || length > _rest.Length) throw new FormatException("The bytes end inside a field.");
        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }
}
