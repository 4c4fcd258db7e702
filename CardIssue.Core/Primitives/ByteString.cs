using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace CardIssue.Core.Primitives;

/// <summary>An immutable string of bytes that compares by content. Never for secrets: those live in <see cref="SecretBytes"/>.</summary>
public readonly struct ByteString : IEquatable<ByteString>
{
    private readonly byte[]? _bytes;

    private ByteString(byte[] owned) => _bytes = owned;

    /// <summary>The string of no bytes; also what <c>default</c> is.</summary>
    public static ByteString Empty => default;

    /// <summary>Length in bytes.</summary>
    public int Length => _bytes?.Length ?? 0;

    /// <summary>Whether there are no bytes.</summary>
    public bool IsEmpty => Length == 0;

    /// <summary>The bytes, read-only.</summary>
    public ReadOnlySpan<byte> Span => _bytes;

    /// <summary>The bytes, read-only, for asynchronous calls.</summary>
    public ReadOnlyMemory<byte> Memory => _bytes;

    /// <summary>The byte at <paramref name="index"/>.</summary>
    public byte this[int index] => Span[index];

    /// <summary>Copies <paramref name="bytes"/>.</summary>
    public static ByteString Copy(ReadOnlySpan<byte> bytes) => bytes.IsEmpty ? default : new ByteString(bytes.ToArray());

    /// <summary>Takes over <paramref name="bytes"/> without a copy; the caller may not change the array any more.</summary>
    public static ByteString Own(byte[] bytes) => new(bytes);

    /// <summary>Parses hexadecimal digits; white space between digits is skipped.</summary>
    /// <exception cref="FormatException">A character is no hexadecimal digit, or their number is odd.</exception>
    public static ByteString FromHex(string hex)
    {
        ArgumentNullException.ThrowIfNull(hex);
        return new ByteString(Convert.FromHexString(string.Concat(hex.Where(c => !char.IsWhiteSpace(c)))));
    }

    /// <summary>A copy as an array.</summary>
    public byte[] ToArray() => Span.ToArray();

    /// <summary>The bytes from <paramref name="start"/>, <paramref name="length"/> of them, copied.</summary>
    public ByteString Slice(int start, int length) => Copy(Span.Slice(start, length));

    /// <summary>Joins strings of bytes into one.</summary>
    public static ByteString Concat(params ReadOnlySpan<ByteString> parts)
    {
        var total = 0;
        foreach (var part in parts) total += part.Length;
        var joined = new byte[total];
        var at = 0;
        foreach (var part in parts)
        {
            part.Span.CopyTo(joined.AsSpan(at));
            at += part.Length;
        }
        return new ByteString(joined);
    }

    /// <inheritdoc/>
    public bool Equals(ByteString other) => Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is ByteString other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Span);
        return hash.ToHashCode();
    }

    /// <summary>Whether the contents are equal.</summary>
    public static bool operator ==(ByteString left, ByteString right) => left.Equals(right);

    /// <summary>Whether the contents differ.</summary>
    public static bool operator !=(ByteString left, ByteString right) => !left.Equals(right);

    /// <summary>Upper-case hexadecimal.</summary>
    public override string ToString() => Convert.ToHexString(Span);
}
