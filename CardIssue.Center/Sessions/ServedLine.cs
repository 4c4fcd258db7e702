using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Sessions;

/// <summary>A dedicated line as the center serves it: where it comes in, and what its configuration says of it.</summary>
/// <param name="Listener">Accepts it; belongs to whoever made it.</param>
/// <param name="WithoutTls">
/// Whether it may do without TLS; then every message after the admission carries a counter and a MAC, and is not encrypted. Where it may not, a line that comes up without both
/// certificates is closed before a word is said, whatever its listener is.
/// </param>
/// <param name="Results">
/// Of a split line, the data half: the number of the line that carries its results, which is served by the same server. Both are admitted as halves only, each on its own line, and a terminal needs both lines in its record.
/// One results line may serve several data lines.
/// </param>
public sealed record ServedLine(ILineListener Listener, bool WithoutTls = false, LineNumber? Results = null);

/// <summary>What a session knows of its line from the center's configuration.</summary>
/// <param name="Half">Which half of a split line it is.</param>
/// <param name="Results">For a data half: the line of its results half.</param>
internal readonly record struct LineTerms(LineHalf Half, LineNumber? Results)
{
    /// <summary>The terms of each of the lines that are served together, in their order.</summary>
    /// <exception cref="ArgumentException">A results line is not there, is the data half itself, or is itself a data half.</exception>
    public static IReadOnlyList<LineTerms> Of(IReadOnlyList<ServedLine> lines)
    {
        foreach (var data in lines.Where(line => line.Results is not null))
            if (!lines.Any(line => line.Listener.Line == data.Results && line.Results is null))
                throw new ArgumentException($"The results of line {data.Listener.Line} are to come on line {data.Results}, which is not served, or is no line for results.", nameof(lines));
        return [.. lines.Select(line => new LineTerms(HalfOf(line, lines), line.Results))];
    }

    private static LineHalf HalfOf(ServedLine line, IReadOnlyList<ServedLine> lines) =>
        line.Results is not null ? LineHalf.Data
        : lines.Any(data => data.Results == line.Listener.Line) ? LineHalf.Results
        : LineHalf.Whole;
}
