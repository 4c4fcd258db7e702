namespace CardIssue.Center.Hosting;

/// <summary>One thing that was looked at.</summary>
/// <param name="Name">Its name, one word, which stays: <c>loop</c>, <c>serving</c>, <c>store</c>, <c>log</c>, <c>vault</c>, <c>host</c>.</param>
/// <param name="IsGood">Whether it is as it should be.</param>
/// <param name="Text">How it is, in a few words; never a path, an address or a name.</param>
public sealed record CenterCheck(string Name, bool IsGood, string Text);

/// <summary>How a center that serves stands.</summary>
/// <param name="At">When, UTC.</param>
/// <param name="Live">Whether the process works. Where something of it is not good, only a new start helps.</param>
/// <param name="Ready">
/// Whether it can serve terminals. Where something is not good, terminals are better off with another host; a new start helps only where
/// <paramref name="Live"/> says so, too.
/// </param>
public sealed record CenterReport(DateTimeOffset At, IReadOnlyList<CenterCheck> Live, IReadOnlyList<CenterCheck> Ready)
{
    /// <summary>Whether the process works.</summary>
    public bool IsLive => Live.All(check => check.IsGood);

    /// <summary>Whether it works and can serve terminals.</summary>
    public bool IsReady => IsLive && Ready.All(check => check.IsGood);
}
