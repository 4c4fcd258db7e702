using System.Diagnostics;
using System.Diagnostics.Metrics;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Sessions;

/// <summary>What a center tells whoever measures it (OpenTelemetry, dotnet-counters): an activity for each session, and counters. Never data of an order.</summary>
public static class CenterTelemetry
{
    /// <summary>The name of the activity source and of the meter.</summary>
    public const string Name = "CardIssue.Center";

    private static readonly ActivitySource Source = new(Name);
    private static readonly Meter Counts = new(Name);
    private static readonly Counter<long> SessionCount = Counts.CreateCounter<long>("cardissue.center.sessions", "{session}", "Lines that came up");
    private static readonly UpDownCounter<long> ActiveCount = Counts.CreateUpDownCounter<long>("cardissue.center.sessions.active", "{session}", "Sessions now");
    private static readonly Counter<long> IssuedCount = Counts.CreateCounter<long>("cardissue.center.orders.issued", "{order}", "Orders issued");
    private static readonly Counter<long> RejectedCount = Counts.CreateCounter<long>("cardissue.center.cards.rejected", "{card}", "Cards sent back");
    private static readonly Counter<long> RefusedCount = Counts.CreateCounter<long>("cardissue.center.admissions.refused", "{admission}", "Terminals not let in");

    /// <summary>A session from now to the disposal of what is returned.</summary>
    internal static SessionSpan Session(string session, LineNumber line)
    {
        SessionCount.Add(1, Tag("line", line.Value));
        ActiveCount.Add(1);
        return new SessionSpan(Source.StartActivity("session", ActivityKind.Server)?.SetTag("cardissue.session", session).SetTag("cardissue.line", line.Value));
    }

    internal static void OrderIssued() => IssuedCount.Add(1);

    internal static void CardRejected(CardRejection code) => RejectedCount.Add(1, Tag("reason", code.ToString()));

    internal static void AdmissionRefused(RefusalCode code) => RefusedCount.Add(1, Tag("reason", code.ToString()));

    private static KeyValuePair<string, object?> Tag(string name, object value) => new(name, value);

    /// <summary>The time of one session.</summary>
    internal sealed class SessionSpan(Activity? activity) : IDisposable
    {
        public void Dispose()
        {
            activity?.Dispose();
            ActiveCount.Add(-1);
        }
    }
}
