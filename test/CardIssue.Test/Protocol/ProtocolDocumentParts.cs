using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using CardIssue.Core.Keys;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Protocol;

/// <summary>
/// The generated parts of PROTOCOL.md that tell of bytes, codes and caps: made from the sources, with what their summaries say.
/// </summary>
internal static partial class ProtocolDocumentParts
{
    /// <summary>The sources whose values a peer meets, with what they are called in the document.</summary>
    private static readonly (string Path, string Title)[] Settings =
    [
        ("CardIssue.Transport/Framing/LineOptions.cs", "Every line"),
        ("CardIssue.Transport/Reconnect/ReconnectOptions.cs", "A terminal that brings its line up again"),
        ("CardIssue.Center/Sessions/CenterSessionOptions.cs", "The center's sessions"),
        ("CardIssue.Center/Orders/OrderOptions.cs", "The center's orders"),
        ("CardIssue.Terminal/Relay/TerminalRelayOptions.cs", "The terminal"),
    ];

    /// <summary>What they hold besides, which no peer notices.</summary>
    private static readonly string[] Inner =
        ["Backlog", "CloseTimeout", "LeaseRenewal", "Checkpoint", "CheckpointEntries", "RegistryLook", "IssueCodeLength", "KeepWriteData", "ReaderPause", "Printing"];

    public static (string Name, string Text)[] All => [("labels", Labels()), ("messages", Messages()), ("codes", Codes()), ("limits", Limits()), ("times", Times())];

    private static string Labels()
    {
        var text = new StringBuilder("| label | is for | of or by | the elements behind it | use |\n|---|---|---|---|---|\n");
        foreach (var use in ProtocolLabels.All) text.Append(CultureInfo.InvariantCulture, $"| `{use.Label}` | {use.Kind.ToString().ToLowerInvariant()} | {use.From} | {use.Fields} | {use.Use} |\n");
        return text.ToString();
    }

    private static string Messages()
    {
        var summaries = new Dictionary<string, string>();
        foreach (var file in new[] { "RelayMessage.cs", "EnrollmentMessages.cs", "TerminalEnrolmentMessages.cs" })
            foreach (Match match in Records().Matches(Source($"CardIssue.Core/Protocol/Messages/{file}"))) summaries[match.Groups[2].Value] = Plain(match.Groups[1].Value);
        var text = new StringBuilder("| number | message | what it says | later fields |\n|---:|---|---|---|\n");
        foreach (var type in Enum.GetValues<RelayMessageType>())
            text.Append(CultureInfo.InvariantCulture, $"| {(int)type} | `{type}` | {summaries[type.ToString()]} | {(Growth.IsOpen(type) ? "passed over" : "refused")} |\n");
        return text.ToString();
    }

    private static string Codes()
    {
        var text = new StringBuilder();
        foreach (Match found in Enums().Matches(Source("CardIssue.Core/Protocol/Messages/Codes.cs")))
        {
            text.Append(CultureInfo.InvariantCulture, $"**{found.Groups[2].Value}**: {Plain(found.Groups[1].Value)}\n\n| code | name | meaning |\n|---:|---|---|\n");
            foreach (Match member in Members().Matches(found.Groups[3].Value))
                text.Append(CultureInfo.InvariantCulture, $"| {member.Groups[3].Value} | {member.Groups[2].Value} | {Plain(member.Groups[1].Value)} |\n");
            text.Append('\n');
        }
        return text.ToString();
    }

    private static string Limits()
    {
        var text = new StringBuilder("| limit | value | what |\n|---|---:|---|\n");
        foreach (var type in new[] { typeof(Core.Protocol.ProtocolLimits), typeof(FieldLimits) })
        {
            var source = Source($"CardIssue.Core/Protocol/{(type == typeof(FieldLimits) ? "Messages/" : "")}{type.Name}.cs");
            foreach (Match match in Constants().Matches(source))
            {
                var field = type.GetField(match.Groups[2].Value, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!;
                text.Append(CultureInfo.InvariantCulture, $"| {field.Name} | {(int)field.GetRawConstantValue()!:N0} | {Plain(match.Groups[1].Value)} |\n");
            }
        }
        return text.Append(CultureInfo.InvariantCulture, $"| MaxMessage | {MessageCodec.MaxMessage:N0} | The most bytes of a message. |\n")
            .Append(CultureInfo.InvariantCulture, $"| MaxFrame | {Core.Lines.ILine.MaxFrame:N0} | The most bytes of a frame: a message, and on a line without TLS its counter and MAC. |\n").ToString();
    }

    private static string Times()
    {
        var text = new StringBuilder("| where | name | unless set | what |\n|---|---|---:|---|\n");
        foreach (var (path, title) in Settings)
            foreach (var match in Properties().Matches(Source(path)).Where(match => !Inner.Contains(match.Groups[3].Value)))
                text.Append(CultureInfo.InvariantCulture, $"| {title} | {match.Groups[3].Value} | {Value(match.Groups[4].Value)} | {Plain(match.Groups[1].Value)} |\n");
        return text.ToString();
    }

    private static string Value(string code) => Spans().Match(code) is { Success: true } span
        ? $"{span.Groups[2].Value.Replace("_", "", StringComparison.Ordinal)} {span.Groups[1].Value switch { "Milliseconds" => "ms", "Seconds" => "s", "Minutes" => "min", "Hours" => "h", var days => days.ToLowerInvariant() }}"
        : code.Replace('_', ',');

    private static string Source(string path) => File.ReadAllText(Path.Combine(Repository.Root, path)).ReplaceLineEndings("\n");

    /// <summary>A summary without its marks; a reference is the name that it ends with.</summary>
    private static string Plain(string summary)
    {
        var text = Comment().Replace(summary, " ");
        text = Reference().Replace(text, match => $"`{match.Groups[1].Value.Split('.')[^1]}`");
        return Blanks().Replace(Tags().Replace(text, ""), " ").Trim().Replace("|", "\\|", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"<summary>((?:(?!<summary>).)*?)</summary>(?:(?!<summary>).)*?(?:public|internal) sealed record (\w+)", RegexOptions.Singleline)]
    private static partial Regex Records();

    [GeneratedRegex(@"<summary>((?:(?!<summary>).)*?)</summary>\s*(?:public|internal) enum (\w+)\n\{(.*?)\n\}", RegexOptions.Singleline)]
    private static partial Regex Enums();

    [GeneratedRegex(@"<summary>(.*?)</summary>\s*(\w+) = (\d+),", RegexOptions.Singleline)]
    private static partial Regex Members();

    [GeneratedRegex(@"<summary>((?:(?!<summary>).)*?)</summary>\s*(?:public|internal) const int (\w+) =", RegexOptions.Singleline)]
    private static partial Regex Constants();

    [GeneratedRegex(@"<summary>((?:(?!<summary>).)*?)</summary>\s*public (TimeSpan|int) (\w+) \{ get; set; \} = ([^;]+);", RegexOptions.Singleline)]
    private static partial Regex Properties();

    [GeneratedRegex(@"TimeSpan\.From(\w+)\(([\d_]+)\)")]
    private static partial Regex Spans();

    [GeneratedRegex(@"\s*///\s*")]
    private static partial Regex Comment();

    [GeneratedRegex("<(?:see|paramref) (?:cref|name)=\"([^\"]+)\"/>")]
    private static partial Regex Reference();

    [GeneratedRegex("<[^>]+>")]
    private static partial Regex Tags();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
