using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace CardIssue.Core.Cards.Products.Json;

/// <summary>
/// Reads JSON (RFC 8259, strictly: no comments, no trailing commas, no doubled names, nothing behind the value) into nodes that know where they stand.
/// Doubled names are collected and the reading goes on; after a fault of syntax nothing can be said of what follows.
/// </summary>
internal ref struct LocatedJson
{
    /// <summary>How deep objects and arrays may nest.</summary>
    public const int MaxDepth = 40;

    /// <summary>The longest file, in bytes.</summary>
    public const int MaxFileBytes = 16 * 1024 * 1024;

    /// <summary>The most values of one file, those within others counted too: 10,000 orders of 100 fields.</summary>
    public const int MaxValues = 1_000_000;

    private readonly ReadOnlySpan<byte> _text;
    private readonly JsonMistakes _mistakes;
    private readonly string _what;
    private Utf8JsonReader _reader;
    private LineMap _lines;
    private int _values;
    private bool _isOver;

    private LocatedJson(ReadOnlySpan<byte> text, JsonMistakes mistakes, int line)
    {
        _text = text;
        _mistakes = mistakes;
        // One deeper than allowed, so that the fault is told here and not by the reader.
        _reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = MaxDepth + 1 });
        _lines = new LineMap(text, line);
        _what = line > 1 ? "line" : "file";
    }

    /// <summary>The value of a file; null when it is no JSON. Anything wrong goes to <paramref name="mistakes"/>.</summary>
    /// <param name="file">The file, or a line of a file of JSON lines.</param>
    /// <param name="mistakes">Where mistakes go.</param>
    /// <param name="line">The number of its first line.</param>
    public static LocatedNode? Read(ReadOnlySpan<byte> file, JsonMistakes mistakes, int line = 1)
    {
        // Windows' editors put a byte order mark in front.
        var text = file.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? file[3..] : file;
        var start = new JsonPlace(line, 1, JsonPath.Root);
        if (text.Length > MaxFileBytes)
        {
            mistakes.Add(start, $"The file has {text.Length} bytes; {MaxFileBytes} is the most.");
            return null;
        }
        if (!Utf8.IsValid(text))
        {
            var (at, column) = new LineMap(text, line).Of(LineMap.FirstBadByte(text));
            mistakes.Add(new JsonPlace(at, column, JsonPath.Root), "The file is not UTF-8 from here on.");
            return null;
        }
        return new LocatedJson(text, mistakes, line).ReadAll();
    }

    private LocatedNode? ReadAll()
    {
        var path = JsonPath.Root;
        try
        {
            _reader.Read();
            var root = ReadValue(ref path);
            if (root is null) return null;
            _isOver = true;
            _reader.Read();
            return root;
        }
        catch (JsonException e)
        {
            var offset = OffsetOf(e);
            _mistakes.Add(PlaceAt(offset, path), FaultAt(offset));
            return null;
        }
    }

    /// <summary>The value that the reader stands at; null after a mistake that ends the reading.</summary>
    private LocatedNode? ReadValue(ref JsonPath path)
    {
        var place = PlaceAt((int)_reader.TokenStartIndex, path);
        if (_reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray && _reader.CurrentDepth >= MaxDepth)
        {
            _mistakes.Add(place, $"Objects and arrays nest deeper than {MaxDepth}.");
            return null;
        }
        if (++_values > MaxValues)
        {
            _mistakes.Add(place, $"There are more than {MaxValues} values; the rest is not read.");
            return null;
        }
        return _reader.TokenType switch
        {
            JsonTokenType.StartObject => ReadObject(place, ref path),
            JsonTokenType.StartArray => ReadArray(place, ref path),
            JsonTokenType.String => new LocatedNode(JsonKind.String, place, ReadText(place)),
            JsonTokenType.Number => new LocatedNode(JsonKind.Number, place, Encoding.ASCII.GetString(_reader.ValueSpan)),
            JsonTokenType.True => new LocatedNode(JsonKind.Boolean, place, "true"),
            JsonTokenType.False => new LocatedNode(JsonKind.Boolean, place, "false"),
            JsonTokenType.Null => new LocatedNode(JsonKind.Null, place),
            _ => throw new InvalidOperationException($"A value cannot begin with {_reader.TokenType}."),
        };
    }

    private LocatedNode? ReadObject(JsonPlace place, ref JsonPath path)
    {
        var node = new LocatedNode(JsonKind.Object, place);
        var outer = path;
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndObject)
        {
            path = outer;
            var offset = (int)_reader.TokenStartIndex;
            var name = ReadText(PlaceAt(offset, path));
            path = JsonMistakes.CanShow(name) ? outer.Property(name) : outer.Property(node.Properties.Count + 1);
            var namePlace = PlaceAt(offset, path);
            var isNew = node.Find(name) is null;
            if (!isNew) _mistakes.Add(namePlace, $"The property {JsonMistakes.Shown(name)} is here twice.");
            _reader.Read();
            if (ReadValue(ref path) is not { } value) return null;
            if (isNew) node.Add(new LocatedProperty(name, namePlace, value));
        }
        path = outer;
        return node;
    }

    private LocatedNode? ReadArray(JsonPlace place, ref JsonPath path)
    {
        var node = new LocatedNode(JsonKind.Array, place);
        var outer = path;
        while (true)
        {
            path = outer.Element(node.Items.Count);
            _reader.Read();
            if (_reader.TokenType == JsonTokenType.EndArray) break;
            if (ReadValue(ref path) is not { } value) return null;
            node.Add(value);
        }
        path = outer;
        return node;
    }

    private readonly string ReadText(JsonPlace place)
    {
        try
        {
            return _reader.GetString() ?? "";
        }
        catch (InvalidOperationException)
        {
            // The file is UTF-8; what is left is \u escapes that stand for half a character.
            _mistakes.Add(place, "A \\u escape here is half a surrogate pair.");
            return "";
        }
    }

    private JsonPlace PlaceAt(int offset, JsonPath path)
    {
        var (line, column) = _lines.Of(offset);
        return new JsonPlace(line, column, path);
    }

    /// <summary>The reader counts lines by LF alone, and bytes within a line.</summary>
    private readonly int OffsetOf(JsonException fault)
    {
        var start = 0;
        for (var line = fault.LineNumber ?? 0; line > 0 && _text[start..].IndexOf((byte)'\n') is var end and >= 0; line--) start += end + 1;
        return (int)Math.Min(_text.Length, start + (fault.BytePositionInLine ?? 0));
    }

    /// <summary>Whether a quote was opened since the last whole token: what the reader has taken ends before it.</summary>
    private readonly bool IsInString(int offset) => (int)_reader.BytesConsumed is var taken && taken < offset && _text[taken..offset].Contains((byte)'"');

    /// <summary>In our words: the exception's own message quotes what it found, which may be a customer's data.</summary>
    private readonly string FaultAt(int offset)
    {
        if (_text[offset..].Trim(" \t\r\n"u8).IsEmpty)
            return _text.Trim(" \t\r\n"u8).IsEmpty ? $"The {_what} is empty." : $"The {_what} ends in the middle.";
        var before = _text[..offset].TrimEnd(" \t\r\n"u8);
        return (char)_text[offset] switch
        {
            '/' => "Comments are not allowed.",
            '}' or ']' when before.EndsWith(","u8) => "A comma stands before the closing bracket.",
            '}' or ']' => "A closing bracket does not belong here.",
            < ' ' when _isOver => "A control character stands behind the end of the value.",
            < ' ' => IsInString(offset) ? "A control character or a line break stands in a string." : "A control character stands between values.",
            _ when _isOver => "Something stands behind the end of the value.",
            _ => "This is not JSON: a comma, colon, quote or value is missing or wrong.",
        };
    }
}
