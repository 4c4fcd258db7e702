using System.Net;

namespace CardIssue.Transport.Tcp;

/// <summary>Addresses as the center's registry writes them.</summary>
internal static class Addresses
{
    /// <summary>An IPv4 address that came in on an IPv6 socket as the IPv4 address that it is (RFC 4291 2.5.5.2).</summary>
    public static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
