using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Keys;

/// <summary>
/// A witness's note as it travels and is kept: deterministic CBOR, body and signature (<c>messages.cddl</c>). Signed is
/// the CBOR array of "CardIssue 1 witness note" and the body: ECDSA P-256 with SHA-256 under the center's signing key.
/// </summary>
internal static class SignedWitnessNote
{
    private const int Layout = 1, Fields = 7;

    /// <summary>Signs a note.</summary>
    /// <param name="note">The note.</param>
    /// <param name="center">The center's signing key.</param>
    /// <exception cref="ArgumentException">The note breaks a rule.</exception>
    public static ByteString Sign(WitnessNote note, P256PrivateKey center)
    {
        ArgumentNullException.ThrowIfNull(note);
        ArgumentNullException.ThrowIfNull(center);
        if (note.Fault() is { } fault) throw new ArgumentException($"The witness's note: {fault}.", nameof(note));
        return SignedBody.Sign(ProtocolLabels.WitnessNote, WriteBody(note), center);
    }

    /// <summary>Verifies a note. Whatever the bytes are, no exception comes of them.</summary>
    /// <param name="bytes">What came, or was kept.</param>
    /// <param name="center">The center that it must be of.</param>
    /// <param name="note">The note.</param>
    public static bool TryVerify(ByteString bytes, CenterIdentity center, [NotNullWhen(true)] out VerifiedWitnessNote? note)
    {
        ArgumentNullException.ThrowIfNull(center);
        var read = SignedBody.Read(ProtocolLabels.WitnessNote, bytes.Memory, FieldLimits.MaxWitness, center.SigningKey, ReadBody);
        note = read is not null && read.Fault() is null && read.Center == center.Id ? new VerifiedWitnessNote(read, bytes) : null;
        return note is not null;
    }

    internal static byte[] WriteBody(WitnessNote note)
    {
        var cbor = SignedBody.Begin(Fields, Layout, note.Center.Value);
        cbor.WriteInt32(2);
        cbor.WriteByteString(note.Store.Span);
        cbor.WriteInt32(3);
        cbor.WriteInt64(note.Generation);
        cbor.WriteInt32(4);
        cbor.WriteTextString(note.Chain);
        cbor.WriteInt32(5);
        cbor.WriteInt64(note.Sequence);
        cbor.WriteInt32(6);
        cbor.WriteByteString(note.Head.Span);
        cbor.WriteEndMap();
        return cbor.Encode();
    }

    private static WitnessNote? ReadBody(CborReader cbor)
    {
        if (SignedBody.ReadName(cbor, Fields, Layout) is not { } center || cbor.ReadInt32() != 2) return null;
        var store = ByteString.Own(cbor.ReadByteString());
        if (cbor.ReadInt32() != 3) return null;
        var generation = cbor.ReadInt64();
        if (cbor.ReadInt32() != 4) return null;
        var chain = cbor.ReadTextString();
        if (cbor.ReadInt32() != 5) return null;
        var sequence = cbor.ReadInt64();
        if (cbor.ReadInt32() != 6) return null;
        var head = ByteString.Own(cbor.ReadByteString());
        cbor.ReadEndMap();
        return cbor.BytesRemaining == 0 ? new WitnessNote(new CenterId(center), store, generation, chain, sequence, head) : null;
    }
}
