using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.People;

/// <summary>Entries of the log about what people do at the center. Each names the person; none holds a password or a code.</summary>
internal static class ConsoleLog
{
    /// <summary>The session of all such entries.</summary>
    public const string Session = "console";

    private static readonly JsonSerializerOptions Form = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        // Letters as they are; what moves the cursor or turns text round is escaped.
        Encoder = JavaScriptEncoder.Create(UnicodeRanges.All),
    };

    /// <param name="kind">What was done.</param>
    /// <param name="detail">An object whose <c>person</c> did it.</param>
    /// <param name="order">The order that it is about.</param>
    /// <param name="terminal">The terminal that it is about.</param>
    public static LogEntry Of(string kind, object detail, OrderId? order = null, TerminalId? terminal = null) =>
        new(Session, terminal, null, order, LogDirection.None, 0, kind, Cut(JsonSerializer.Serialize(detail, Form)));

    /// <summary>What is too long for an entry must not keep from being logged what was done.</summary>
    private static string Cut(string detail) =>
        detail.Length <= LogEntry.MaxDetail ? detail : JsonSerializer.Serialize(new { cut = detail[..(LogEntry.MaxDetail / 8)] }, Form);
}
