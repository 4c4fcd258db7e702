using System.CommandLine;
using System.Globalization;
using CardIssue.Core;
using CardIssue.TerminalHost.Counter;

namespace CardIssue.TerminalHost.Cli;

/// <summary>Which center, over which line, with which reader, and how long to wait for it.</summary>
internal sealed class ConnectionOptions
{
    private const int LongestWait = 24 * 3_600;
    private readonly Option<string?> _connect;
    private readonly Option<int?> _line, _connectTimeout, _resumeTimeout;
    private readonly Option<string?> _reader;

    public ConnectionOptions(HostSettings settings)
    {
        _connect = SettingOption.Text(settings, "--connect", "The center: HOST:PORT.");
        _line = SettingOption.Number(settings, "--line", "The number of the dedicated line, as it was agreed; only compared and shown, the center knows it by itself.", 1, int.MaxValue);
        _connectTimeout = SettingOption.Number(settings, "--connect-timeout", "Seconds to try to get access before giving up.", 1, LongestWait, 30);
        _resumeTimeout = SettingOption.Number(settings, "--resume-timeout", "Seconds to try to get a lost line back while an order is under way.", 1, LongestWait, 600);
        _reader = ReaderOption(settings);
    }

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _connect, _line, _reader, _connectTimeout, _resumeTimeout }) command.Options.Add(option);
    }

    public static Option<string?> ReaderOption(HostSettings settings) => SettingOption.Text(settings, "--reader", $"The card reader: {ReaderAddress.Form}.");

    /// <summary>The reader that was named.</summary>
    /// <exception cref="CommandException">None was, or its address is none.</exception>
    public static ReaderAddress Reader(ParseResult parsed, Option<string?> option) => parsed.GetValue(option) is { } text
        ? ReaderAddress.Parse(text)
        : throw new CommandException(ExitCode.Usage, $"No reader: give --reader {ReaderAddress.Form}, or set \"reader\" in {HostSettings.FileName}.");

    public bool HasCenter(ParseResult parsed) => parsed.GetValue(_connect) is not null;

    public bool HasReader(ParseResult parsed) => parsed.GetValue(_reader) is not null;

    public ReaderAddress Reader(ParseResult parsed) => Reader(parsed, _reader);

    /// <summary>The line that was named.</summary>
    /// <exception cref="CommandException">None was, or its address is none.</exception>
    public LineAddress Line(ParseResult parsed)
    {
        if (parsed.GetValue(_connect) is not { } text)
            throw new CommandException(ExitCode.Usage, $"No center: give --connect HOST:PORT, or set \"connect\" in {HostSettings.FileName}.");
        var split = text.LastIndexOf(':');
        if (split < 1 || !int.TryParse(text[(split + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > 0xFFFF)
            throw new CommandException(ExitCode.Usage, $"--connect {text}: a center is HOST:PORT, with a port from 1 to 65535.");
        return new LineAddress(text[..split].Trim('[', ']'), port, parsed.GetValue(_line) is { } line ? new LineNumber(line) : null,
            TimeSpan.FromSeconds(parsed.GetRequiredValue(_connectTimeout)!.Value), TimeSpan.FromSeconds(parsed.GetRequiredValue(_resumeTimeout)!.Value));
    }
}
