using System.Diagnostics;
using System.Globalization;
using CardIssue.CenterHost.Cli;

namespace CardIssue.CenterHost.Orders;

/// <summary>Says on the error output every few seconds how far a long import is; of a short one nothing.</summary>
internal sealed class ImportProgress(Answers answers) : IProgress<long>
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(5);

    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private TimeSpan _next = Between;

    /// <summary>What is being done, in words that follow on a number of orders.</summary>
    public string Doing { get; set; } = "read and checked";

    /// <summary>How many it was last.</summary>
    public long Count { get; set; }

    public void Report(long value)
    {
        Count = value;
        if (_watch.Elapsed < _next) return;
        _next = _watch.Elapsed + Between;
        answers.WarnAsync(string.Create(CultureInfo.InvariantCulture, $"{value:N0} orders {Doing} …")).Wait();
    }
}
