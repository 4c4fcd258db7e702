using System.Formats.Cbor;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Keys;

/// <summary>What the center signs and a terminal keeps: a CBOR array of a body and a signature over the CBOR array of label and body (ECDSA
/// P-256 with SHA-256).</summary>
internal static class SignedBody
{
    /// <summary>What is signed.</summary>
    public static byte[] Signed(string label, byte[] body) => new Labelled(label).Bytes(body).ToArray();

    public static ByteString Sign(string label, byte[] body, P256PrivateKey center)
    {
        var cbor = new CborWriter(CborConformanceMode.Ctap2Canonical);
        cbor.WriteStartArray(2);
        cbor.WriteByteString(body);
        cbor.WriteByteString(center.Sign(Signed(label, body)));
        cbor.WriteEndArray();
        return ByteString.Own(cbor.Encode());
    }

    /// <summary>A reader of the body; null when it is not signed by that key for that label.</summary>
    /// <exception cref="CborContentException">It is no CBOR of this form.</exception>
    /// <exception cref="InvalidOperationException">The same.</exception>
    public static CborReader? Open(string label, ReadOnlyMemory<byte> bytes, P256PublicKey center)
    {
        var cbor = new CborReader(bytes, CborConformanceMode.Ctap2Canonical);
        if (cbor.ReadStartArray() != 2) return null;
        var body = cbor.ReadByteString();
        var signature = cbor.ReadByteString();
        cbor.ReadEndArray();
        return cbor.BytesRemaining == 0 && center.Verify(Signed(label, body), signature)
            ? new CborReader(body, CborConformanceMode.Ctap2Canonical) : null;
    }
}
