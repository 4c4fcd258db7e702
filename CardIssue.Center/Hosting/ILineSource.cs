using CardIssue.Center.Sessions;
using CardIssue.Core.Lines;

namespace CardIssue.Center.Hosting;

/// <summary>Opens the dedicated lines when the center starts. The hosted service disposes their listeners when it stops.</summary>
public interface ILineSource
{
    /// <summary>Opens them; all, or none.</summary>
    /// <exception cref="LineException">One could not be opened; the message says why.</exception>
    Task<IReadOnlyList<ServedLine>> OpenAsync(CancellationToken cancellation);

    /// <summary>
    /// Asked every <see cref="CenterSessionOptions.RegistryLook"/> while the center serves: which of the lines that it opened are to be
    /// served no more, or otherwise. Their listeners are disposed by who asks, before <see cref="OpenNewAsync"/>.
    /// </summary>
    Task<IReadOnlyList<ServedLine>> GoneAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<ServedLine>>([]);

    /// <summary>Asked next: opens what is to be served besides. What cannot be opened is left out, told to people, and tried again the next time.</summary>
    Task<IReadOnlyList<ServedLine>> OpenNewAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<ServedLine>>([]);
}

/// <summary>One line, made by a function.</summary>
internal sealed class SingleLine(IServiceProvider services, Func<IServiceProvider, ServedLine> make) : ILineSource
{
    public Task<IReadOnlyList<ServedLine>> OpenAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<ServedLine>>([make(services)]);
}
