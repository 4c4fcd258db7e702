using System.Globalization;
using CardIssue.Core.Cards;
using CardIssue.Reader;
using CardIssue.TerminalHost.Cli;

namespace CardIssue.TerminalHost;

/// <summary>
/// Names a reader on the command line: <c>tcp:HOST:PORT[?serial=…&amp;vendor=…&amp;model=…&amp;firmware=…]</c>, a simulated reader on loopback.
/// Such a reader can tell nothing of itself, so what it is taken for stands in its address.
/// </summary>
/// <param name="Host">Host name or address.</param>
/// <param name="Port">1 to 65,535.</param>
/// <param name="Identity">What the reader is taken for.</param>
internal sealed record ReaderAddress(string Host, int Port, ReaderIdentity Identity)
{
    public const string Form = "tcp:HOST:PORT[?serial=S&vendor=V&model=M&firmware=F]";
    private static readonly string[] Known = ["serial", "vendor", "model", "firmware"];

    /// <summary>Parses an address.</summary>
    /// <exception cref="CommandException">It is none.</exception>
    public static ReaderAddress Parse(string text)
    {
        var (address, query) = text.IndexOf('?', StringComparison.Ordinal) is >= 0 and var at ? (text[..at], text[(at + 1)..]) : (text, "");
        var split = address.LastIndexOf(':');
        if (!address.StartsWith("tcp:", StringComparison.Ordinal) || split <= 4
            || !int.TryParse(address[(split + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > 0xFFFF)
            throw Wrong(text, "it is not of that form");
        var host = address[4..split];
        var told = query.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(pair => Pair(text, pair)).ToLookup(p => p.Name, p => p.Value);
        if (told.Any(values => values.Count() > 1)) throw Wrong(text, "something stands twice");
        var identity = new ReaderIdentity("virtual", $"tcp://{host}:{port}",
            told["vendor"].SingleOrDefault(), told["model"].SingleOrDefault(), told["serial"].SingleOrDefault(), told["firmware"].SingleOrDefault(), $"{host}:{port}");
        return new ReaderAddress(host, port, identity);
    }

    /// <summary>The reader itself; nothing is connected yet.</summary>
    public ICardReader Open() => new TcpCardReader(Host, Port, Identity);

    private static (string Name, string Value) Pair(string text, string pair)
    {
        var split = pair.Split('=', 2);
        if (split.Length != 2 || split[1].Length == 0 || !Known.Contains(split[0])) throw Wrong(text, $"\"{pair}\" is not one of {string.Join(", ", Known)} with a value");
        return (split[0], Uri.UnescapeDataString(split[1]));
    }

    private static CommandException Wrong(string text, string why) => new(ExitCode.Usage, $"--reader {text}: a reader is {Form}; {why}.");
}
