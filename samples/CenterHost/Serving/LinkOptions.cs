using System.Globalization;
using System.Net;
using CardIssue.CenterHost.Cli;
using Microsoft.Extensions.Configuration;

namespace CardIssue.CenterHost.Serving;

/// <summary>The settings <c>Link</c> of the program: whether, and where, the other hosts of the center reach this one.</summary>
internal sealed class LinkOptions
{
    /// <summary>ADDRESS:PORT where the others' connections come in; port 0 takes any that is free; empty for no link.</summary>
    public string Listen { get; set; } = "";

    /// <summary>NAME:PORT where the others reach it; where it is empty, <see cref="Listen"/> is.</summary>
    public string Address { get; set; } = "";

    /// <summary>Where to listen and what to tell the others; null for no link.</summary>
    /// <param name="settings">The program's settings.</param>
    /// <param name="listen">What goes before <see cref="Listen"/>; null where nothing does.</param>
    /// <exception cref="CommandException">It is no place, or one that others can't reach.</exception>
    public static LinkPlace? Place(IConfiguration settings, string? listen)
    {
        var given = settings.GetSection(CenterSettings.Link).Get<LinkOptions>() ?? new LinkOptions();
        given.Listen = listen ?? given.Listen;
        if (given.Listen.Length == 0) return given.Address.Length == 0 ? null : throw Wrong($"{nameof(Address)} is set, and {nameof(Listen)} is not");
        if (!ListenPlace.TryRead(given.Listen, out var place))
            throw Wrong($"{nameof(Listen)}, \"{given.Listen}\", is no IP address and port, such as 10.0.0.5:7900");
        if (given.Address.Length > 0)
        {
            if (!TrySplit(given.Address, out _, out _))
                throw Wrong($"{nameof(Address)}, \"{given.Address}\", is no name and port, such as center-1.bank.example:7900");
            return new LinkPlace(place, given.Address);
        }
        return place.Address.Equals(IPAddress.Any) || place.Address.Equals(IPAddress.IPv6Any)
            ? throw Wrong($"{nameof(Listen)} is every address of this machine: {nameof(Address)} must say where the other hosts reach it")
            : new LinkPlace(place, null);
    }

    /// <summary>Splits NAME:PORT, where the name may be an IP address, of version 6 in brackets.</summary>
    public static bool TrySplit(string text, out string host, out int port) =>
        AddressText.TrySplit(text, out host, out port) && host.Length > 0 && (!host.Contains(':', StringComparison.Ordinal) || text[0] == '[');

    private static CommandException Wrong(string what) => new(ExitCode.Usage, $"The settings {CenterSettings.Link}, for the hosts' link: {what}.");
}

/// <summary>Where the other hosts of the center come in.</summary>
/// <param name="Listen">Where to listen.</param>
/// <param name="Address">Where they reach it; null where that is the same.</param>
internal sealed record LinkPlace(IPEndPoint Listen, string? Address);
