using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace CardIssue.Core.Primitives;

/// <summary>
/// Bytes that must not leak: copied in, pinned (so that the garbage collector leaves no second copy behind), zeroed on
/// <see cref="Dispose"/>, lent as spans. It has no text form, no content hash and no equality but <see cref="FixedTimeEquals"/>.
/// </summary>
public sealed class SecretBytes : IDisposable
{
    private readonly byte[] _pinned;
    private bool _disposed;

    private SecretBytes(int length) => _pinned = GC.AllocateArray<byte>(length, pinned: true);

    /// <summary>Length in bytes.</summary>
    public int Length => _pinned.Length;

    /// <summary>The bytes, lent for the length of a call.</summary>
    /// <exception cref="ObjectDisposedException">The secret was already zeroed.</exception>
    public ReadOnlySpan<byte> Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _pinned;
        }
    }

    /// <summary>Copies <paramref name="source"/>; the caller still has to zero the source.</summary>
    public static SecretBytes Copy(ReadOnlySpan<byte> source)
    {
        var secret = new SecretBytes(source.Length);
        source.CopyTo(secret._pinned);
        return secret;
    }

    /// <summary>Copies <paramref name="source"/> and zeroes it.</summary>
    public static SecretBytes Take(Span<byte> source)
    {
        var secret = Copy(source);
        CryptographicOperations.ZeroMemory(source);
        return secret;
    }

    /// <summary>Lets <paramref name="fill"/> write <paramref name="length"/> bytes straight into pinned memory, which is zeroed when it throws.</summary>
    public static SecretBytes Create<TState>(int length, TState state, System.Buffers.SpanAction<byte, TState> fill)
    {
        ArgumentNullException.ThrowIfNull(fill);
        var secret = new SecretBytes(length);
        try
        {
            fill(secret._pinned, state);
            return secret;
        }
        catch
        {
            secret.Dispose();
            throw;
        }
    }

    /// <summary><paramref name="length"/> bytes from the operating system's random generator.</summary>
    public static SecretBytes Random(int length)
    {
        var secret = new SecretBytes(length);
        RandomNumberGenerator.Fill(secret._pinned);
        return secret;
    }

    /// <summary>Compares in a time that depends on the lengths alone.</summary>
    public bool FixedTimeEquals(ReadOnlySpan<byte> other) => CryptographicOperations.FixedTimeEquals(Span, other);

    /// <summary>Zeroes the bytes. Twice is harmless.</summary>
    public void Dispose()
    {
        _disposed = true;
        CryptographicOperations.ZeroMemory(_pinned);
    }

    /// <summary>Says only how many bytes there are.</summary>
    [ExcludeFromCodeCoverage]
    public override string ToString() => $"secret of {Length} bytes";
}
