namespace CardIssue.Core.Lines;

/// <summary>A connector that tries again by itself, and tells of the tries that failed meanwhile.</summary>
internal interface IRetryingConnector : ILineConnector
{
    /// <summary>A try failed, and another follows; on whichever thread it failed. Handlers return at once and throw nothing.</summary>
    event Action<LineException>? TryFailed;
}
