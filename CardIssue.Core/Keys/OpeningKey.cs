using System.Buffers.Binary;
using System.Security.Cryptography;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Keys;

/// <summary>The random halves of one admission: salt of everything that is sealed in its session.</summary>
/// <param name="Terminal">32 bytes of the terminal's module.</param>
/// <param name="Center">32 bytes of the center.</param>
public readonly record struct AdmissionNonces(ByteString Terminal, ByteString Center);

/// <summary>Which opening of which card for which order: what its key is made of and its seals are bound to.</summary>
/// <param name="Order">The order.</param>
/// <param name="Card">The card, verified.</param>
/// <param name="Fence">The claim's fencing number.</param>
/// <param name="Opening">Counts the openings on this claim from 1.</param>
/// <param name="CardCryptogram">The card's cryptogram in INITIALIZE UPDATE, 8 bytes.</param>
public sealed record OpeningContext(OrderId Order, CardId Card, long Fence, int Opening, ByteString CardCryptogram);

/// <summary>
/// The AES-256-GCM key of one opening between center and module: HKDF-SHA256 of the terminal transport key, salt terminal nonce ‖ center nonce,
/// info "CardIssue opening" ‖ fence (8) ‖ opening (4) ‖ card cryptogram (8). The 12-byte nonce of a seal is domain (1) ‖ sequence (4) ‖ zeros: a sequence number is
/// sealed under once, in rising order, which this holds.
/// </summary>
public sealed class OpeningKey : IDisposable
{
    /// <summary>Length of a seal's tag in bytes.</summary>
    public const int TagLength = 16;

    /// <summary>Length of a card cryptogram in bytes.</summary>
    public const int CryptogramLength = 8;

    private const int KeyLength = 32;
    private readonly AesGcm _gcm;
    private readonly int[] _lastSealed = [-1, -1, -1];

    private OpeningKey(AesGcm gcm) => _gcm = gcm;

    internal enum Domain : byte
    {
        Ticket = 1,
        Command = 2,
    }

    /// <summary>Derives it.</summary>
    /// <exception cref="ArgumentException">The cryptogram is not 8 bytes, or a nonce not 32.</exception>
    public static OpeningKey Derive(TerminalTransportKey transport, AdmissionNonces nonces, OpeningContext context)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(context);
        if (context.CardCryptogram.Length != CryptogramLength) throw new ArgumentException($"A card cryptogram has {CryptogramLength} bytes.", nameof(context));
        if (nonces.Terminal.Length != Protocol.Limits.NonceLength || nonces.Center.Length != Protocol.Limits.NonceLength)
            throw new ArgumentException($"A nonce has {Protocol.Limits.NonceLength} bytes.", nameof(nonces));
        Span<byte> numbers = stackalloc byte[12];
        BinaryPrimitives.WriteInt64BigEndian(numbers, context.Fence);
        BinaryPrimitives.WriteInt32BigEndian(numbers[8..], context.Opening);
        Span<byte> info = [.. "CardIssue opening"u8, .. numbers, .. context.CardCryptogram.Span];
        Span<byte> salt = [.. nonces.Terminal.Span, .. nonces.Center.Span];
        Span<byte> key = stackalloc byte[KeyLength];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, transport.Key.Span, key, salt, info);
        var gcm = new AesGcm(key, TagLength);
        CryptographicOperations.ZeroMemory(key);
        return new OpeningKey(gcm);
    }

    internal int Seal(Domain domain, int sequence, ReadOnlySpan<byte> bound, ReadOnlySpan<byte> plain, Span<byte> destination)
    {
        if (sequence <= _lastSealed[(int)domain]) throw new InvalidOperationException($"Sequence {sequence} is not above {_lastSealed[(int)domain]}: a nonce is used once.");
        if (destination.Length < plain.Length + TagLength) throw new ArgumentException($"{plain.Length + TagLength} bytes are needed.", nameof(destination));
        _lastSealed[(int)domain] = sequence;
        Span<byte> nonce = stackalloc byte[12];
        WriteNonce(domain, sequence, nonce);
        _gcm.Encrypt(nonce, plain, destination[..plain.Length], destination.Slice(plain.Length, TagLength), bound);
        return plain.Length + TagLength;
    }

    internal bool TryOpen(Domain domain, int sequence, ReadOnlySpan<byte> bound, ReadOnlySpan<byte> sealedBytes, Span<byte> plain, out int length)
    {
        length = sealedBytes.Length - TagLength;
        if (length < 0 || length > plain.Length) return false;
        Span<byte> nonce = stackalloc byte[12];
        WriteNonce(domain, sequence, nonce);
        try
        {
            _gcm.Decrypt(nonce, sealedBytes[..length], sealedBytes[length..], plain[..length], bound);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            length = 0;
            return false;
        }
    }

    /// <summary>Lets go of the key; the system's library zeroes it.</summary>
    public void Dispose() => _gcm.Dispose();

    private static void WriteNonce(Domain domain, int sequence, Span<byte> nonce)
    {
        nonce.Clear();
        nonce[0] = (byte)domain;
        BinaryPrimitives.WriteInt32BigEndian(nonce[1..], sequence);
    }
}
