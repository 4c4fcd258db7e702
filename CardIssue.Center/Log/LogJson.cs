using System.Text;
using System.Text.Json;

namespace CardIssue.Center.Log;

/// <summary>Log entries as JSON lines.</summary>
internal static class LogJson
{
    public static bool IsObject(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    public static void Write(Utf8JsonWriter json, LogRow row)
    {
        json.WriteStartObject();
        json.WriteString("instance", row.Instance);
        json.WriteNumber("sequence", row.Sequence);
        json.WriteString("at", row.At.UtcDateTime);
        json.WriteString("session", row.Entry.Session);
        if (row.Entry.Terminal is { } terminal) json.WriteString("terminal", terminal.Value);
        if (row.Entry.Line is { } line) json.WriteNumber("line", line.Value);
        if (row.Entry.Order is { } order) json.WriteString("order", order.Value);
        json.WriteString("direction", row.Entry.Direction switch
        {
            LogDirection.None => "none",
            LogDirection.In => "in",
            LogDirection.Out => "out",
            _ => "changed",
        });
        if (row.Entry.Step > 0) json.WriteString("step", $"S{row.Entry.Step}");
        json.WriteString("kind", row.Entry.Kind);
        json.WritePropertyName("detail");
        // A changed entry may hold anything: as a string then, so that the line stays JSON.
        if (IsObject(row.Entry.Detail)) json.WriteRawValue(Encoding.UTF8.GetBytes(row.Entry.Detail), skipInputValidation: true);
        else json.WriteStringValue(row.Entry.Detail);
        json.WriteString("digest", row.Digest.ToString());
        json.WriteString("hash", row.Hash.ToString());
        if (!row.Mac.IsEmpty) json.WriteString("mac", row.Mac.ToString());
        json.WriteEndObject();
    }
}
