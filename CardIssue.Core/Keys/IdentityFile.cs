using System.Buffers;
using System.Text.Json;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Keys;

/// <summary>The small JSON files that public identities travel in: one object, every value a string, every error with its line and column.</summary>
internal sealed class IdentityFile
{
    /// <summary>The longest such file in bytes.</summary>
    public const int MaxLength = 16_384;

    private const int Sha256Length = 32;
    private readonly Dictionary<string, (string Text, long Start)> _values = [];
    private readonly byte[] _json;
    private readonly string _source;

    private IdentityFile(byte[] json, string source) => (_json, _source) = (json, source);

    /// <exception cref="FormatException">Not one JSON object that has exactly these fields.</exception>
    public static IdentityFile Read(ReadOnlySpan<byte> json, string source, ReadOnlySpan<string> fields)
    {
        if (json.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF])) json = json[3..];
        var file = new IdentityFile(json.ToArray(), source);
        if (json.Length > MaxLength) throw file.Error(0, $"the file is longer than {MaxLength} bytes");
        try
        {
            file.ReadFields(fields);
        }
        catch (JsonException e)
        {
            throw new FormatException($"{source}, line {e.LineNumber + 1}, column {e.BytePositionInLine + 1}: this is no JSON.", e);
        }
        foreach (var field in fields)
            if (!file._values.ContainsKey(field)) throw file.Error(file._json.Length, $"\"{field}\" is missing");
        return file;
    }

    /// <summary>A field's value, made by <paramref name="parse"/>, whose <see cref="FormatException"/> gets the place.</summary>
    public T Value<T>(string field, Func<string, T> parse)
    {
        var (text, start) = _values[field];
        try
        {
            return parse(text);
        }
        catch (FormatException e)
        {
            throw Error(start, $"\"{field}\": {e.Message}", e);
        }
    }

    public static P256PublicKey PublicKey(string hex) => P256PublicKey.Parse(ByteString.FromHex(hex).Span);

    public static ByteString Sha256(string hex) => ByteString.FromHex(hex) is { Length: 0 or Sha256Length } hash
        ? hash
        : throw new FormatException($"a SHA-256 has {Sha256Length} bytes as hexadecimal digits, or is \"\" without TLS");

    public static byte[] Write(params ReadOnlySpan<(string Name, string Value)> fields)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, NewLine = "\n" });
        writer.WriteStartObject();
        foreach (var (name, value) in fields) writer.WriteString(name, value);
        writer.WriteEndObject();
        writer.Flush();
        return [.. buffer.WrittenSpan, (byte)'\n'];
    }

    private void ReadFields(ReadOnlySpan<string> fields)
    {
        var reader = new Utf8JsonReader(_json, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip });
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject) throw Error(reader.TokenStartIndex, "the file holds no JSON object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = Text(ref reader);
            if (!fields.Contains(name)) throw Error(reader.TokenStartIndex, $"\"{name}\" is not known; known are {string.Join(", ", fields.ToArray())}");
            if (_values.ContainsKey(name)) throw Error(reader.TokenStartIndex, $"\"{name}\" stands twice");
            reader.Read();
            if (reader.TokenType != JsonTokenType.String) throw Error(reader.TokenStartIndex, $"\"{name}\" is no string");
            _values[name] = (Text(ref reader), reader.TokenStartIndex);
        }
        while (reader.Read()) { }
    }

    /// <summary>Half a surrogate pair, written as an escape, and bytes that are no UTF-8 are JSON to the reader, and no text.</summary>
    private string Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw Error(reader.TokenStartIndex, "this text is no Unicode", e);
        }
    }

    private FormatException Error(long at, string what, Exception? inner = null)
    {
        var before = _json.AsSpan(0, (int)Math.Min(at, _json.Length));
        var line = before.Count((byte)'\n') + 1;
        var column = before.Length - before.LastIndexOf((byte)'\n');
        return new FormatException($"{_source}, line {line}, column {column}: {what}.", inner);
    }
}
