using CardIssue.TerminalHost.Cli;

namespace CardIssue.TerminalHost.Counter;

/// <summary>A way to the center as the command line names it: <c>HOST:PORT</c> or <c>tls:HOST:PORT</c>, <c>tcp:HOST:PORT</c>, <c>serial-tls:DEVICE</c>, <c>serial:DEVICE</c>.</summary>
/// <param name="Text">As it was written.</param>
/// <param name="HasTls">Whether TLS guards it; otherwise each message carries a counter and a MAC.</param>
/// <param name="Tcp">Host and port, or null for a serial port.</param>
/// <param name="Serial">The serial port, or null for TCP.</param>
internal sealed record WayAddress(string Text, bool HasTls, (string Host, int Port)? Tcp, SerialPlace? Serial)
{
    /// <summary>The forms, for help and messages.</summary>
    public const string Form = $"HOST:PORT or tls:HOST:PORT (TLS), serial-tls:{SerialPlace.Form}, or without TLS tcp:HOST:PORT, serial:{SerialPlace.Form}";

    /// <summary>Parses the ways to a center's hosts, with commas between.</summary>
    /// <exception cref="CommandException">One is none, or stands twice; or some are with TLS and some without: who could block the ones would choose the others.</exception>
    public static IReadOnlyList<WayAddress> ParseAll(string option, string text)
    {
        IReadOnlyList<WayAddress> ways = [.. text.Split(',', StringSplitOptions.TrimEntries).Select(way => Parse(option, way))];
        if (ways.Distinct().Count() < ways.Count) throw new CommandException(ExitCode.Usage, $"{option} {text}: one way stands twice.");
        return ways.All(way => way.HasTls == ways[0].HasTls)
            ? ways
            : throw new CommandException(ExitCode.Usage, $"{option} {text}: the ways to one center are all with TLS, or all without.");
    }

    /// <summary>Parses a way.</summary>
    /// <exception cref="CommandException">It is none.</exception>
    public static WayAddress Parse(string option, string text)
    {
        try
        {
            var address = AddressText.Parse(text);
            return address.Scheme switch
            {
                "tls" or "tcp" => new WayAddress(text, address.Scheme is "tls", address.Only().HostAndPort(), null),
                "serial-tls" or "serial" => new WayAddress(text, address.Scheme is "serial-tls", null, SerialPlace.Of(address)),
                _ => new WayAddress(text, true, AddressText.Parse($"tls:{text}").Only().HostAndPort(), null),
            };
        }
        catch (FormatException e)
        {
            throw new CommandException(ExitCode.Usage, $"{option} {text}: {e.Message}. The way to the center is {Form}.");
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Text;
}
