using System.Text;
using System.Threading.Channels;
using Spectre.Console;

namespace CardIssue.TerminalHost.Display.Screen;

/// <summary>
/// The console, with a screen of its own: what was there before is there again afterwards. One thread reads keys without end, so that none is
/// ever echoed between two reads; it is left behind and ends with the program.
/// </summary>
internal sealed class ConsoleScreen : ITerminalScreen
{
    private const string Enter = "\e[?1049h\e[2J", Leave = "\e[?25h\e[?1049l";

    // Where the terminal knows it (mode 2026), a frame appears at once; others pass over it.
    private const string Begin = "\e[?2026h\e[?25l", End = "\e[?25h\e[?2026l";

    private readonly Channel<ConsoleKeyInfo> _keys = Channel.CreateBounded<ConsoleKeyInfo>(new BoundedChannelOptions(1_024) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly ColorSystem _colours = AnsiConsole.Profile.Capabilities.ColorSystem;
    private readonly bool _unicode = ShowsUnicode();
    private readonly Stream _output = Console.OpenStandardOutput();
    private readonly Encoding _encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
    private readonly bool _lines;
    private bool _isLeft;

    /// <summary>Takes the console.</summary>
    /// <param name="ascii">Whether lines are drawn with ASCII also where there is more.</param>
    public ConsoleScreen(bool ascii)
    {
        _lines = _unicode && !ascii;
        Console.TreatControlCAsInput = true;
        Write(Enter);
        // Also when it ends by a signal or a bug.
        AppDomain.CurrentDomain.ProcessExit += OnExit;
        new Thread(Read) { IsBackground = true, Name = "keys" }.Start();
    }

    /// <summary>Whether there is a terminal that such a screen can be on.</summary>
    public static bool IsThere => !Console.IsInputRedirected && !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Ansi
        && Environment.GetEnvironmentVariable("TERM") is not "dumb";

    /// <summary>Whether it shows more than ASCII: its locale says so.</summary>
    public static bool ShowsUnicode()
    {
        if (OperatingSystem.IsWindows()) return AnsiConsole.Profile.Capabilities.Unicode;
        var locale = new[] { "LC_ALL", "LC_CTYPE", "LANG" }.Select(Environment.GetEnvironmentVariable).FirstOrDefault(value => value is { Length: > 0 }) ?? "";
        return locale.Replace("-", "", StringComparison.Ordinal).EndsWith("UTF8", StringComparison.OrdinalIgnoreCase);
    }

    public ChannelReader<ConsoleKeyInfo> Keys => _keys.Reader;

    public Surface Surface => new(Math.Max(1, Console.WindowWidth), Math.Max(1, Console.WindowHeight), _unicode, _lines, _colours);

    public void Show(CounterFrame frame) => Write(Painted(frame));

    /// <summary>
    /// What is written for a frame. A row is erased before it is written: behind one that fills its row the cursor still stands on the last
    /// character, which xterm and others would erase with the rest.
    /// </summary>
    internal static string Painted(CounterFrame frame)
    {
        var text = new StringBuilder(Begin);
        for (var row = 0; row < frame.Rows.Count; row++)
            text.Append($"\e[{row + 1};1H\e[0m{(row == frame.Rows.Count - 1 ? "\e[J" : "\e[K")}").Append(frame.Rows[row]).Append("\e[0m");
        return text.Append($"\e[{frame.CursorRow + 1};{frame.CursorColumn + 1}H").Append(End).ToString();
    }

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        if (_isLeft) return;
        _isLeft = true;
        Write(Leave);
        Console.TreatControlCAsInput = false;
    }

    private void OnExit(object? sender, EventArgs e) => Dispose();

    private void Write(string text)
    {
        try
        {
            _output.Write(_encoding.GetBytes(text));
            _output.Flush();
        }
        catch (IOException)
        {
            // The terminal is gone; so are its keys, which ends the work in order.
            _keys.Writer.TryComplete();
        }
    }

    private void Read()
    {
        try
        {
            while (true) _keys.Writer.TryWrite(Console.ReadKey(intercept: true));
        }
        catch (Exception e) when (e is InvalidOperationException or IOException)
        {
            _keys.Writer.TryComplete();
        }
    }
}
