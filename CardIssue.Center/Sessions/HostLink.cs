using CardIssue.Core.Lines;

namespace CardIssue.Center.Sessions;

/// <summary>
/// How the hosts of one center reach each other, so that the halves of a split line may come in at different ones: the host of the results
/// half hands its frames on to the host of the data half. The parts belong to whoever made them.
/// </summary>
/// <param name="Address">Where the others reach this host, in words that their <paramref name="To"/> understands.</param>
/// <param name="Listener">
/// Accepts their connections, over TLS with the center's own certificate at both ends. A connection whose peer does not prove that certificate is
/// closed before a word is said, whatever the listener is. Its line number is of no meaning.
/// </param>
/// <param name="To">Makes what connects to a host by its address, likewise.</param>
public sealed record HostLink(string Address, ILineListener Listener, Func<string, ILineConnector> To);
