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

    /// <summary>Begins a body: a map that has the layout's number at 0, and the name of whose or whom it is for at 1.</summary>
    public static CborWriter Begin(int fields, int layout, string name)
    {
        var cbor = new CborWriter(CborConformanceMode.Ctap2Canonical);
        cbor.WriteStartMap(fields);
        cbor.WriteInt32(0);
        cbor.WriteInt32(layout);
        cbor.WriteInt32(1);
        cbor.WriteTextString(name);
        return cbor;
    }

    /// <summary>Reads what <see cref="Begin"/> wrote: the name; null where it is of another form, or no name.</summary>
    public static string? ReadName(CborReader cbor, int fields, int layout)
    {
        if (cbor.ReadStartMap() != fields || cbor.ReadInt32() != 0 || cbor.ReadInt32() != layout || cbor.ReadInt32() != 1) return null;
        return cbor.ReadTextString() is var name && NameRule.Accepts(name) ? name : null;
    }

    /// <summary>What a body says that is signed by that key for that label. Whatever the bytes are, no exception comes of them.</summary>
    /// <param name="label">The label.</param>
    /// <param name="bytes">What came, or was kept.</param>
    /// <param name="longest">How long it is at most, in bytes.</param>
    /// <param name="center">The key.</param>
    /// <param name="read">Reads the body; null where it is of another form.</param>
    public static T? Read<T>(string label, ReadOnlyMemory<byte> bytes, int longest, P256PublicKey center, Func<CborReader, T?> read) where T : class
    {
        if (bytes.Length > longest) return null;
        try
        {
            return Open(label, bytes, center) is { } body ? read(body) : null;
        }
        // The last: a time beyond all calendars.
        catch (Exception e) when (e is CborContentException or InvalidOperationException or OverflowException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    private static CborReader? Open(string label, ReadOnlyMemory<byte> bytes, P256PublicKey center)
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
