namespace CardIssue.Transport.Framing;

/// <summary>How a line over a stream ends. This one is for any stream, of which nothing more is known.</summary>
internal class StreamEnd(Stream stream)
{
    /// <summary>Whether the end of the stream came without the peer having closed in order.</summary>
    public virtual bool WasCut => false;

    /// <summary>Tells the peer that nothing more comes.</summary>
    public virtual Task CloseAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Ends the line at once and, where that can be told, not in order.</summary>
    public virtual void Abort() => stream.Dispose();

    /// <summary>Gives back what the line held, after it was closed or aborted. Called once.</summary>
    public virtual void Release() => stream.Dispose();
}
