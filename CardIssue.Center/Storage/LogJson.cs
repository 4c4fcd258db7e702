using System.Buffers;
using System.Text;
using System.Text.Json;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Storage;

/// <summary>Log entries as JSON lines.</summary>
internal static class LogJson
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// Whether JSON that was read is not what it should be: no JSON, a value that is missing, of another type, out of range, or a text of half a surrogate pair.
    /// </summary>
    public static bool IsMalformed(Exception error) => error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException;

    public static bool IsObject(string text)
    {
        // Each entry is looked at before it is written: no document is made of it.
        var utf8 = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        try
        {
            var json = new Utf8JsonReader(utf8.AsSpan(0, Strict.GetBytes(text, utf8)));
            if (!json.Read() || json.TokenType is not JsonTokenType.StartObject) return false;
            while (json.Read())
            {
            }
            return true;
        }
        catch (Exception e) when (e is JsonException or EncoderFallbackException)
        {
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(utf8);
        }
    }

    /// <summary>The end of a chain, for JSON; <see cref="LogCheckpoint.HeadsFrom"/> reads it.</summary>
    public static object Of(LogHead head) => new { instance = head.Instance, sequence = head.Sequence, hash = head.Hash.ToString() };

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

    /// <summary>The end of a chain, as the store's latest commit of it sealed it: what was cut off an export behind its entries shows.</summary>
    public static void Write(Utf8JsonWriter json, LogHeadSeal seal, ByteString mac)
    {
        json.WriteStartObject();
        json.WriteString("end", seal.Head.Instance);
        json.WriteNumber("sequence", seal.Head.Sequence);
        json.WriteString("hash", seal.Head.Hash.ToString());
        json.WriteString("store", seal.StoreId.ToString());
        json.WriteNumber("generation", seal.Generation);
        json.WriteString("mac", mac.ToString());
        json.WriteEndObject();
    }

    /// <summary>Null when the line is an entry.</summary>
    public static (LogHeadSeal Seal, ByteString Mac)? SealFrom(JsonElement line) => !line.TryGetProperty("end", out var end) ? null : (
        new LogHeadSeal(Hex(line, "store"), new LogHead(end.GetString()!, line.GetProperty("sequence").GetInt64(), Hex(line, "hash")),
            line.GetProperty("generation").GetInt64()),
        Hex(line, "mac"));

    /// <summary>What <see cref="Write(Utf8JsonWriter, LogRow)"/> wrote: the detail's very characters, which the hash is over.</summary>
    public static LogRow RowFrom(JsonElement line) => new(
        line.GetProperty("instance").GetString()!, line.GetProperty("sequence").GetInt64(), line.GetProperty("at").GetDateTimeOffset(),
        new LogEntry(
            line.GetProperty("session").GetString()!,
            line.TryGetProperty("terminal", out var terminal) ? new TerminalId(terminal.GetString()!) : null,
            line.TryGetProperty("line", out var number) ? new LineNumber(number.GetInt32()) : null,
            line.TryGetProperty("order", out var order) ? new OrderId(order.GetString()!) : null,
            line.GetProperty("direction").GetString() switch
            {
                "none" => LogDirection.None,
                "in" => LogDirection.In,
                "out" => LogDirection.Out,
                _ => throw new FormatException("no such direction"),
            },
            line.TryGetProperty("step", out var step) ? int.Parse(step.GetString()!.AsSpan(1), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture) : 0,
            line.GetProperty("kind").GetString()!, line.GetProperty("detail").GetRawText()),
        Hex(line, "digest"), Hex(line, "hash"), line.TryGetProperty("mac", out _) ? Hex(line, "mac") : ByteString.Empty);

    private static ByteString Hex(JsonElement line, string name) => ByteString.FromHex(line.GetProperty(name).GetString()!);
}
