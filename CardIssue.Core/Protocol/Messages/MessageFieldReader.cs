using System.Formats.Cbor;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Protocol.Messages;

/// <summary>What came is no message. Never leaves <see cref="MessageCodec"/>.</summary>
internal sealed class MalformedMessageException(string error) : Exception(error);

/// <summary>Reads the fields of one message in the order of their keys. Ascending keys are the deterministic order, so a field out of place is a missing or an unknown one.</summary>
internal sealed class MessageFieldReader
{
    private const int None = -1;
    private readonly CborReader _cbor;
    private int _next = None;

    public MessageFieldReader(ReadOnlyMemory<byte> bytes)
    {
        _cbor = new CborReader(bytes, CborConformanceMode.Ctap2Canonical);
        _cbor.ReadStartMap();
        Advance();
    }

    public int Int(int key, int min, int max)
    {
        Take(key);
        var value = _cbor.ReadInt64();
        if (value < min || value > max) throw new MalformedMessageException($"field {key} is not {min} to {max}");
        Advance();
        return (int)value;
    }

    /// <summary>A number is there only when it is not 0.</summary>
    public int OptionalInt(int key, int max) => _next == key ? Int(key, 1, max) : 0;

    public TEnum Code<TEnum>(int key) where TEnum : struct, Enum
    {
        var value = (TEnum)Enum.ToObject(typeof(TEnum), Int(key, 0, byte.MaxValue));
        return Enum.IsDefined(value) ? value : throw new MalformedMessageException($"field {key} is no {typeof(TEnum).Name}");
    }

    public ByteString Bytes(int key, int min, int max)
    {
        Take(key);
        var value = OneString(key, min, max);
        Advance();
        return value;
    }

    public ByteString OptionalBytes(int key, int min, int max) => _next == key ? Bytes(key, min, max) : default;

    public string? OptionalText(int key, int max) => _next == key ? Text(key, 1, max) : null;

    public OrderId? OptionalOrder(int key) => _next == key ? new OrderId(Name(key)) : null;

    public CardId? OptionalCard(int key) => _next == key ? new CardId(Bytes(key, 1, FieldLimits.MaxCardId)) : null;

    /// <summary>A code is there only when it is not the one of number 0.</summary>
    public TEnum OptionalCode<TEnum>(int key) where TEnum : struct, Enum
    {
        if (_next != key) return default;
        var value = Code<TEnum>(key);
        return value.Equals(default(TEnum)) ? throw new MalformedMessageException($"field {key} is 0, which is left out") : value;
    }

    public string Text(int key, int min, int max, bool lines = false)
    {
        Take(key);
        var value = _cbor.ReadTextString();
        if (!TextRule.Accepts(value, min, max, lines)) throw new MalformedMessageException($"field {key} is not {min} to {max} characters, or is no plain text");
        Advance();
        return value;
    }

    public string Name(int key)
    {
        var value = Text(key, 1, NameRule.MaxLength);
        return NameRule.Accepts(value) ? value : throw new MalformedMessageException($"field {key} is no name");
    }

    public string PersonName(int key)
    {
        var value = Text(key, 1, PersonNameRule.MaxBytes);
        return PersonNameRule.Accepts(value) ? value : throw new MalformedMessageException($"field {key} is no person's name");
    }

    /// <summary>A flag is there only when it is true.</summary>
    public bool Flag(int key)
    {
        if (_next != key) return false;
        if (!_cbor.ReadBoolean()) throw new MalformedMessageException($"field {key} is false, which is left out");
        Advance();
        return true;
    }

    public ValueList<ByteString> ByteStrings(int key, int maxCount, int min, int max)
    {
        Take(key);
        var items = new ByteString[Count(key, 0, maxCount)];
        for (var i = 0; i < items.Length; i++) items[i] = OneString(key, min, max);
        _cbor.ReadEndArray();
        Advance();
        return ValueList.Create<ByteString>(items);
    }

    public ValueList<ushort> OptionalWords(int key, int maxCount)
    {
        if (_next != key) return default;
        var items = new ushort[Count(key, 1, maxCount)];
        for (var i = 0; i < items.Length; i++)
        {
            var word = _cbor.ReadUInt64();
            items[i] = word <= ushort.MaxValue ? (ushort)word : throw new MalformedMessageException($"field {key} holds what is no status word");
        }
        _cbor.ReadEndArray();
        Advance();
        return ValueList.Create<ushort>(items);
    }

    /// <summary>The message ends here.</summary>
    /// <param name="isOpen">Whether fields that come after those that are known are passed over.</param>
    public void End(bool isOpen)
    {
        for (var unknown = 0; _next != None; unknown++)
        {
            if (!isOpen) throw new MalformedMessageException($"field {_next} is not known");
            if (unknown == Growth.MaxUnknownFields)
                throw new MalformedMessageException($"more than {Growth.MaxUnknownFields} fields are not known");
            _cbor.SkipValue();
            Advance();
        }
        _cbor.ReadEndMap();
        if (_cbor.BytesRemaining != 0) throw new MalformedMessageException("bytes after the message");
    }

    private ByteString OneString(int key, int min, int max)
    {
        var value = _cbor.ReadDefiniteLengthByteString();
        return value.Length >= min && value.Length <= max
            ? ByteString.Copy(value.Span)
            : throw new MalformedMessageException($"field {key} has {value.Length} bytes, not {min} to {max}");
    }

    private int Count(int key, int min, int max)
    {
        var count = _cbor.ReadStartArray() ?? throw new MalformedMessageException($"field {key} has no definite length");
        return count >= min && count <= max ? count : throw new MalformedMessageException($"field {key} has {count} elements, not {min} to {max}");
    }

    private void Take(int key)
    {
        if (_next != key) throw new MalformedMessageException(_next == None ? $"field {key} is missing" : $"field {_next} stands where {key} belongs");
    }

    private void Advance()
    {
        if (_cbor.PeekState() == CborReaderState.EndMap)
        {
            _next = None;
            return;
        }
        var key = _cbor.ReadInt64();
        _next = key is >= 0 and <= byte.MaxValue ? (int)key : throw new MalformedMessageException("a field's key is not 0 to 255");
    }
}

/// <summary>What a text in a message may hold.</summary>
internal static class TextRule
{
    public static bool Accepts(string text, int min, int max, bool lines) => text.Length >= min && PlainText.Accepts(text, max, lines);
}
