using System.Text;
using System.Text.Json.Nodes;

namespace CardIssue.Test.Hosts;

/// <summary>What may be where a program looks for a file.</summary>
internal static class BadFiles
{
    private const int Seed = 20_261_126, GarbageLength = 10 * 1_024 * 1_024;

    /// <summary>Not even a file.</summary>
    public static readonly string[] Places = OperatingSystem.IsWindows() ? ["missing", "directory"] : ["missing", "directory", "pipe"];

    /// <summary>Files that are no JSON, or no object.</summary>
    public static readonly string[] Contents =
        ["empty", "words", "null", "number", "string", "array", "object", "surrogate", "not UTF-8", "garbage", "deep", "mark only"];

    /// <summary>Puts it there.</summary>
    public static void Make(string kind, string path)
    {
        File.Delete(path);
        if (kind == "directory") Directory.CreateDirectory(path);
        else if (kind == "pipe") System.Diagnostics.Process.Start("mkfifo", [path]).WaitForExit();
        else if (kind != "missing") File.WriteAllBytes(path, Content(kind));
    }

    /// <summary>A JSON file with each of its values in turn taken by one of another kind.</summary>
    public static IEnumerable<(string What, string Json)> Changed(string json)
    {
        var paths = new List<string>();
        Collect(JsonNode.Parse(json)!, paths);
        string[] others = ["null", "-1", "10", "1e300", "true", "\"\"", "\"x\"", "\"\\n\\u001b[2J\"", "\"\\ud800\"", "[]", "[null]", "{}", "{\"a\":null}"];
        foreach (var path in paths)
            foreach (var other in others)
                yield return ($"{path} = {other}", Replace(json, path, other));
    }

    private static byte[] Content(string kind) => kind switch
    {
        "empty" => [],
        "words" => "hello\n"u8.ToArray(),
        "null" => "null"u8.ToArray(),
        "number" => "7"u8.ToArray(),
        "string" => "\"seven\""u8.ToArray(),
        "array" => "[]"u8.ToArray(),
        "object" => "{}"u8.ToArray(),
        "surrogate" => """{"\ud800":"\udfff"}"""u8.ToArray(),
        "not UTF-8" => [.. "{\"a\":\""u8, 0xFF, .. "\"}"u8],
        "garbage" => Garbage(),
        "deep" => Encoding.ASCII.GetBytes(new string('[', 10_000)),
        "mark only" => [0xEF, 0xBB, 0xBF],
        _ => throw new ArgumentException(kind, nameof(kind)),
    };

    private static byte[] Garbage()
    {
        var bytes = new byte[GarbageLength];
        new Random(Seed).NextBytes(bytes);
        return bytes;
    }

    private static void Collect(JsonNode node, List<string> paths)
    {
        foreach (var child in Children(node))
        {
            paths.Add(child.GetPath());
            Collect(child, paths);
        }
    }

    /// <summary>In the text, for a tree of nodes takes no half of a surrogate pair.</summary>
    private static string Replace(string json, string path, string other)
    {
        const string mark = "HERE";
        var root = JsonNode.Parse(json)!;
        Find(root, path)!.ReplaceWith(mark);
        return root.ToJsonString().Replace($"\"{mark}\"", other, StringComparison.Ordinal);
    }

    private static JsonNode? Find(JsonNode node, string path) =>
        node.GetPath() == path ? node : Children(node).Select(child => Find(child, path)).FirstOrDefault(found => found is not null);

    private static IEnumerable<JsonNode> Children(JsonNode node) => node switch
    {
        JsonObject o => o.Select(pair => pair.Value).OfType<JsonNode>(),
        JsonArray a => a.OfType<JsonNode>(),
        _ => [],
    };
}
