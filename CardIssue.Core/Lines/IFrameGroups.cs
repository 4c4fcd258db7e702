namespace CardIssue.Core.Lines;

/// <summary>A line that sends several frames at once, in fewer writes than by one after the other. What the peer gets is the same.</summary>
internal interface IFrameGroups : ILine
{
    /// <summary>Sends frames in their order, each as <see cref="ILine.SendAsync"/> does.</summary>
    /// <exception cref="LineException">The line is broken, or a frame too large.</exception>
    ValueTask SendAllAsync(IReadOnlyList<ReadOnlyMemory<byte>> frames, CancellationToken cancellation);
}

/// <summary>Several frames on whatever line.</summary>
internal static class FrameGroups
{
    /// <summary>Sends frames in their order: at once where the line can, else one after the other.</summary>
    /// <exception cref="LineException">The line is broken, or a frame too large.</exception>
    public static async ValueTask SendAllAsync(this ILine line, IReadOnlyList<ReadOnlyMemory<byte>> frames, CancellationToken cancellation)
    {
        if (line is IFrameGroups groups) await groups.SendAllAsync(frames, cancellation).ConfigureAwait(false);
        else foreach (var frame in frames) await line.SendAsync(frame, cancellation).ConfigureAwait(false);
    }
}
