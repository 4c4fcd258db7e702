using CardIssue.Center.Sessions;
using CardIssue.Core.Lines;

namespace CardIssue.Center.Hosting;

/// <summary>Opens the dedicated lines when the center starts. The hosted service disposes their listeners when it stops.</summary>
public interface ILineSource
{
    /// <summary>Opens them; all, or none.</summary>
    /// <exception cref="LineException">One could not be opened; the message says why.</exception>
    Task<IReadOnlyList<ServedLine>> OpenAsync(CancellationToken cancellation);
}

/// <summary>One line, made by a function.</summary>
internal sealed class SingleLine(IServiceProvider services, Func<IServiceProvider, ServedLine> make) : ILineSource
{
    public Task<IReadOnlyList<ServedLine>> OpenAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<ServedLine>>([make(services)]);
}
