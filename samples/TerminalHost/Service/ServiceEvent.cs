using System.Text.Json;
using System.Text.Json.Serialization;
using CardIssue.Terminal.Relay;
using CardIssue.TerminalHost.Answers;

namespace CardIssue.TerminalHost.Service;

/// <summary>What the service tells a program: a line of JSON each. SERVICE.md has them in a table that a test holds to these types.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = Discriminator)]
[JsonDerivedType(typeof(HelloEvent), "hello")]
[JsonDerivedType(typeof(StatusEvent), "status")]
[JsonDerivedType(typeof(AcceptedEvent), "accepted")]
[JsonDerivedType(typeof(ReceiptEvent), "receipt")]
[JsonDerivedType(typeof(ClosedEvent), "closed")]
[JsonDerivedType(typeof(ErrorEvent), "error")]
[JsonDerivedType(typeof(LineEvent), "line")]
[JsonDerivedType(typeof(ReaderEvent), "reader")]
[JsonDerivedType(typeof(ProgressEvent), "progress")]
[JsonDerivedType(typeof(OutcomeEvent), "outcome")]
internal abstract record ServiceEvent
{
    public const string Discriminator = "event";

    /// <summary>The id of the request that this answers; null where it had none, or nobody asked.</summary>
    public string? Id { get; init; }

    /// <summary>The line, with its end.</summary>
    public byte[] Write() => [.. JsonSerializer.SerializeToUtf8Bytes(this, ServiceJson.Readable.ServiceEvent), (byte)'\n'];
}

/// <summary>The token is right.</summary>
internal sealed record HelloEvent(int Version, string Terminal) : ServiceEvent;

/// <summary>How all stands.</summary>
/// <param name="Line">The line to the center.</param>
/// <param name="Reader">As <see cref="ReaderEvent"/> has it; null while nothing was seen of it.</param>
/// <param name="Issue">The number of the issue under way, or null.</param>
/// <param name="Step">Its latest step, or null.</param>
/// <param name="LastIssue">The number of the issue that ended last, or null.</param>
/// <param name="Outcome">How that one ended, or null.</param>
/// <param name="WrongTokens">How often a wrong token was given since the service began.</param>
internal sealed record StatusEvent(LineAnswer Line, string? Reader, int? Issue, StepAnswer? Step, int? LastIssue, OutcomeAnswer? Outcome, int WrongTokens) : ServiceEvent;

/// <summary>An issue was begun, or is to be cancelled.</summary>
/// <param name="Issue">Its number, from 1 since the service began.</param>
internal sealed record AcceptedEvent(int Issue) : ServiceEvent;

/// <summary>The receipt of the card that was issued last.</summary>
internal sealed record ReceiptEvent(int Issue, string Receipt) : ServiceEvent;

/// <summary>The last of a connection.</summary>
internal sealed record ClosedEvent : ServiceEvent;

/// <summary>A request was not carried out.</summary>
internal sealed record ErrorEvent(ServiceFault Code, string Text) : ServiceEvent;

/// <summary>The line to the center stands otherwise than before.</summary>
internal sealed record LineEvent(LineAnswer Line) : ServiceEvent;

/// <summary>What is seen of the card reader.</summary>
/// <param name="Reader">A <see cref="Counter.ReaderSight"/>.</param>
internal sealed record ReaderEvent(string? Reader) : ServiceEvent;

/// <summary>A step, as it happens.</summary>
/// <param name="Issue">Whose; null where no issue is under way.</param>
/// <param name="Step">As <c>issue --json</c> has it.</param>
internal sealed record ProgressEvent(int? Issue, StepAnswer Step) : ServiceEvent;

/// <summary>How an issue ended.</summary>
/// <param name="Issue">Which.</param>
/// <param name="Outcome">As <c>issue --json</c> has it.</param>
internal sealed record OutcomeEvent(int Issue, OutcomeAnswer Outcome) : ServiceEvent;

/// <summary>How the line to the center stands.</summary>
internal sealed record LineAnswer(string State, DateTimeOffset Since, int Reason, string? Fault, string? Error)
{
    public static LineAnswer Of(RelayStatus status) =>
        new(status.State.ToString(), status.Since, (int)status.Reason, status.LineFault?.ToString(), status.Error);
}

/// <summary>Why a request was not carried out. The words stay.</summary>
internal enum ServiceFault
{
    /// <summary>The first line was no hello with the right token. The connection is closed.</summary>
    Token,
    /// <summary>A line is longer than the longest. The connection is closed.</summary>
    Line,
    /// <summary>It is no request, or lacks something; what it is stands in the text.</summary>
    Request,
    /// <summary>Operators log in here, and this was no name and password of one.</summary>
    Operator,
    /// <summary>An issue is under way.</summary>
    Busy,
    /// <summary>There is no issue to cancel, or no receipt.</summary>
    Nothing,
    /// <summary>Too many programs are connected. The connection is closed.</summary>
    Full,
}

/// <summary>The events' JSON, made by the compiler.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ServiceEvent))]
internal sealed partial class ServiceJson : JsonSerializerContext
{
    /// <summary>Names in any script as they are.</summary>
    public static ServiceJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter<ServiceFault>(JsonNamingPolicy.CamelCase) },
    });
}
