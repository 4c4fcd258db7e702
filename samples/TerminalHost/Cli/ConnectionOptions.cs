using System.CommandLine;
using CardIssue.Core.Primitives;
using CardIssue.TerminalHost.Counter;

namespace CardIssue.TerminalHost.Cli;

/// <summary>Which center, over which line, with which reader, and how long to wait for it.</summary>
internal sealed class ConnectionOptions
{
    private const int LongestWait = 24 * 3_600, LongestRenewal = 365 * TerminalCertificate.Years / 2;
    private readonly Option<string?> _connect, _results;
    private readonly Option<int?> _line, _connectTimeout, _resumeTimeout;
    private readonly Option<string?> _reader, _sam;
    private readonly Option<int?> _renewBefore;

    public ConnectionOptions(HostSettings settings)
    {
        _connect = SettingOption.Text(settings, "--connect", $"The way to the center: {WayAddress.Form}. Several, with commas between, are its hosts: they are tried in turn.");
        _results = SettingOption.Text(settings, "--results-connect", "A split line: the way that results go to the center, while data comes on --connect. Same forms.");
        _line = SettingOption.Number(settings, "--line", "The number of the dedicated line, as it was agreed; only compared and shown, the center knows it by itself.", 1, int.MaxValue);
        _connectTimeout = SettingOption.Number(settings, "--connect-timeout", "Seconds to try to get access before giving up.", 1, LongestWait, 30);
        _resumeTimeout = SettingOption.Number(settings, "--resume-timeout", "Seconds to try to get a lost line back while an order is under way.", 1, LongestWait, 600);
        _renewBefore = SettingOption.Number(settings, "--renew-before", "Days before the terminal's certificate runs out to renew it and the keys; 0 for never.", 0, LongestRenewal, 60);
        _reader = ReaderOption(settings);
        _sam = SettingOption.Text(settings, "--sam", "For a card reader that carries a key: the slot with its SAM. Same forms as --reader.");
    }

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _connect, _results, _line, _reader, _sam, _connectTimeout, _resumeTimeout, _renewBefore }) command.Options.Add(option);
    }

    public static Option<string?> ReaderOption(HostSettings settings) => SettingOption.Text(settings, "--reader", $"The card reader: {ReaderAddress.Form}.");

    /// <summary>The reader that was named.</summary>
    /// <exception cref="CommandException">None was, or its address is none.</exception>
    public static ReaderAddress Reader(ParseResult parsed, Option<string?> option) => parsed.GetValue(option) is { } text
        ? ReaderAddress.Parse(option.Name, text)
        : throw new CommandException(ExitCode.Usage, $"No reader: give --reader {ReaderAddress.Form}, or set \"reader\" in {HostSettings.FileName}.");

    public bool HasCenter(ParseResult parsed) => parsed.GetValue(_connect) is not null;

    public bool HasReader(ParseResult parsed) => parsed.GetValue(_reader) is not null;

    public ReaderAddress Reader(ParseResult parsed) => Reader(parsed, _reader);

    /// <summary>The slot of the SAM; null when none was named.</summary>
    /// <exception cref="CommandException">Its address is none, or the reader's own.</exception>
    public ReaderAddress? Sam(ParseResult parsed)
    {
        if (parsed.GetValue(_sam) is not { } text) return null;
        return text != parsed.GetValue(_reader)
            ? ReaderAddress.Parse(_sam.Name, text)
            : throw new CommandException(ExitCode.Usage, $"{_sam.Name} {text}: the SAM is in a slot of its own, not in the one for the customers' cards.");
    }

    /// <summary>Renews the terminal's keys in time.</summary>
    public KeyRotation Rotation(ParseResult parsed, TerminalFolder folder, LineAddress line) =>
        new(folder, line, TimeSpan.FromDays(parsed.GetRequiredValue(_renewBefore)!.Value), TimeProvider.System);

    /// <summary>The line that was named.</summary>
    /// <exception cref="CommandException">None was, or its address is none.</exception>
    public LineAddress Line(ParseResult parsed)
    {
        if (parsed.GetValue(_connect) is not { } text)
            throw new CommandException(ExitCode.Usage, $"No center: give --connect, or set \"connect\" in {HostSettings.FileName}. It is {WayAddress.Form}.");
        return new LineAddress(WayAddress.ParseAll(_connect.Name, text), parsed.GetValue(_results) is { } results ? WayAddress.ParseAll(_results.Name, results) : [],
            parsed.GetValue(_line) is { } line ? new LineNumber(line) : null,
            TimeSpan.FromSeconds(parsed.GetRequiredValue(_connectTimeout)!.Value), TimeSpan.FromSeconds(parsed.GetRequiredValue(_resumeTimeout)!.Value));
    }
}
