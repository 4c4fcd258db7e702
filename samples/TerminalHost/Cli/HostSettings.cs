using System.Text.Json;
using System.Text.RegularExpressions;

namespace CardIssue.TerminalHost.Cli;

/// <summary>What options default to: the environment first (CARDISSUE_CONNECT_TIMEOUT), then appsettings.json (connectTimeout).</summary>
internal sealed partial class HostSettings
{
    public const string FileName = "appsettings.json";
    private const int MaxLength = 65_536;

    private static readonly string[] Known =
        ["data", "connect", "resultsConnect", "line", "connectTimeout", "resumeTimeout", "reader", "sam", "wait", "operator", "passphraseFile", "renewBefore",
            "port", "pipe", "tokenFile", "operatorPasswordFile", "language", "printer", "receiptFile", "idleLogOff"];

    private readonly Dictionary<string, string> _fromFile;

    private HostSettings(Dictionary<string, string> fromFile) => _fromFile = fromFile;

    /// <summary>Reads the file, if there is one.</summary>
    /// <exception cref="CommandException">It is not an object of known settings.</exception>
    public static HostSettings Load(string folder)
    {
        var path = Path.Combine(folder, FileName);
        CheckVariables();
        if (!InputFile.IsThere(path)) return new HostSettings([]);
        var content = InputFile.WithoutMark(InputFile.ReadAll(path, MaxLength));
        try
        {
            using var json = JsonDocument.Parse(content, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (json.RootElement.ValueKind != JsonValueKind.Object) throw Wrong(path, "it holds no JSON object");
            return new HostSettings(json.RootElement.EnumerateObject().ToDictionary(p => Name(path, p.Name), p => Text(path, p)));
        }
        catch (JsonException e)
        {
            throw Wrong(path, $"line {e.LineNumber + 1}, column {e.BytePositionInLine + 1}: this is no JSON; mend it, or take it away");
        }
        catch (ArgumentException)
        {
            throw Wrong(path, "a setting stands twice");
        }
        catch (InvalidOperationException)
        {
            throw Wrong(path, "a text in it is no Unicode");
        }
    }

    /// <summary>A setting's text, or null when nobody set it.</summary>
    /// <param name="name">As in the file: <c>connectTimeout</c>.</param>
    public string? Find(string name) =>
        Environment.GetEnvironmentVariable(VariableOf(name)) is { Length: > 0 } set ? set : _fromFile.GetValueOrDefault(name);

    private static string Name(string path, string name) =>
        Known.Contains(name) ? name : throw Wrong(path, $"\"{name}\" is no setting: {Nearest.Suggest(name, Known)}");

    private static string Text(string path, JsonProperty property) => property.Value.ValueKind switch
    {
        JsonValueKind.String when property.Value.GetString() is { } text => !text.Any(char.IsControl) ? text : throw Wrong(path, $"\"{property.Name}\" holds a control character"),
        JsonValueKind.Number => property.Value.GetRawText(),
        _ => throw Wrong(path, $"\"{property.Name}\" is neither a text nor a number"),
    };

    private static string VariableOf(string name) => "CARDISSUE_" + Hump().Replace(name, "_$0").ToUpperInvariant();

    /// <summary>A variable whose name is nearly a setting's was meant as one. Others may be another program's.</summary>
    /// <exception cref="CommandException">There is one.</exception>
    private static void CheckVariables()
    {
        var known = Known.Select(VariableOf).ToList();
        foreach (var variable in Environment.GetEnvironmentVariables().Keys.Cast<string>())
            if (variable.StartsWith("CARDISSUE_", StringComparison.Ordinal) && !known.Contains(variable) && Nearest.To(variable, known) is { } near)
                throw new CommandException(ExitCode.Usage, $"The environment's {variable} is no setting: did you mean {near}?");
    }

    private static CommandException Wrong(string path, string what) => new(ExitCode.Usage, $"{path}: {what}.");

    [GeneratedRegex("[A-Z]")]
    private static partial Regex Hump();
}
