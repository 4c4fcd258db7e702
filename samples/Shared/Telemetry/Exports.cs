using System.Reflection;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace CardIssue.CommandLine;

/// <summary>
/// Where a program's measures and traces go: to an OpenTelemetry collector, by the variables that the standard has for it
/// (OTEL_EXPORTER_OTLP_ENDPOINT and the others); nowhere where none of them is set.
/// </summary>
internal sealed class Exports : IDisposable
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT", None = "none";

    /// <summary>What .NET itself measures of a process.</summary>
    private const string Runtime = "System.Runtime";

    private readonly TracerProvider? _traces;

    private Exports(MeterProvider? meters, TracerProvider? traces) => (Meters, _traces) = (meters, traces);

    /// <summary>What gathers the measures; null where they go nowhere.</summary>
    public MeterProvider? Meters { get; }

    /// <summary>Begins.</summary>
    /// <param name="program">The program's name; OTEL_SERVICE_NAME goes before it.</param>
    /// <param name="sources">The names of what measures and traces.</param>
    /// <param name="reader">Adds another one who reads the measures; null where there is none.</param>
    public static Exports Begin(string program, IReadOnlyList<string> sources, Action<MeterProviderBuilder>? reader = null)
    {
        var (meters, traces) = (GoesOut("METRICS"), GoesOut("TRACES"));
        return new Exports(meters || reader is not null ? Measuring() : null, traces ? Tracing() : null);

        MeterProvider Measuring()
        {
            var builder = Sdk.CreateMeterProviderBuilder().ConfigureResource(Named).AddMeter([.. sources, Runtime]);
            reader?.Invoke(builder);
            return (meters ? builder.AddOtlpExporter() : builder).Build();
        }

        TracerProvider Tracing() =>
            Sdk.CreateTracerProviderBuilder().ConfigureResource(Named).AddSource([.. sources]).AddOtlpExporter().Build();

        void Named(ResourceBuilder resource) => resource.Clear()
            .AddService(program, serviceVersion: Assembly.GetExecutingAssembly().GetName().Version?.ToString(3))
            .AddTelemetrySdk().AddEnvironmentVariableDetector();
    }

    /// <summary>Sends what is left.</summary>
    public void Dispose()
    {
        Meters?.Dispose();
        _traces?.Dispose();
    }

    private static bool GoesOut(string signal) =>
        (IsSet(Endpoint) || IsSet($"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT")) && Environment.GetEnvironmentVariable($"OTEL_{signal}_EXPORTER") != None;

    private static bool IsSet(string variable) => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(variable));
}
