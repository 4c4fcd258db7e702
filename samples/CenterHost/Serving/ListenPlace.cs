using System.Net;
using System.Net.Sockets;

namespace CardIssue.CenterHost.Serving;

/// <summary>Where to listen, as a person writes it: an IP address and a port, one of version 6 in brackets.</summary>
internal static class ListenPlace
{
    /// <summary>Reads ADDRESS:PORT. .NET's own reading takes an address alone for one with port 0, and a port behind a bare IPv6 address for a part of it.</summary>
    public static bool TryRead(string text, out IPEndPoint place) =>
        IPEndPoint.TryParse(text, out place!) && text.LastIndexOf(':') > text.LastIndexOf(']') && !text.EndsWith(':')
        && (place.AddressFamily is not AddressFamily.InterNetworkV6 || text.StartsWith('['));
}
