using System.Globalization;

namespace CardIssue.CommandLine;

/// <summary>An address as an operator writes it: <c>SCHEME:PLACE[?NAME=VALUE&amp;NAME=VALUE…]</c>. Values are percent-decoded.</summary>
/// <param name="Scheme">What stands before the first colon.</param>
/// <param name="Place">What stands behind it, up to the question mark.</param>
/// <param name="Settings">What stands behind the question mark.</param>
internal sealed record AddressText(string Scheme, string Place, IReadOnlyDictionary<string, string> Settings)
{
    /// <summary>Takes a text apart.</summary>
    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static AddressText Parse(string text)
    {
        var (address, query) = Split(text, '?');
        var (scheme, place) = Split(address, ':');
        if (place is "") throw new FormatException("it is not of that form");
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = Split(pair, '=');
            if (value is "") throw new FormatException($"\"{name}\" has no value");
            if (!settings.TryAdd(name, Uri.UnescapeDataString(value))) throw new FormatException($"\"{name}\" stands twice");
        }
        return new AddressText(scheme, place, settings);
    }

    /// <summary>Fails on a setting that is none of these.</summary>
    /// <exception cref="FormatException">There is one.</exception>
    public AddressText Only(params string[] known) => Settings.Keys.FirstOrDefault(name => !known.Contains(name)) is { } unknown
        ? throw new FormatException($"\"{unknown}\" is not one of its settings{(known.Length == 0 ? "; it has none" : $", which are {string.Join(", ", known)}")}")
        : this;

    /// <summary>A setting, or null.</summary>
    public string? Find(string name) => Settings.GetValueOrDefault(name);

    /// <summary>The place as <c>HOST:PORT</c>; an IPv6 address stands in brackets, which are taken away.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public (string Host, int Port) HostAndPort() =>
        TrySplit(Place, out var host, out var port) ? (host, port) : throw new FormatException("a host and a port from 1 to 65535 belong there");

    /// <summary>Splits <c>HOST:PORT</c>; an IPv6 address stands in brackets, which are taken away.</summary>
    public static bool TrySplit(string text, out string host, out int port)
    {
        var at = text.LastIndexOf(':');
        (host, port) = (at > 0 ? text[..at].Trim('[', ']') : "", 0);
        return at > 0 && int.TryParse(text[(at + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= 0xFFFF;
    }

    private static (string Before, string Behind) Split(string text, char at) =>
        text.IndexOf(at, StringComparison.Ordinal) is >= 0 and var found ? (text[..found], text[(found + 1)..]) : (text, "");
}
