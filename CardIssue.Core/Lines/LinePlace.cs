using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Lines;

/// <summary>
/// Where a peer comes from, as whoever is not let in yet is counted: an IPv4 address, an IPv6 network of 64 bits (one host may have all of its addresses),
/// or, on a line without addresses, the line itself.
/// </summary>
public readonly record struct LinePlace
{
    private const int Ipv6PrefixBytes = 8;

    private LinePlace(ByteString network, int line) => (Network, Line) = (network, line);

    /// <summary>4 bytes of an IPv4 address, the first 8 of an IPv6 address, or empty.</summary>
    public ByteString Network { get; }

    /// <summary>The line's number where there is no address; else 0.</summary>
    public int Line { get; }

    /// <summary>The place of a peer.</summary>
    internal static LinePlace Of(LinePeer peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        return peer.Address is { } address ? Of(address) : new LinePlace(ByteString.Empty, peer.Line?.Value ?? 0);
    }

    /// <summary>The place of an address; an IPv4 address that came in on an IPv6 socket is that IPv4 address (RFC 4291 2.5.5.2).</summary>
    internal static LinePlace Of(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        var bytes = ByteString.Own(plain.GetAddressBytes());
        return new LinePlace(plain.AddressFamily == AddressFamily.InterNetworkV6 ? bytes.Slice(0, Ipv6PrefixBytes) : bytes, 0);
    }

    /// <summary>As people write it: <c>10.1.2.3</c>, <c>2001:db8::/64</c>, <c>line 7</c>.</summary>
    public override string ToString()
    {
        if (Network.Length == Ipv6PrefixBytes) return $"{new IPAddress([.. Network.Span, .. new byte[Ipv6PrefixBytes]])}/64";
        return Network.IsEmpty ? string.Create(CultureInfo.InvariantCulture, $"line {Line}") : new IPAddress(Network.Span).ToString();
    }
}
