using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CardIssue.TerminalHost.Answers;

/// <summary>The answers' JSON, made by the compiler: a native program has no reflection to make it with.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(FindingAnswer))]
[JsonSerializable(typeof(DoorAnswer))]
[JsonSerializable(typeof(RotationAnswer))]
[JsonSerializable(typeof(ModuleAnswer))]
[JsonSerializable(typeof(ReaderAnswer))]
[JsonSerializable(typeof(ReaderStandingAnswer))]
[JsonSerializable(typeof(ReaderCommandAnswer))]
[JsonSerializable(typeof(StepAnswer))]
[JsonSerializable(typeof(OutcomeAnswer))]
internal sealed partial class AnswerJson : JsonSerializerContext
{
    /// <summary>For receipts and names in any script, which a program shows as they are.</summary>
    public static AnswerJson Readable { get; } =
        new(new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
