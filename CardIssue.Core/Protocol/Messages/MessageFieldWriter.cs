using System.Formats.Cbor;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Protocol.Messages;

/// <summary>Writes the fields of one message in ascending order of their keys, and holds the same caps as <see cref="MessageFieldReader"/>.</summary>
internal sealed class MessageFieldWriter
{
    private readonly CborWriter _cbor = new(CborConformanceMode.Ctap2Canonical, convertIndefiniteLengthEncodings: true);

    public MessageFieldWriter(RelayMessageType type)
    {
        _cbor.WriteStartMap(null);
        Int(0, (int)type, 0, byte.MaxValue);
    }

    public MessageFieldWriter Int(int key, int value, int min, int max)
    {
        if (value < min || value > max) throw new ArgumentOutOfRangeException($"field {key}", value, $"is not {min} to {max}");
        _cbor.WriteInt32(key);
        _cbor.WriteInt32(value);
        return this;
    }

    public MessageFieldWriter OptionalInt(int key, int value, int max) => value == 0 ? this : Int(key, value, 1, max);

    public MessageFieldWriter Code<TEnum>(int key, TEnum value) where TEnum : struct, Enum =>
        Enum.IsDefined(value)
            ? Int(key, Convert.ToInt32(value, System.Globalization.CultureInfo.InvariantCulture), 0, byte.MaxValue)
            : throw new ArgumentException($"Field {key} is no {typeof(TEnum).Name}.");

    public MessageFieldWriter Bytes(int key, ByteString value, int min, int max)
    {
        if (value.Length < min || value.Length > max) throw new ArgumentException($"Field {key} has {value.Length} bytes, not {min} to {max}.");
        _cbor.WriteInt32(key);
        _cbor.WriteByteString(value.Span);
        return this;
    }

    public MessageFieldWriter OptionalBytes(int key, ByteString value, int min, int max) => value.IsEmpty ? this : Bytes(key, value, min, max);

    public MessageFieldWriter OptionalText(int key, string? value, int max) => value is null ? this : Text(key, value, 1, max);

    public MessageFieldWriter OptionalName(int key, string? value) => value is null ? this : Name(key, value);

    public MessageFieldWriter OptionalCode<TEnum>(int key, TEnum value) where TEnum : struct, Enum => value.Equals(default(TEnum)) ? this : Code(key, value);

    public MessageFieldWriter Text(int key, string value, int min, int max, bool lines = false)
    {
        if (!TextRule.Accepts(value, min, max, lines)) throw new ArgumentException($"Field {key} is not {min} to {max} characters, or is no plain text.");
        _cbor.WriteInt32(key);
        _cbor.WriteTextString(value);
        return this;
    }

    public MessageFieldWriter Name(int key, string value) =>
        NameRule.Accepts(value) ? Text(key, value, 1, NameRule.MaxLength) : throw new ArgumentException($"Field {key} is no name.");

    public MessageFieldWriter PersonName(int key, string value) =>
        PersonNameRule.Accepts(value) ? Text(key, value, 1, PersonNameRule.MaxBytes) : throw new ArgumentException($"Field {key} is no person's name.");

    public MessageFieldWriter Flag(int key, bool value)
    {
        if (!value) return this;
        _cbor.WriteInt32(key);
        _cbor.WriteBoolean(true);
        return this;
    }

    public MessageFieldWriter ByteStrings(int key, ValueList<ByteString> values, int maxCount, int min, int max)
    {
        if (values.Count > maxCount) throw new ArgumentException($"Field {key} has {values.Count} elements, not 0 to {maxCount}.");
        _cbor.WriteInt32(key);
        _cbor.WriteStartArray(values.Count);
        foreach (var value in values.Span)
        {
            if (value.Length < min || value.Length > max) throw new ArgumentException($"Field {key} holds {value.Length} bytes, not {min} to {max}.");
            _cbor.WriteByteString(value.Span);
        }
        _cbor.WriteEndArray();
        return this;
    }

    public byte[] End()
    {
        _cbor.WriteEndMap();
        return _cbor.Encode();
    }
}
