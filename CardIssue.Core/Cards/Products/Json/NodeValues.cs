using System.Globalization;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products.Json;

/// <summary>Reads nodes as what they should be; anything else is a mistake at the node, and null.</summary>
internal static class NodeValues
{
    public static string? AsText(this LocatedNode node, JsonMistakes mistakes, int maxLength)
    {
        if (node.Kind != JsonKind.String) return node.WrongKind<string>("A string", mistakes);
        if (node.Text.Length > maxLength) return node.Wrong<string>($"The text has {node.Text.Length} characters; {maxLength} are the most.", mistakes);
        return node.Text;
    }

    /// <summary>A name by <see cref="NameRule"/>.</summary>
    public static string? AsName(this LocatedNode node, JsonMistakes mistakes)
    {
        if (node.Kind != JsonKind.String) return node.WrongKind<string>("A string", mistakes);
        return NameRule.Accepts(node.Text) ? node.Text : node.Wrong<string>($"A name has 1 to {NameRule.MaxLength} of A-Z a-z 0-9 . _ -", mistakes);
    }

    public static bool? AsBoolean(this LocatedNode node, JsonMistakes mistakes)
    {
        if (node.Kind == JsonKind.Boolean) return node.Text == "true";
        node.WrongKind("true or false", mistakes);
        return null;
    }

    /// <summary>A whole number, written without fraction and exponent.</summary>
    public static int? AsInteger(this LocatedNode node, JsonMistakes mistakes, int min, int max)
    {
        if (node.Kind != JsonKind.Number) node.WrongKind("A number", mistakes);
        else if (int.TryParse(node.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max) return number;
        else mistakes.Add(node.Place, $"A whole number from {min} to {max} is expected.");
        return null;
    }

    /// <summary>Hexadecimal digits, in pairs that spaces may part.</summary>
    public static ByteString? AsHex(this LocatedNode node, JsonMistakes mistakes, int minBytes, int maxBytes)
    {
        var expected = minBytes == maxBytes ? $"{minBytes}" : $"{minBytes} to {maxBytes}";
        if (node.Kind != JsonKind.String) node.WrongKind("A string of hexadecimal digits", mistakes);
        else if (!TryHex(node.Text, out var bytes)) mistakes.Add(node.Place, "Hexadecimal digits are expected, two for each byte.");
        else if (bytes.Length < minBytes || bytes.Length > maxBytes) mistakes.Add(node.Place, $"There are {bytes.Length} bytes; expected: {expected}.");
        else return bytes;
        return null;
    }

    /// <summary>One byte, as two hexadecimal digits.</summary>
    public static byte? AsByte(this LocatedNode node, JsonMistakes mistakes) => node.AsHex(mistakes, 1, 1)?[0];

    public static Aid? AsAid(this LocatedNode node, JsonMistakes mistakes) =>
        node.AsHex(mistakes, Aid.MinLength, Aid.MaxLength) is { } bytes ? new Aid(bytes) : null;

    public static IReadOnlyList<LocatedNode> AsList(this LocatedNode node, JsonMistakes mistakes, int min, int max)
    {
        if (node.Kind != JsonKind.Array) node.WrongKind("An array", mistakes);
        else if (node.Items.Count < min || node.Items.Count > max) mistakes.Add(node.Place, $"There are {node.Items.Count} elements; {min} to {max} are possible.");
        else return node.Items;
        return [];
    }

    /// <summary>One word out of a list.</summary>
    public static T? AsWord<T>(this LocatedNode node, JsonMistakes mistakes, params ReadOnlySpan<(string Word, T Value)> words) where T : struct
    {
        var list = new List<string>(words.Length);
        foreach (var (word, value) in words)
        {
            if (node.Kind == JsonKind.String && node.Text == word) return value;
            list.Add($"\"{word}\"");
        }
        mistakes.Add(node.Place, $"Expected is one of {string.Join(", ", list)}.");
        return null;
    }

    public static void WrongKind(this LocatedNode node, string expected, JsonMistakes mistakes) =>
        mistakes.Add(node.Place, $"{expected} is expected, not {Article(node.Kind)}.");

    private static T? WrongKind<T>(this LocatedNode node, string expected, JsonMistakes mistakes) where T : class
    {
        node.WrongKind(expected, mistakes);
        return null;
    }

    private static T? Wrong<T>(this LocatedNode node, string message, JsonMistakes mistakes) where T : class
    {
        mistakes.Add(node.Place, message);
        return null;
    }

    private static bool TryHex(string text, out ByteString bytes)
    {
        bytes = default;
        var pairs = text.Replace(" ", "", StringComparison.Ordinal);
        if (pairs.Length % 2 != 0 || !pairs.All(char.IsAsciiHexDigit)) return false;
        bytes = ByteString.Own(Convert.FromHexString(pairs));
        return true;
    }

    private static string Article(JsonKind kind) => kind switch
    {
        JsonKind.Object => "an object",
        JsonKind.Array => "an array",
        JsonKind.String => "a string",
        JsonKind.Number => "a number",
        JsonKind.Boolean => "true or false",
        JsonKind.Null => "null",
    };
}
