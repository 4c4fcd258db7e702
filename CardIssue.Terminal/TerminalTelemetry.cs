using System.Diagnostics;
using System.Diagnostics.Metrics;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Terminal;

/// <summary>
/// What a terminal tells whoever measures it (OpenTelemetry, dotnet-counters): each request's time and trace, which is the center's, too.
/// OPERATING.md says what each means. Never data of an order, its number, a card, a customer or a person.
/// </summary>
public static class TerminalTelemetry
{
    /// <summary>The name of the activity source and of the meter.</summary>
    public const string Name = "CardIssue.Terminal";

    private const string OutcomeTag = "cardissue.outcome", Prefix = "cardissue.terminal.", ScriptTag = "cardissue.script";

    private static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);
    private static readonly Histogram<double> Requests = Meter.CreateHistogram<double>(
        Prefix + "issue.duration", "s", "From a request's leaving to its end on this line");
    private static readonly Histogram<double> Scripts = Meter.CreateHistogram<double>(
        Prefix + "script.duration", "s", "From a script's first command to its result");

    /// <summary>A request from now on, in the trace that the center has too.</summary>
    /// <param name="terminal">The terminal.</param>
    /// <param name="admission">The admission hash of its line.</param>
    /// <param name="request">The request's number.</param>
    /// <param name="before">The span of the same issue on the line before; none where it begins.</param>
    internal static RequestSpan Request(TerminalId terminal, ByteString admission, int request, ActivityContext before) => new(Source.StartActivity(
        "issue at terminal", ActivityKind.Client, Source.HasListeners() ? IssueTrace.ContextOf(admission, request) : default,
        [new("cardissue.terminal", terminal.Value), new("cardissue.request", request)],
        before == default ? null : [new ActivityLink(before)]));

    /// <summary>The time of one request, with the scripts below.</summary>
    internal sealed class RequestSpan(Activity? activity)
    {
        private readonly long _began = Stopwatch.GetTimestamp();
        private Activity? _script;
        private string _kind = "";
        private long _scriptBegan;

        /// <summary>For a span that goes on with it.</summary>
        public ActivityContext Context => activity?.Context ?? default;

        /// <summary>A script comes to the card.</summary>
        public void ScriptBegins(Script script)
        {
            _script?.Dispose();
            (_kind, _scriptBegan) = (script.Kind.ToString(), Stopwatch.GetTimestamp());
            _script = activity is null ? null : Source.StartActivity("script at card", ActivityKind.Internal, activity.Context)
                ?.SetTag(ScriptTag, _kind).SetTag("cardissue.record", script.Record).SetTag("cardissue.attempt", script.Attempt)
                .SetTag("cardissue.commands", script.Count);
        }

        /// <summary>Its result leaves.</summary>
        public void ScriptEnds(ScriptStop stop)
        {
            if (_kind.Length > 0) Scripts.Record(Stopwatch.GetElapsedTime(_scriptBegan).TotalSeconds, new KeyValuePair<string, object?>(ScriptTag, _kind));
            _script?.SetTag(OutcomeTag, stop.ToString()).Dispose();
            (_script, _kind) = (null, "");
        }

        /// <summary>It ended, for this line.</summary>
        public void End(string outcome)
        {
            _script?.Dispose();
            Requests.Record(Stopwatch.GetElapsedTime(_began).TotalSeconds, new KeyValuePair<string, object?>(OutcomeTag, outcome));
            activity?.SetTag(OutcomeTag, outcome).Dispose();
        }
    }
}
