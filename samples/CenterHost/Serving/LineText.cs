using System.Globalization;
using System.Net;
using CardIssue.Center.Terminals;
using CardIssue.CenterHost.Cli;
using CardIssue.Core;

namespace CardIssue.CenterHost.Serving;

/// <summary>Lines as an operator writes them: <c>tls:127.0.0.1:7001</c>, and <c>1=tls:127.0.0.1:7001</c> where the number is with it.</summary>
internal static class LineText
{
    /// <summary>Reads <c>N=tls:ADDRESS:PORT</c>.</summary>
    /// <exception cref="CommandException">It is none.</exception>
    public static LineRecord Parse(string text)
    {
        var parts = text.Split('=', 2);
        return parts.Length == 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? Parse(number, parts[1])
            : throw Bad($"{text} is no line; it looks like 1=tls:127.0.0.1:7001.");
    }

    /// <summary>Reads <c>tls:ADDRESS:PORT</c>. A line without TLS needs a MAC on every message, which is not there yet, so none can be configured.</summary>
    /// <exception cref="CommandException">It is none.</exception>
    public static LineRecord Parse(int number, string listen)
    {
        if (number < 1) throw Bad("Line numbers start at 1.");
        var parts = listen.Split(':', 2);
        LineKind? kind = parts[0] switch { "tls" => LineKind.Tls, _ => null };
        if (kind is null || parts.Length < 2 || !TryEndPoint(parts[1], out var place))
            throw Bad($"{listen} is no place to listen; it looks like tls:127.0.0.1:7001 or tls:[::1]:7001 (port 0: any).");
        return new LineRecord(new LineNumber(number), kind.Value, place.ToString());
    }

    public static string Of(LineRecord line) => $"{(line.Kind is LineKind.Tls ? "tls" : line.Kind.ToString())}:{line.Listen}";

    private static bool TryEndPoint(string text, out IPEndPoint place) =>
        IPEndPoint.TryParse(text, out place!) && text.LastIndexOf(':') > text.LastIndexOf(']') && text.Contains(place.Port.ToString(CultureInfo.InvariantCulture));

    private static CommandException Bad(string message) => new(ExitCode.Usage, message);
}
