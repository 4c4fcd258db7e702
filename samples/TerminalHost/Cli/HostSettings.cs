using System.Text.Json;
using System.Text.RegularExpressions;

namespace CardIssue.TerminalHost.Cli;

/// <summary>What options default to: the environment first (CARDISSUE_CONNECT_TIMEOUT), then appsettings.json (connectTimeout).</summary>
internal sealed partial class HostSettings
{
    public const string FileName = "appsettings.json";
    private const int MaxLength = 65_536;

    private static readonly string[] Known =
        ["data", "connect", "resultsConnect", "line", "connectTimeout", "resumeTimeout", "reader", "sam", "wait", "operator", "passphraseFile"];

    private readonly Dictionary<string, string> _fromFile;

    private HostSettings(Dictionary<string, string> fromFile) => _fromFile = fromFile;

    /// <summary>Reads the file, if there is one.</summary>
    /// <exception cref="CommandException">It is not an object of known settings.</exception>
    public static HostSettings Load(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) return new HostSettings([]);
        if (new FileInfo(path).Length > MaxLength) throw Wrong(path, $"it is longer than {MaxLength} bytes");
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (json.RootElement.ValueKind != JsonValueKind.Object) throw Wrong(path, "it holds no JSON object");
            return new HostSettings(json.RootElement.EnumerateObject().ToDictionary(p => Name(path, p.Name), p => Text(path, p)));
        }
        catch (JsonException e)
        {
            throw Wrong(path, $"line {e.LineNumber + 1}, column {e.BytePositionInLine + 1}: this is no JSON");
        }
        catch (ArgumentException)
        {
            throw Wrong(path, "a setting stands twice");
        }
    }

    /// <summary>A setting's text, or null when nobody set it.</summary>
    /// <param name="name">As in the file: <c>connectTimeout</c>.</param>
    public string? Find(string name)
    {
        var variable = "CARDISSUE_" + Hump().Replace(name, "_$0").ToUpperInvariant();
        return Environment.GetEnvironmentVariable(variable) is { Length: > 0 } set ? set : _fromFile.GetValueOrDefault(name);
    }

    private static string Name(string path, string name) =>
        Known.Contains(name) ? name : throw Wrong(path, $"\"{name}\" is no setting; there are {string.Join(", ", Known)}");

    private static string Text(string path, JsonProperty property) => property.Value.ValueKind switch
    {
        JsonValueKind.String => property.Value.GetString()!,
        JsonValueKind.Number => property.Value.GetRawText(),
        _ => throw Wrong(path, $"\"{property.Name}\" is neither a text nor a number"),
    };

    private static CommandException Wrong(string path, string what) => new(ExitCode.Usage, $"{path}: {what}.");

    [GeneratedRegex("[A-Z]")]
    private static partial Regex Hump();
}
