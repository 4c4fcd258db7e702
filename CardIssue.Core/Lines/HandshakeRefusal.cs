using System.Net;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Lines;

/// <summary>Why no line came of a TLS handshake.</summary>
public enum HandshakeFault
{
    /// <summary>The peer showed no certificate.</summary>
    NoCertificate,
    /// <summary>The peer's certificate is not valid today.</summary>
    CertificateOutdated,
    /// <summary>The peer's certificate is none that is known.</summary>
    CertificateUnknown,
    /// <summary>The peer offers no version of TLS that is allowed.</summary>
    Version,
    /// <summary>What was agreed on is no suite that is allowed.</summary>
    Suite,
    /// <summary>It was not done in time.</summary>
    TimedOut,
    /// <summary>What came is no TLS.</summary>
    NotTls,
    /// <summary>The peer, or the system, gave it up: as when the peer knows another certificate of this end, or has no suite in common.</summary>
    Failed,
    /// <summary>The connection ended in it.</summary>
    Broken,
    /// <summary>It was not done, and others came, who were given its place.</summary>
    MadeWay,
}

/// <summary>A handshake that came to nothing.</summary>
/// <param name="Line">The listener's line.</param>
/// <param name="Address">The peer's address, where there is one.</param>
/// <param name="Fault">Why.</param>
/// <param name="Detail">What was expected and what came; for people.</param>
public sealed record HandshakeRefusal(LineNumber Line, IPAddress? Address, HandshakeFault Fault, string Detail);
