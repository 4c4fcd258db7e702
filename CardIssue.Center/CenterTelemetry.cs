using System.Diagnostics;
using System.Diagnostics.Metrics;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center;

/// <summary>
/// What a center tells whoever measures it (OpenTelemetry, dotnet-counters), besides what <c>CenterHealth</c> looks up.
/// OPERATING.md says what each means. Never data of an order, its number, a card, a customer or a person.
/// </summary>
public static class CenterTelemetry
{
    /// <summary>The name of the activity source and of the meters.</summary>
    public const string Name = "CardIssue.Center";

    internal const string LineTag = "cardissue.line", ReasonTag = "cardissue.reason", OutcomeTag = "cardissue.outcome", KindTag = "cardissue.kind",
        ModeTag = "cardissue.mode", StateTag = "cardissue.state";

    /// <summary>What the name of every instrument begins with.</summary>
    internal const string Prefix = "cardissue.center.";

    private const string SessionTag = "cardissue.session";

    private static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);

    private static readonly Counter<long> Sessions = Meter.CreateCounter<long>(Prefix + "sessions", "{session}", "Lines that came up");
    private static readonly UpDownCounter<long> ActiveSessions =
        Meter.CreateUpDownCounter<long>(Prefix + "sessions.active", "{session}", "Lines that are up");
    private static readonly Counter<long> Grants =
        Meter.CreateCounter<long>(Prefix + "admissions.granted", "{admission}", "Terminals let in, by protocol version");
    private static readonly Counter<long> Refusals = Meter.CreateCounter<long>(Prefix + "admissions.refused", "{admission}", "Terminals not let in");
    private static readonly Counter<long> Declines = Meter.CreateCounter<long>(Prefix + "requests.declined", "{request}", "Requests that began no issue");
    private static readonly Counter<long> Rejections = Meter.CreateCounter<long>(Prefix + "cards.rejected", "{card}", "Cards sent back");
    private static readonly Counter<long> Begun = Meter.CreateCounter<long>(Prefix + "issues.begun", "{issue}", "Orders that a session went to work on");
    private static readonly Histogram<double> Issues = Seconds("issue.duration", "From the request to the issue's end in this session");
    private static readonly Counter<long> Records = Meter.CreateCounter<long>(Prefix + "records.confirmed", "{record}", "Records confirmed by their cards");
    private static readonly Histogram<double> Scripts = Seconds("script.duration", "From a script's leaving to its result, judged");
    private static readonly Histogram<double> Waits = Seconds("durable_wait.duration", "What a session waits for the store before a message leaves");
    private static readonly Counter<long> Away = Meter.CreateCounter<long>(Prefix + "store.away", "{wait}", "Waits for a store that was away");
    private static readonly Histogram<double> Commits = Seconds("store.commit.duration", "One commit of the store, with the log's entries in it");
    private static readonly Histogram<double> Appends = Seconds("log.append.duration", "The part of a commit that adds to the log");
    private static readonly Counter<long> Entries = Meter.CreateCounter<long>(Prefix + "log.entries", "{entry}", "Entries added to the log");

    /// <summary>A session from now to the disposal of what is returned.</summary>
    internal static SessionSpan Session(string session, LineNumber line)
    {
        Sessions.Add(1, Tag(LineTag, line.Value));
        ActiveSessions.Add(1);
        return new SessionSpan(Source.StartActivity("session", ActivityKind.Server)?.SetTag(SessionTag, session).SetTag(LineTag, line.Value));
    }

    internal static void AdmissionGranted(int version) => Grants.Add(1, Tag("cardissue.version", version));

    internal static void AdmissionRefused(RefusalCode code) => Refusals.Add(1, Tag(ReasonTag, code.ToString()));

    internal static void CardRejected(CardRejection code) => Rejections.Add(1, Tag(ReasonTag, code.ToString()));

    internal static void RecordConfirmed() => Records.Add(1);

    internal static void StoreAway() => Away.Add(1);

    /// <summary>A request from now on, in the trace that its terminal has too.</summary>
    /// <param name="session">The session.</param>
    /// <param name="terminal">The terminal.</param>
    /// <param name="admission">The session's admission hash.</param>
    /// <param name="request">The request's number.</param>
    internal static IssueSpan Issue(string session, TerminalId terminal, ByteString admission, int request) => new(Source.StartActivity(
        "issue", ActivityKind.Server, Source.HasListeners() ? IssueTrace.ContextOf(admission, request) : default,
        [Tag(SessionTag, session), Tag("cardissue.terminal", terminal.Value), Tag("cardissue.request", request)],
        Activity.Current is { } around ? [new ActivityLink(around.Context)] : null));

    /// <summary>A commit of the store from now to the disposal of what is returned; its span stands under the first of those that wait for it.</summary>
    /// <param name="waiting">The spans that wait for it.</param>
    internal static CommitSpan Commit(IEnumerable<ActivityContext> waiting)
    {
        if (!Source.HasListeners()) return new CommitSpan(null);
        var known = waiting.Where(context => context != default).ToList();
        return new CommitSpan(Source.StartActivity(
            "commit", ActivityKind.Internal, known.FirstOrDefault(), links: known.Skip(1).Select(context => new ActivityLink(context))));
    }

    internal static KeyValuePair<string, object?> Tag(string name, object? value) => new(name, value);

    private static Histogram<double> Seconds(string name, string description) =>
        Meter.CreateHistogram(Prefix + name, "s", description, null, new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 180, 600],
        });

    /// <summary>The time of one session.</summary>
    internal sealed class SessionSpan(Activity? activity) : IDisposable
    {
        public void Dispose()
        {
            activity?.Dispose();
            ActiveSessions.Add(-1);
        }
    }

    /// <summary>The time of one request, with what is done for it below. It ends once; a later word of its end is not heard.</summary>
    internal sealed class IssueSpan(Activity? activity)
    {
        private readonly long _began = Stopwatch.GetTimestamp();
        private KeyValuePair<string, object?>[] _tags = [];
        private Activity? _script;
        private long _scriptLeft;
        private string _scriptKind = "";
        private bool _isOver;

        /// <summary>The order is claimed and can be written.</summary>
        public void Begin(bool isRewrite, string mode)
        {
            _tags = [Tag(KindTag, isRewrite ? "rewrite" : "issue"), Tag(ModeTag, mode)];
            foreach (var (name, value) in _tags) activity?.SetTag(name, value);
            Begun.Add(1, _tags);
        }

        /// <summary>The center does not begin it.</summary>
        public void Decline(DeclineCode code)
        {
            if (_isOver) return;
            Declines.Add(1, Tag(ReasonTag, code.ToString()));
            activity?.SetTag(ReasonTag, code.ToString());
            Over("declined");
        }

        /// <summary>It ended, for this session.</summary>
        public void End(string outcome)
        {
            if (_isOver) return;
            if (_tags.Length > 0) Issues.Record(Since(_began), [.. _tags, Tag(OutcomeTag, outcome)]);
            Over(outcome);
        }

        /// <summary>A script leaves.</summary>
        public void ScriptLeaves(Script script)
        {
            ScriptEnds("superseded");
            (_scriptLeft, _scriptKind) = (Stopwatch.GetTimestamp(), script.Kind.ToString());
            _script = Start("record")?.SetTag("cardissue.script", _scriptKind).SetTag("cardissue.record", script.Record)
                .SetTag("cardissue.attempt", script.Attempt).SetTag("cardissue.commands", script.Count);
        }

        /// <summary>Its result was judged.</summary>
        public void ScriptJudged(string verdict)
        {
            if (_scriptKind.Length > 0) Scripts.Record(Since(_scriptLeft), Tag("cardissue.script", _scriptKind));
            ScriptEnds(verdict);
        }

        /// <summary>The session waits for the store, until what is returned is disposed.</summary>
        public Wait WaitForStore() => new(Start("durable wait"));

        private Activity? Start(string name) => activity is null ? null : Source.StartActivity(name, ActivityKind.Internal, activity.Context);

        private void ScriptEnds(string verdict)
        {
            _script?.SetTag(OutcomeTag, verdict).Dispose();
            (_script, _scriptKind) = (null, "");
        }

        private void Over(string outcome)
        {
            _isOver = true;
            ScriptEnds(outcome);
            activity?.SetTag(OutcomeTag, outcome).Dispose();
        }
    }

    /// <summary>The time of one wait for the store, of whatever session.</summary>
    internal sealed class Wait(Activity? activity) : IDisposable
    {
        private readonly long _began = Stopwatch.GetTimestamp();

        public void Dispose()
        {
            Waits.Record(Since(_began));
            activity?.Dispose();
        }
    }

    /// <summary>The time of one commit, and of what it adds to the log.</summary>
    internal sealed class CommitSpan(Activity? activity) : IDisposable
    {
        public const string Saved = "saved";

        private readonly long _began = Stopwatch.GetTimestamp();
        private TimeSpan _appending;
        private int _entries;

        /// <summary>What came of it.</summary>
        public string Outcome { private get; set; } = "failed";

        /// <summary>It is made from its beginning: what went before is not in it.</summary>
        public void Begin() => (_appending, _entries) = (TimeSpan.Zero, 0);

        /// <summary>An entry was added to the log.</summary>
        /// <param name="began">When that began, as a timestamp of <see cref="Stopwatch"/>.</param>
        public void Appended(long began)
        {
            _appending += Stopwatch.GetElapsedTime(began);
            _entries++;
        }

        public void Dispose()
        {
            Commits.Record(Since(_began), Tag(OutcomeTag, Outcome));
            if (Outcome == Saved && _entries > 0)
            {
                Appends.Record(_appending.TotalSeconds);
                Entries.Add(_entries);
            }
            activity?.SetTag(OutcomeTag, Outcome).SetTag("cardissue.log.entries", _entries)
                .SetTag("cardissue.log.append.duration", _appending.TotalSeconds).Dispose();
        }
    }

    private static double Since(long began) => Stopwatch.GetElapsedTime(began).TotalSeconds;
}
