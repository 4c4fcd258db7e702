using System.Globalization;
using System.Net;
using CardIssue.Center.Terminals;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Serving;

/// <summary>Lines as an operator writes them: <c>tls:127.0.0.1:7001</c>, and <c>1=tls:127.0.0.1:7001</c> where the number is with it.</summary>
internal static class LineText
{
    /// <summary>The forms, for help and messages.</summary>
    public const string Form = $"tls:ADDRESS:PORT, serial-tls:{SerialPlace.Form}, or without TLS tcp:ADDRESS:PORT, serial:{SerialPlace.Form}; behind it {ResultsMark}N for the data half of a split line, whose results come on line N";

    private const string ResultsMark = ";results=";

    /// <summary>Reads <c>N=WHERE</c>.</summary>
    /// <param name="text">The line.</param>
    /// <param name="withoutTls">Whether a line without TLS was asked for in so many words.</param>
    /// <exception cref="CommandException">It is none.</exception>
    public static LineRecord Parse(string text, bool withoutTls)
    {
        var parts = text.Split('=', 2);
        return parts.Length == 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? Parse(number, parts[1], withoutTls)
            : throw Bad($"{text} is no line; it looks like 1=tls:127.0.0.1:7001.");
    }

    /// <summary>Reads where a line comes in.</summary>
    /// <exception cref="CommandException">It is none, or one without TLS that was not asked for.</exception>
    public static LineRecord Parse(int number, string where, bool withoutTls)
    {
        if (number < 1) throw Bad("Line numbers start at 1.");
        try
        {
            var (place, results) = SplitResults(where);
            if (results?.Value == number) throw new FormatException("the results of a split line come on another line");
            var address = AddressText.Parse(place);
            var kind = KindOf(address.Scheme);
            var line = new LineRecord(
                new LineNumber(number), kind, kind is LineKind.Tls or LineKind.Tcp ? EndPoint(address.Only().Place).ToString() : SerialPlace.Of(address).ToString(), results);
            return IsWithoutTls(kind) && !withoutTls
                ? throw Bad($"{where} is a line without TLS: each message carries a counter and a MAC, but whoever hears the line hears the messages' fields. If it is so guarded, ask for it with --without-tls; otherwise write {TlsOf(address.Scheme)}:….")
                : line;
        }
        catch (FormatException e)
        {
            throw Bad($"{where} is no place where a line comes in: {e.Message}. Such a place is {Form} (port 0: any).");
        }
    }

    /// <summary>Whether messages of such a line are only counted and authenticated.</summary>
    public static bool IsWithoutTls(LineKind kind) => kind is LineKind.Tcp or LineKind.Serial;

    /// <summary>As it is written.</summary>
    public static string Of(LineRecord line) => $"{PlaceOf(line)}{(line.Results is { } results ? $"{ResultsMark}{results}" : "")}";

    /// <summary>Puts the number of the results' line behind a place, unless it is null.</summary>
    public static string With(string where, int? results) => results is { } number ? string.Create(CultureInfo.InvariantCulture, $"{where}{ResultsMark}{number}") : where;

    /// <summary>The serial port of a line that has one.</summary>
    /// <exception cref="FormatException">What is stored is none.</exception>
    public static SerialPlace SerialOf(LineRecord line) => SerialPlace.Of(AddressText.Parse(PlaceOf(line)));

    private static string PlaceOf(LineRecord line) => $"{SchemeOf(line.Kind)}:{line.Listen}";

    private static (string Place, LineNumber? Results) SplitResults(string where)
    {
        var at = where.IndexOf(ResultsMark, StringComparison.Ordinal);
        if (at < 0) return (where, null);
        return int.TryParse(where[(at + ResultsMark.Length)..], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1
            ? (where[..at], new LineNumber(number))
            : throw new FormatException($"{ResultsMark} is followed by the number of one other line");
    }

    private static LineKind KindOf(string scheme) => scheme switch
    {
        "tls" => LineKind.Tls,
        "tcp" => LineKind.Tcp,
        "serial" => LineKind.Serial,
        "serial-tls" => LineKind.SerialTls,
        _ => throw new FormatException("it is not of that form"),
    };

    private static string SchemeOf(LineKind kind) => kind switch
    {
        LineKind.Tls => "tls",
        LineKind.Tcp => "tcp",
        LineKind.Serial => "serial",
        LineKind.SerialTls => "serial-tls",
    };

    private static string TlsOf(string scheme) => scheme is "tcp" ? "tls" : "serial-tls";

    private static IPEndPoint EndPoint(string text) =>
        ListenPlace.TryRead(text, out var place)
            ? place
            : throw new FormatException("an IP address and a port belong there, such as 127.0.0.1:7001 or [::1]:7001");

    private static CommandException Bad(string message) => new(ExitCode.Usage, message);
}
