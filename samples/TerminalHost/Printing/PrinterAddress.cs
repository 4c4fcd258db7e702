using System.Globalization;
using CardIssue.TerminalHost.Cli;
using CardIssue.TerminalHost.Display;

namespace CardIssue.TerminalHost.Printing;

/// <summary>Names a receipt printer on the command line.</summary>
/// <param name="Text">As it was written.</param>
/// <param name="Port">How it is reached.</param>
/// <param name="Columns">Columns on its paper.</param>
/// <param name="Characters">What its font has; null for what the language needs.</param>
/// <param name="Cuts">Whether it cuts the paper.</param>
internal sealed record PrinterAddress(string Text, PrinterPort Port, int Columns, PrinterCharacters? Characters, bool Cuts)
{
    public const string Form = "serial:DEVICE[?baud=9600&flow=none|rtscts] or tcp:HOST:PORT, and behind the ? also columns=32|42|48, text=latin|japanese, cut=yes|no";

    private const int Usual = 42;

    /// <summary>Parses an address.</summary>
    /// <exception cref="CommandException">It is none.</exception>
    public static PrinterAddress Parse(string option, string text)
    {
        try
        {
            var address = AddressText.Parse(text);
            return new PrinterAddress(text, PortOf(address), ColumnsOf(address), CharactersOf(address), address.Find("cut") switch
            {
                null or "yes" => true,
                "no" => false,
                _ => throw new FormatException("cut is yes or no"),
            });
        }
        catch (FormatException e)
        {
            throw new CommandException(ExitCode.Usage, $"{option} {text}: {e.Message}. A printer is {Form}.");
        }
    }

    /// <summary>The printer for a language's receipts.</summary>
    public EscPosPrinter Open(Language language) => new(Port, new EscPos(Columns, Characters ?? language switch
    {
        Language.English => PrinterCharacters.Latin,
        Language.Japanese => PrinterCharacters.Japanese,
    }, Cuts), TimeProvider.System);

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static PrinterPort PortOf(AddressText address)
    {
        if (address.Scheme is "serial")
        {
            address.Only("baud", "flow", "columns", "text", "cut");
            // The line's own settings are read by the one who knows them.
            var line = address with { Settings = address.Settings.Where(setting => setting.Key is "baud" or "flow").ToDictionary() };
            return PrinterPort.Serial(SerialPlace.Of(line));
        }
        if (address.Scheme is not "tcp") throw new FormatException("it is not of that form");
        var (host, port) = address.Only("columns", "text", "cut").HostAndPort();
        return PrinterPort.Tcp(host, port);
    }

    private static int ColumnsOf(AddressText address) => address.Find("columns") is not { } text ? Usual
        : text is "32" or "42" or "48" ? int.Parse(text, CultureInfo.InvariantCulture)
        : throw new FormatException("columns is 32, 42 or 48");

    private static PrinterCharacters? CharactersOf(AddressText address) => address.Find("text") switch
    {
        null => null,
        "latin" => PrinterCharacters.Latin,
        "japanese" => PrinterCharacters.Japanese,
        _ => throw new FormatException("text is latin or japanese"),
    };
}
