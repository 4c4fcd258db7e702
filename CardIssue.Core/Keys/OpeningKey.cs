using System.Buffers.Binary;
using System.Security.Cryptography;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Keys;

/// <summary>Which opening of which card for which order: what its key is made of and its seals are bound to.</summary>
/// <param name="Order">The order.</param>
/// <param name="Card">The card, verified.</param>
/// <param name="Fence">The claim's fencing number.</param>
/// <param name="Opening">Counts the openings on this claim from 1.</param>
/// <param name="CardCryptogram">The card's cryptogram in INITIALIZE UPDATE, 8 bytes, in SCP03's S16 mode 16.</param>
internal sealed record OpeningContext(OrderId Order, CardId Card, long Fence, int Opening, ByteString CardCryptogram);

/// <summary>
/// The AES-256-GCM key of one opening between center and module, derived from the admission's key and the whole of <see
/// cref="OpeningContext"/>. The 12-byte nonce of a seal is domain (1) ‖ sequence (4, big-endian) ‖ zeros: a sequence number is sealed under
/// once, in rising order, which this holds.
/// </summary>
internal sealed class OpeningKey : IDisposable
{
    /// <summary>Length of a seal's tag in bytes.</summary>
    public const int TagLength = 16;

    private readonly AesGcm _gcm;
    private readonly int[] _lastSealed = [-1, -1, -1];

    private OpeningKey(AesGcm gcm) => _gcm = gcm;

    internal enum Domain : byte
    {
        Ticket = 1,
        Command = 2,
    }

    /// <summary>Whether a card cryptogram can have that many bytes: 8, or 16 in SCP03's S16 mode.</summary>
    public static bool IsCryptogramLength(int length) => length is 8 or 16;

    /// <summary>Derives it.</summary>
    /// <exception cref="ArgumentException">The cryptogram is not 8 or 16 bytes.</exception>
    public static OpeningKey Derive(AdmissionKey admission, OpeningContext context)
    {
        ArgumentNullException.ThrowIfNull(admission);
        ArgumentNullException.ThrowIfNull(context);
        if (!IsCryptogramLength(context.CardCryptogram.Length)) throw new ArgumentException("A card cryptogram has 8 bytes, or 16.", nameof(context));
        using var key = admission.Derive(new Labelled(ProtocolLabels.Opening)
            .Text(context.Order.Value).Bytes(context.Card.Value.Span).Number(context.Fence).Number(context.Opening)
            .Bytes(context.CardCryptogram.Span));
        return new OpeningKey(new AesGcm(key.Span, TagLength));
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
