using System.Net;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Terminals;

/// <summary>Whether what the listener knows of a peer fits the terminal that it says it is. For the center's log: the terminal hears one coarse code.</summary>
internal enum AdmissionFinding
{
    /// <summary>Line, address and certificate fit. The credential's signature is still to be verified.</summary>
    Fits = 1,
    /// <summary>No terminal of that name.</summary>
    UnknownTerminal = 2,
    /// <summary>The terminal is not to be let in.</summary>
    Disabled = 3,
    /// <summary>It does not belong on this line.</summary>
    WrongLine = 4,
    /// <summary>It does not belong at this address.</summary>
    WrongAddress = 5,
    /// <summary>On TLS: the certificate is not the one that is known.</summary>
    WrongCertificate = 6,
}

/// <summary>S220: compares what the listener knows of a peer with the registry. Address, line and certificate must all fit.</summary>
internal static class TerminalAdmission
{
    /// <summary>Compares.</summary>
    /// <param name="peer">What the listener knows; the line number is the listener's own.</param>
    /// <param name="known">The registry's record for the name that the peer said; null when there is none.</param>
    public static AdmissionFinding Check(LinePeer peer, TerminalRecord? known)
    {
        ArgumentNullException.ThrowIfNull(peer);
        if (known is null) return AdmissionFinding.UnknownTerminal;
        if (!known.Enabled) return AdmissionFinding.Disabled;
        if (peer.Line is not { } line || !known.Lines.Contains(line)) return AdmissionFinding.WrongLine;
        if (!AddressFits(peer.Address, known.Networks)) return AdmissionFinding.WrongAddress;
        return CertificateFits(peer, known) ? AdmissionFinding.Fits : AdmissionFinding.WrongCertificate;
    }

    // A serial line has no address: there the line itself, which the listener knows, is the place.
    internal static bool AddressFits(IPAddress? address, ValueList<IPNetwork> networks)
    {
        if (address is null) return true;
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return networks.Any(network => network.Contains(plain));
    }

    // Whether a line may do without TLS is the line's configuration. On TLS a peer without a certificate never fits.
    private static bool CertificateFits(LinePeer peer, TerminalRecord known) =>
        (peer.OwnCertificate.IsEmpty && peer.PeerCertificate.IsEmpty)
        || (!known.Certificate.IsEmpty && peer.PeerCertificate == known.Certificate)
        || (known.Next is { Certificate.IsEmpty: false } next && peer.PeerCertificate == next.Certificate);
}
