using System.CommandLine;
using CardIssue.TerminalHost.Display;
using CardIssue.TerminalHost.Printing;

namespace CardIssue.TerminalHost.Cli;

/// <summary>What a counter has besides line and reader: the language of who works there, and where receipts go.</summary>
internal sealed class CounterOptions
{
    private readonly Option<string?> _language, _printer, _receipts;

    public CounterOptions(HostSettings settings)
    {
        _language = SettingOption.Text(settings, "--language", "What the operator reads, and receipts are headed in: en or ja.", "en");
        _printer = SettingOption.Text(settings, "--printer", $"The receipt printer (ESC/POS): {PrinterAddress.Form}.");
        _receipts = SettingOption.Text(settings, "--receipt-file", "A file that each receipt is added to, in UTF-8.");
    }

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _language, _printer, _receipts }) command.Options.Add(option);
    }

    /// <summary>The operator's language.</summary>
    /// <exception cref="CommandException">It is none that there is.</exception>
    public Language Language(ParseResult parsed) => parsed.GetValue(_language) switch
    {
        "en" => Display.Language.English,
        "ja" => Display.Language.Japanese,
        var other => throw new CommandException(ExitCode.Usage, $"{_language.Name} {other}: it is en or ja."),
    };

    /// <summary>Where receipts go.</summary>
    /// <exception cref="CommandException">The printer's address is none.</exception>
    public ReceiptDesk Receipts(ParseResult parsed)
    {
        var (language, file) = (Language(parsed), parsed.GetValue(_receipts));
        var printer = parsed.GetValue(_printer) is { } address ? PrinterAddress.Parse(_printer.Name, address).Open(language) : null;
        return new ReceiptDesk(language, printer, file is null ? null : new ReceiptFile(Path.GetFullPath(file)));
    }
}
