using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;
using System.Security.Cryptography;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Keys;

/// <summary>
/// The center's leave to a module to open one card once: the card's session keys, sealed. Its clear head names order, card, fencing number,
/// opening and card cryptogram, of which the key is derived; the sequence number of the script that brings it is bound to the seal.
/// CBOR, see
/// <c>messages.cddl</c>.
/// </summary>
internal sealed class Ticket
{
    private const int Layout = 1, Fields = 7, MaxCardId = 64;
    private readonly ByteString _sealed;

    private Ticket(OpeningContext context, ByteString sealedKeys) => (Context, _sealed) = (context, sealedKeys);

    /// <summary>What the head says: claimed until the ticket is opened.</summary>
    public OpeningContext Context { get; }

    /// <summary>Seals a session's keys for a module. The session must not have made a command yet.</summary>
    /// <param name="key">The opening's key, derived from the same context.</param>
    /// <param name="context">What the head says.</param>
    /// <param name="sequence">The first sequence number of the script that brings the ticket.</param>
    /// <param name="session">The session, verified.</param>
    /// <exception cref="ArgumentException">The card's identity has no length that a ticket carries, 1 to 64 bytes.</exception>
    public static ByteString Seal(OpeningKey key, OpeningContext context, int sequence, SecureChannelSession session)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(session);
        if (context.Card.Value.Length is 0 or > MaxCardId)
            throw new ArgumentException($"A card's identity has 1 to {MaxCardId} bytes here.", nameof(context));
        var keys = GC.AllocateArray<byte>(session.ExportedKeysLength, pinned: true);
        try
        {
            session.ExportKeys(keys);
            var sealedKeys = new byte[keys.Length + OpeningKey.TagLength];
            key.Seal(OpeningKey.Domain.Ticket, sequence, Bound(sequence), keys, sealedKeys);
            return Write(context, sealedKeys);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(keys);
        }
    }

    /// <summary>Reads a ticket's head; nothing in it is believed yet.</summary>
    /// <returns>False when the bytes are no ticket.</returns>
    public static bool TryRead(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out Ticket? ticket)
    {
        ticket = null;
        if (bytes.Length > FieldLimits.MaxTicket) return false;
        try
        {
            ticket = Read(new CborReader(bytes, CborConformanceMode.Ctap2Canonical));
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException or OverflowException)
        {
            return false;
        }
        return ticket is not null;
    }

    /// <summary>Opens the ticket.</summary>
    /// <param name="key">Derived from <see cref="Context"/>.</param>
    /// <param name="sequence">The first sequence number of the script that brought it.</param>
    /// <param name="keys">The session keys; the caller disposes them.</param>
    /// <returns>False when it was not sealed with this key, head and number.</returns>
    public bool TryOpen(OpeningKey key, int sequence, [NotNullWhen(true)] out ChannelSessionKeys? keys)
    {
        ArgumentNullException.ThrowIfNull(key);
        keys = null;
        var plain = GC.AllocateArray<byte>(ChannelSessionKeys.MaxExportedLength, pinned: true);
        try
        {
            return key.TryOpen(OpeningKey.Domain.Ticket, sequence, Bound(sequence), _sealed.Span, plain, out var length)
                && ChannelSessionKeys.TryImport(plain.AsSpan(0, length), out keys, out _);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    /// <summary>The head is in the key.</summary>
    private static byte[] Bound(int sequence) => new Labelled(ProtocolLabels.Ticket).Number(sequence).ToArray();

    private static ByteString Write(OpeningContext context, byte[] sealedKeys)
    {
        var cbor = new CborWriter(CborConformanceMode.Ctap2Canonical);
        cbor.WriteStartMap(Fields);
        cbor.WriteInt32(0);
        cbor.WriteInt32(Layout);
        cbor.WriteInt32(1);
        cbor.WriteTextString(context.Order.Value);
        cbor.WriteInt32(2);
        cbor.WriteByteString(context.Card.Value.Span);
        cbor.WriteInt32(3);
        cbor.WriteInt64(context.Fence);
        cbor.WriteInt32(4);
        cbor.WriteInt32(context.Opening);
        cbor.WriteInt32(5);
        cbor.WriteByteString(context.CardCryptogram.Span);
        cbor.WriteInt32(6);
        cbor.WriteByteString(sealedKeys);
        cbor.WriteEndMap();
        return ByteString.Own(cbor.Encode());
    }

    private static Ticket? Read(CborReader cbor)
    {
        if (cbor.ReadStartMap() != Fields || cbor.ReadInt32() != 0 || cbor.ReadInt32() != Layout) return null;
        var order = cbor.ReadInt32() == 1 ? cbor.ReadTextString() : null;
        if (!NameRule.Accepts(order) || cbor.ReadInt32() != 2) return null;
        var card = ByteString.Own(cbor.ReadByteString());
        if (card.Length is 0 or > MaxCardId || cbor.ReadInt32() != 3) return null;
        var fence = cbor.ReadInt64();
        if (fence < 0 || cbor.ReadInt32() != 4) return null;
        var opening = cbor.ReadInt32();
        if (opening < 1 || cbor.ReadInt32() != 5) return null;
        var cryptogram = ByteString.Own(cbor.ReadByteString());
        if (!OpeningKey.IsCryptogramLength(cryptogram.Length) || cbor.ReadInt32() != 6) return null;
        var sealedKeys = ByteString.Own(cbor.ReadByteString());
        cbor.ReadEndMap();
        if (cbor.BytesRemaining != 0) return null;
        return new Ticket(new OpeningContext(new OrderId(order), new CardId(card), fence, opening, cryptogram), sealedKeys);
    }
}
