namespace CardIssue.Core.Protocol;

/// <summary>Protocol versions. A center of version N serves terminals of N and N−1.</summary>
internal static class ProtocolVersions
{
    /// <summary>The version spoken here.</summary>
    public const int Current = 1;

    /// <summary>The oldest version that the center still serves.</summary>
    public const int Oldest = 1;

    /// <summary>The highest version that both sides speak, or null.</summary>
    /// <param name="min">The lowest that the terminal offers.</param>
    /// <param name="max">The highest that the terminal offers.</param>
    /// <param name="oldest">The lowest that the center serves.</param>
    /// <param name="current">The highest that the center serves.</param>
    public static int? Choose(int min, int max, int oldest = Oldest, int current = Current)
    {
        var highest = Math.Min(max, current);
        return highest >= Math.Max(min, oldest) ? highest : null;
    }
}
