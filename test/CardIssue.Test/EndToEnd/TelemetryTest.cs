using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using CardIssue.Center;
using CardIssue.Core.Primitives;
using CardIssue.Terminal;
using CardIssue.Terminal.Relay;

namespace CardIssue.Test.EndToEnd;

/// <summary>What both ends tell whoever measures them: one trace for an issue, from the terminal to the store; numbers; and nothing of anybody.</summary>
[NonParallelizable]
public sealed class TelemetryTest
{
    /// <summary>What a number may be told by. Whatever is added here is few values, and says nothing of an order, a card or a person.</summary>
    private static readonly string[] Labels =
    [
        "cardissue.line", "cardissue.reason", "cardissue.outcome", "cardissue.kind", "cardissue.mode", "cardissue.state", "cardissue.script",
        "cardissue.version",
    ];

    private readonly ConcurrentQueue<Activity> _spans = new();
    private readonly ConcurrentQueue<(string Name, double Value, KeyValuePair<string, object?>[] Labels)> _numbers = new();
    private ActivityListener _spansHeard = null!;
    private MeterListener _numbersHeard = null!;

    [SetUp]
    public void Listen()
    {
        _spans.Clear();
        _numbers.Clear();
        _spansHeard = new ActivityListener
        {
            ShouldListenTo = source => source.Name is CenterTelemetry.Name or TerminalTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _spans.Enqueue,
        };
        ActivitySource.AddActivityListener(_spansHeard);
        _numbersHeard = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name is CenterTelemetry.Name or TerminalTelemetry.Name) listener.EnableMeasurementEvents(instrument);
            },
        };
        _numbersHeard.SetMeasurementEventCallback<long>((instrument, value, labels, _) => _numbers.Enqueue((instrument.Name, value, labels.ToArray())));
        _numbersHeard.SetMeasurementEventCallback<double>((instrument, value, labels, _) => _numbers.Enqueue((instrument.Name, value, labels.ToArray())));
        _numbersHeard.Start();
    }

    [TearDown]
    public void Stop()
    {
        _spansHeard.Dispose();
        _numbersHeard.Dispose();
    }

    [TestCase("endToEnd")]
    [TestCase("module")]
    public async Task Issue_IsOneTrace_FromTheTerminalToTheStore_AndSaysNothingOfAnybody(string mode)
    {
        await using (var shop = await Shop.OpenAsync())
        {
            await shop.OrderAsync("o-4242", Products.EndToEnd(mode: mode));
            shop.Reader.Insert(Shop.Card(1));
            Assert.That((await shop.IssueAsync("o-4242")).Ending, Is.EqualTo(IssueEnding.Issued));
        }
        var center = Single("issue");
        var terminal = Single("issue at terminal");
        Assert.That((terminal.TraceId, terminal.ParentSpanId), Is.EqualTo((center.TraceId, center.ParentSpanId)),
            "both are children of one that nobody records");
        Assert.That((Tag(center, "cardissue.outcome"), Tag(terminal, "cardissue.outcome")), Is.EqualTo(("issued", "Issued")));
        Assert.That(Tag(center, "cardissue.terminal"), Is.EqualTo(Shop.TerminalName.Value));

        var (sent, done) = (ScriptsOf(center, "record"), ScriptsOf(terminal, "script at card"));
        Assert.That(sent, Does.Contain("Record").And.Contain("Authenticate").And.EqualTo(done));
        var waits = Under(center, "durable wait").Select(span => span.SpanId).ToList();
        var commits = _spans.Where(span => span.OperationName == "commit").ToList();
        var waitedFor = commits.SelectMany(commit => commit.Links.Select(link => link.Context.SpanId).Append(commit.ParentSpanId));
        Assert.That(waits, Is.Not.Empty.And.SubsetOf(waitedFor), "each wait is for a commit, which others may share");
        var own = commits.Where(commit => commit.TraceId == center.TraceId);
        Assert.That(own.Sum(commit => (int)commit.GetTagItem("cardissue.log.entries")!), Is.GreaterThan(10));
        Assert.That(center.Links.Single().Context.TraceId, Is.EqualTo(Single("session").TraceId));

        var said = _spans.SelectMany(span => span.TagObjects.Select(tag => $"{tag.Key}={tag.Value}").Append(span.DisplayName)).ToList();
        foreach (var secret in Products.Fields.Values.Concat(["o-4242", "customer-", "4711", "olga", "476173"]))
            Assert.That(said, Has.None.Contains(secret));
    }

    [Test]
    public async Task LineIsLost_InTheMiddle_TheIssueGoesOnInAnotherTrace_WhichNamesTheFirst()
    {
        await using (var shop = await Shop.OpenAsync())
        {
            await shop.OrderAsync("o-1", Products.EndToEnd());
            shop.WhenShown("WritingRecord", () => _ = shop.CurrentLine!.DisposeAsync().AsTask());
            shop.Reader.Insert(Shop.Card(1));
            Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
        }
        var atTerminal = _spans.Where(span => span.OperationName == "issue at terminal").OrderBy(span => span.StartTimeUtc).ToList();
        Assert.That(atTerminal.Select(span => Tag(span, "cardissue.outcome")), Is.EqualTo(new[] { "LineLost", "Issued" }));
        Assert.That(atTerminal[1].Links.Single().Context.SpanId, Is.EqualTo(atTerminal[0].SpanId));
        var atCenter = _spans.Where(span => span.OperationName == "issue").OrderBy(span => span.StartTimeUtc).ToList();
        Assert.That(atCenter.Select(span => (span.TraceId, Tag(span, "cardissue.outcome"))),
            Is.EqualTo(new[] { (atTerminal[0].TraceId, "released"), (atTerminal[1].TraceId, "issued") }));
    }

    [Test]
    public async Task IssueAndRefusals_AreCounted_AndEveryLabelIsOneOfFew()
    {
        await using (var shop = await Shop.OpenAsync())
        {
            await shop.OrderAsync("o-1", Products.EndToEnd());
            Assert.That((await shop.IssueAsync("nobody")).Ending, Is.EqualTo(IssueEnding.Declined));
            shop.Reader.Insert(Shop.Card(1));
            Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
        }
        Assert.That(Sum("cardissue.center.sessions"), Is.EqualTo(1));
        Assert.That(Sum("cardissue.center.sessions.active"), Is.Zero);
        Assert.That(Sum("cardissue.center.admissions.granted", ("cardissue.version", 1)), Is.EqualTo(1));
        Assert.That(Sum("cardissue.center.requests.declined"), Is.EqualTo(1));
        Assert.That(Sum("cardissue.center.issues.begun", ("cardissue.kind", "issue"), ("cardissue.mode", "EndToEnd")), Is.EqualTo(1));
        Assert.That(Count("cardissue.center.issue.duration", ("cardissue.outcome", "issued")), Is.EqualTo(1));
        Assert.That(Sum("cardissue.center.records.confirmed"), Is.EqualTo(3));
        Assert.That(Count("cardissue.center.script.duration"), Is.GreaterThanOrEqualTo(3));
        Assert.That(Count("cardissue.center.durable_wait.duration"), Is.GreaterThan(5));
        Assert.That(Count("cardissue.center.store.commit.duration", ("cardissue.outcome", "saved")), Is.GreaterThan(5));
        Assert.That(Count("cardissue.center.log.append.duration"), Is.GreaterThan(5));
        Assert.That(Sum("cardissue.center.log.entries"), Is.GreaterThan(20));
        Assert.That(Count("cardissue.terminal.issue.duration", ("cardissue.outcome", "Issued")), Is.EqualTo(1));
        Assert.That(_numbers.SelectMany(number => number.Labels.Select(label => label.Key)).Distinct(), Is.SubsetOf(Labels));
    }

    private double Sum(string name, params (string, object)[] labels) => Of(name, labels).Sum(number => number.Value);

    private int Count(string name, params (string, object)[] labels) => Of(name, labels).Count();

    private IEnumerable<(string Name, double Value, KeyValuePair<string, object?>[] Labels)> Of(string name, (string Name, object Value)[] labels) =>
        _numbers.Where(number => number.Name == name
            && labels.All(label => number.Labels.Any(own => own.Key == label.Name && Equals(own.Value, label.Value))));

    private Activity Single(string name) => _spans.Single(span => span.OperationName == name);

    private List<Activity> Under(Activity parent, string name) =>
        [.. _spans.Where(span => span.OperationName == name && span.ParentSpanId == parent.SpanId).OrderBy(span => span.StartTimeUtc)];

    private List<string?> ScriptsOf(Activity issue, string name) => Under(issue, name).ConvertAll(span => Tag(span, "cardissue.script"));

    private static string? Tag(Activity span, string name) => span.GetTagItem(name)?.ToString();
}
