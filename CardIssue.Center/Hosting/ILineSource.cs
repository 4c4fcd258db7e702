using CardIssue.Core.Lines;

namespace CardIssue.Center.Hosting;

/// <summary>Opens listeners of dedicated lines when the center starts. The hosted service disposes them when it stops.</summary>
public interface ILineSource
{
    /// <summary>Opens them; all, or none.</summary>
    /// <exception cref="LineException">One could not be opened; the message says why.</exception>
    Task<IReadOnlyList<ILineListener>> OpenAsync(CancellationToken cancellation);
}

/// <summary>One listener, made by a function.</summary>
internal sealed class SingleLine(IServiceProvider services, Func<IServiceProvider, ILineListener> make) : ILineSource
{
    public Task<IReadOnlyList<ILineListener>> OpenAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<ILineListener>>([make(services)]);
}
