using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;

namespace CardIssue.Center.Orders;

/// <summary>A customer's fields as they are sealed in the store: a JSON object of texts.</summary>
public static class OrderData
{
    /// <summary>The most bytes that one order's fields take.</summary>
    internal const int MaxLength = 1024 * 1024;

    /// <summary>Writes the fields; the caller seals and zeroes the bytes.</summary>
    public static byte[] Write(IReadOnlyDictionary<string, string> fields)
    {
        ArgumentNullException.ThrowIfNull(fields);
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var (name, value) in fields) json.WriteString(name, value);
            json.WriteEndObject();
        }
        var bytes = buffer.WrittenSpan.ToArray();
        buffer.Clear();
        return bytes;
    }

    /// <summary>Reads the fields back.</summary>
    /// <exception cref="CryptographicException">The bytes are not what <see cref="Write"/> made, though the seal was right: another version wrote them.</exception>
    internal static IReadOnlyDictionary<string, string> Read(ReadOnlySpan<byte> bytes)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        var json = new Utf8JsonReader(bytes);
        try
        {
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject) throw new JsonException();
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var name = json.GetString()!;
                if (!json.Read() || json.TokenType != JsonTokenType.String) throw new JsonException();
                fields.Add(name, json.GetString()!);
            }
            return fields;
        }
        // Besides what is no JSON: text that is no Unicode, and a name that stands twice.
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new CryptographicException("The order's data is not readable; it was sealed by another version of the center.");
        }
    }
}
