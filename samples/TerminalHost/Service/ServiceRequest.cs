using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CardIssue.Core.Primitives;

namespace CardIssue.TerminalHost.Service;

/// <summary>The form of a request.</summary>
/// <param name="Do">Its name, in the field <c>do</c>.</param>
/// <param name="Needed">The fields that it needs, texts all of them.</param>
/// <param name="Allowed">Those that it may have besides.</param>
internal sealed record RequestForm(string Do, string[] Needed, string[] Allowed);

/// <summary>
/// A request of a program: an object of texts on one line. What came is in pinned memory, for some of it is secret, and zeroed when this is disposed.
/// </summary>
internal sealed class ServiceRequest : IDisposable
{
    public const string Hello = "hello", Status = "status", Issue = "issue", Cancel = "cancel", Receipt = "receipt", Close = "close";

    /// <summary>The longest line in bytes, without its end.</summary>
    public const int MaxLine = 4_096;

    public const int MaxId = 64;

    private const string What = "do", IdOf = "id";

    /// <summary>All there are.</summary>
    public static readonly IReadOnlyList<RequestForm> Forms =
    [
        new(Hello, ["token"], []), new(Status, [], []), new(Issue, ["reference", "code"], ["operator", "password"]), new(Cancel, [], []), new(Receipt, [], []),
        new(Close, [], []),
    ];

    private readonly Dictionary<string, SecretBytes> _fields;

    private ServiceRequest(Dictionary<string, SecretBytes> fields) => _fields = fields;

    public string Do => Text(What)!;

    /// <summary>What its answer is to be known by; null for nothing.</summary>
    public string? Id => Text(IdOf);

    /// <summary>Reads a line.</summary>
    /// <param name="line">Without its end.</param>
    /// <param name="fault">What is wrong with it, without a word of what came; null when nothing is.</param>
    /// <returns>Null when something is wrong; the caller disposes it.</returns>
    public static ServiceRequest? TryParse(ReadOnlySpan<byte> line, out string? fault)
    {
        var request = new ServiceRequest(new Dictionary<string, SecretBytes>(StringComparer.Ordinal));
        try
        {
            fault = request.Read(line) ?? request.Judge();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // The latter: a text that is no Unicode.
        {
            fault = "a request is one object of texts in JSON, on a line";
        }
        if (fault is null) return request;
        request.Dispose();
        return null;
    }

    /// <summary>A field as text; null when it is not there.</summary>
    public string? Text(string name) => _fields.TryGetValue(name, out var bytes) ? Encoding.UTF8.GetString(bytes.Span) : null;

    public bool Has(string name) => _fields.ContainsKey(name);

    /// <summary>A field that is secret, lent; it is there.</summary>
    public SecretBytes Secret(string name) => _fields[name];

    /// <summary>Takes a field that is secret out; the caller disposes it.</summary>
    public SecretBytes Take(string name) => _fields.Remove(name, out var secret) ? secret : throw new InvalidOperationException($"{name} is not there.");

    public void Dispose()
    {
        foreach (var secret in _fields.Values) secret.Dispose();
        _fields.Clear();
    }

    private string? Read(ReadOnlySpan<byte> line)
    {
        var text = GC.AllocateArray<byte>(line.Length, pinned: true);
        try
        {
            var json = new Utf8JsonReader(line);
            if (!json.Read() || json.TokenType is not JsonTokenType.StartObject) return "a request is an object";
            while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
            {
                var name = json.GetString()!;
                if (!json.Read() || json.TokenType is not JsonTokenType.String) return "every field of a request is a text";
                if (!_fields.TryAdd(name, SecretBytes.Copy(text.AsSpan(0, json.CopyString(text.AsSpan()))))) return "a field stands twice";
            }
            json.Read();
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }

    private string? Judge()
    {
        var form = Forms.FirstOrDefault(form => form.Do == Text(What));
        if (form is null) return $"\"{What}\" is one of {string.Join(", ", Forms.Select(known => known.Do))}";
        if (form.Needed.FirstOrDefault(name => !_fields.ContainsKey(name)) is { } missing) return $"{form.Do} needs \"{missing}\"";
        if (_fields.Keys.Any(name => name is not What and not IdOf && !form.Needed.Contains(name) && !form.Allowed.Contains(name)))
            return $"{form.Do} has a field that is none of its own";
        return Id is { Length: > MaxId } ? $"an id has at most {MaxId} characters" : null;
    }
}
