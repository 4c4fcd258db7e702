using System.Security.Authentication;
using CardIssue.Core.Lines;

namespace CardIssue.Transport.Framing;

/// <summary>A handshake at the listener that came to nothing, by its name.</summary>
internal sealed class HandshakeException(HandshakeFault fault, string message, Exception? inner = null) : IOException(message, inner)
{
    public HandshakeFault Fault => fault;

    /// <summary>Names what ended a handshake; null for what is no doing of the peer's.</summary>
    /// <param name="e">What ended it.</param>
    /// <param name="offered">The versions that the peer offers; null while its ClientHello was not whole.</param>
    /// <param name="allowed">Those that are allowed.</param>
    public static HandshakeException? Of(Exception e, SslProtocols? offered, SslProtocols allowed) => e switch
    {
        HandshakeException named => named,
        AuthenticationException or IOException when offered is { } versions && (versions & allowed) == SslProtocols.None =>
            new HandshakeException(HandshakeFault.Version, $"The peer offers {versions}; {allowed} is allowed.", e),
        AuthenticationException when offered is null => new HandshakeException(HandshakeFault.NotTls, "What came is no ClientHello.", e),
        AuthenticationException => new HandshakeException(HandshakeFault.Failed, e.InnerException?.Message ?? e.Message, e),
        IOException => new HandshakeException(HandshakeFault.Broken, $"The connection ended in the handshake: {e.Message}", e),
        _ => null,
    };
}
