using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CardIssue.CenterHost.Cli;

/// <summary>Answers, as text or as JSON. Warnings and errors go to the error output, whatever the form.</summary>
internal sealed class Answers(TextWriter output, TextWriter error, bool json)
{
    private static readonly JsonSerializerOptions Form = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.Default,
    };

    public bool IsJson => json;

    public TextWriter Output => output;

    /// <summary>Says one thing; the text may be several lines.</summary>
    public async Task<ExitCode> SayAsync(object value, string text)
    {
        await output.WriteLineAsync(json ? JsonSerializer.Serialize(value, Form) : text);
        return ExitCode.Ok;
    }

    /// <summary>Says a list, a line each.</summary>
    public async Task<ExitCode> ListAsync<T>(IEnumerable<T> items, Func<T, object> value, Func<T, string> text, string none)
    {
        var count = 0;
        foreach (var item in items)
        {
            await SayAsync(value(item), text(item));
            count++;
        }
        if (count == 0 && !json) await output.WriteLineAsync(none);
        return ExitCode.Ok;
    }

    /// <summary>Says a list as it is read, a line each.</summary>
    public async Task<ExitCode> ListAsync<T>(IAsyncEnumerable<T> items, Func<T, object> value, Func<T, string> text, string none)
    {
        var isNone = true;
        await foreach (var item in items)
        {
            await SayAsync(value(item), text(item));
            isNone = false;
        }
        if (isNone && !json) await output.WriteLineAsync(none);
        return ExitCode.Ok;
    }

    public Task WarnAsync(string text) => error.WriteLineAsync(text);

    public static string ToJson(object value) => JsonSerializer.Serialize(value, Form);
}
