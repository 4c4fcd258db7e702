using System.Text.Json;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Cards.Vectors;

/// <summary>Reads the vector files that lie beside this one.</summary>
internal static class Vector
{
    public static IEnumerable<JsonElement> Load(string file)
    {
        var path = Path.Combine(AppContext.BaseDirectory, "Cards", "Vectors", file);
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.EnumerateArray().Select(element => element.Clone()).ToArray();
    }

    public static ByteString Hex(this JsonElement element, string name) => ByteString.FromHex(element.GetProperty(name).GetString()!);

    public static ByteString? HexOrNull(this JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? ByteString.FromHex(value.GetString()!) : null;

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
