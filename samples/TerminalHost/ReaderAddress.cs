using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;
using CardIssue.Reader;
using CardIssue.Reader.PcSc;
using CardIssue.Reader.Serial;
using CardIssue.Reader.Tcp;
using CardIssue.TerminalHost.Cli;

namespace CardIssue.TerminalHost;

/// <summary>
/// Names a reader on the command line: <c>pcsc</c>, the only one that PC/SC has; <c>pcsc:NAME</c>; <c>serial:DEVICE[?baud=N]</c>, a GemPC Twin;
/// <c>tcp:HOST:PORT[?serial=…&amp;vendor=…&amp;model=…&amp;firmware=…]</c>, a simulated reader on loopback. Such a one can tell nothing of itself, so what it is
/// taken for stands in its address.
/// </summary>
/// <param name="Text">As it was written.</param>
/// <param name="Open">The reader itself; the caller disposes it.</param>
internal sealed record ReaderAddress(string Text, Func<ICardReader> Open)
{
    public const string Form = "pcsc (the only one), pcsc:NAME, serial:DEVICE[?baud=115200] (a GemPC Twin), or tcp:HOST:PORT[?serial=S&vendor=V&model=M&firmware=F] (simulated)";

    private const string Pcsc = "pcsc:";

    /// <summary>A reader of PC/SC.</summary>
    public static ReaderAddress Named(string name) => new($"{Pcsc}{name}", () => new PcscCardReader(name));

    /// <summary>Parses an address.</summary>
    /// <param name="option">Where it stood.</param>
    /// <param name="text">The address.</param>
    /// <exception cref="CommandException">It is none.</exception>
    public static ReaderAddress Parse(string option, string text)
    {
        try
        {
            if (text is "pcsc") return new ReaderAddress(text, TheOnlyOne());
            // A reader's name may have anything in it.
            if (text.StartsWith(Pcsc, StringComparison.Ordinal) && text.Length > Pcsc.Length) return Named(text[Pcsc.Length..]);
            var address = AddressText.Parse(text);
            return new ReaderAddress(text, address.Scheme switch
            {
                "serial" => Serial(address),
                "tcp" => Simulated(address),
                _ => throw new FormatException("it is not of that form"),
            });
        }
        catch (FormatException e)
        {
            throw new CommandException(ExitCode.Usage, $"{option} {text}: {e.Message}. A reader is {Form}.");
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    /// <summary>Opened again, it is the same one where that is still there, whatever was plugged in beside it.</summary>
    private static Func<ICardReader> TheOnlyOne()
    {
        string? last = null;
        return () => new PcscCardReader(last = PcscReaders.List() switch
        {
            [var name] => name,
            [] => throw new CommandException(ExitCode.Failed, "PC/SC has no reader; connect one."),
            var several when last is not null && several.Contains(last) => last,
            var several => throw new CommandException(ExitCode.Usage, $"PC/SC has {several.Count} readers: say which with --reader \"pcsc:NAME\". They are {string.Join(", ", several)}."),
        });
    }

    private static Func<ICardReader> Serial(AddressText address)
    {
        var place = SerialPlace.Of(address.Only("baud"));
        var options = place.Baud is { } baud ? new SerialReaderOptions { BaudRate = baud } : null;
        return () => new SerialCardReader(place.Device, options);
    }

    private static Func<ICardReader> Simulated(AddressText address)
    {
        var (host, port) = address.Only("serial", "vendor", "model", "firmware").HostAndPort();
        var identity = new ReaderIdentity("virtual", $"tcp://{host}:{port}",
            address.Find("vendor"), address.Find("model"), address.Find("serial"), address.Find("firmware"), $"{host}:{port}");
        return () => new TcpCardReader(host, port, identity);
    }
}
