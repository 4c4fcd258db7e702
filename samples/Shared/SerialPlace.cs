using System.Globalization;
using CardIssue.Transport.Serial;

namespace CardIssue.CommandLine;

/// <summary>A serial port as an operator names it for a line: <c>DEVICE[?baud=N&amp;flow=none|rtscts]</c>, 8N1.</summary>
/// <param name="Device">Such as <c>/dev/ttyUSB0</c> or <c>COM3</c>.</param>
/// <param name="Baud">Bits a second; null for the default.</param>
/// <param name="RtsCts">Whether the wires RTS and CTS hold the sender back; null for the default.</param>
internal sealed record SerialPlace(string Device, int? Baud, bool? RtsCts)
{
    /// <summary>The form of it, for messages.</summary>
    public const string Form = "DEVICE[?baud=9600&flow=none|rtscts]";

    private const int Slowest = 300, Fastest = 4_000_000;

    /// <summary>Reads the place of an address and its settings.</summary>
    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static SerialPlace Of(AddressText address)
    {
        address.Only("baud", "flow");
        return new SerialPlace(address.Place, BaudOf(address), address.Find("flow") switch
        {
            null => null,
            "none" => false,
            "rtscts" => true,
            _ => throw new FormatException("flow is none or rtscts"),
        });
    }

    /// <summary>The port and the link procedure of a line.</summary>
    public SerialLineOptions ForLine()
    {
        var options = new SerialLineOptions();
        if (Baud is { } baud) options.BaudRate = baud;
        if (RtsCts is { } wires) options.RtsCts = wires;
        return options;
    }

    /// <summary>The setting <c>baud</c>, or null.</summary>
    /// <exception cref="FormatException">It is no speed.</exception>
    private static int? BaudOf(AddressText address)
    {
        if (address.Find("baud") is not { } text) return null;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var baud) && baud is >= Slowest and <= Fastest
            ? baud
            : throw new FormatException($"baud is a whole number from {Slowest} to {Fastest}");
    }

    /// <summary>As it is written.</summary>
    public override string ToString()
    {
        string?[] settings = [Baud is { } baud ? $"baud={baud.ToString(CultureInfo.InvariantCulture)}" : null, RtsCts is { } wires ? $"flow={(wires ? "rtscts" : "none")}" : null];
        var given = string.Join('&', settings.OfType<string>());
        return given is "" ? Device : $"{Device}?{given}";
    }
}
