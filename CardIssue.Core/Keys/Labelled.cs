using System.Formats.Cbor;

namespace CardIssue.Core.Keys;

/// <summary>
/// What is signed, derived or sealed, in the one form that the protocol has for it: a deterministic CBOR array (RFC 8949 §4.2.1) whose
/// first element is a label of <see cref="ProtocolLabels"/>. It can be taken apart in one way only. A message of the line stands in it as a
/// byte string of what was sent, never as its fields.
/// </summary>
internal sealed class Labelled
{
    private readonly CborWriter _cbor = new(CborConformanceMode.Ctap2Canonical, convertIndefiniteLengthEncodings: true);

    public Labelled(string label)
    {
        _cbor.WriteStartArray(null);
        _cbor.WriteTextString(label);
    }

    public Labelled Bytes(ReadOnlySpan<byte> value)
    {
        _cbor.WriteByteString(value);
        return this;
    }

    public Labelled Number(long value)
    {
        _cbor.WriteInt64(value);
        return this;
    }

    /// <summary>Null is not the same as an empty text.</summary>
    public Labelled Text(string? value)
    {
        if (value is null) _cbor.WriteNull();
        else _cbor.WriteTextString(value);
        return this;
    }

    /// <summary>Ends the array; once.</summary>
    public byte[] ToArray()
    {
        _cbor.WriteEndArray();
        return _cbor.Encode();
    }
}
