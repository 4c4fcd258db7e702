using CardIssue.Core.Lines;

namespace CardIssue.Center.Sessions;

/// <summary>A dedicated line as the center serves it: where it comes in, and what its configuration says of it.</summary>
/// <param name="Listener">Accepts it; belongs to whoever made it.</param>
/// <param name="WithoutTls">
/// Whether it may do without TLS; then every message after the admission carries a counter and a MAC (<see cref="AuthenticatedLine"/>). Where it may not, a line that comes up without both
/// certificates is closed before a word is said, whatever its listener is.
/// </param>
public sealed record ServedLine(ILineListener Listener, bool WithoutTls = false);
