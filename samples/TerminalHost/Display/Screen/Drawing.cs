using System.Text;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace CardIssue.TerminalHost.Display.Screen;

/// <summary>Draws with Spectre.Console into rows of text instead of onto the terminal: the screen has one writer.</summary>
internal sealed class Drawing
{
    private readonly Surface _surface;
    private readonly StringWriter _written = new();
    private readonly IAnsiConsole _console;

    public Drawing(Surface surface)
    {
        _surface = surface;
        _console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = surface.Colours switch
            {
                ColorSystem.NoColors => ColorSystemSupport.NoColors,
                ColorSystem.Legacy => ColorSystemSupport.Legacy,
                ColorSystem.Standard => ColorSystemSupport.Standard,
                ColorSystem.EightBit => ColorSystemSupport.EightBit,
                ColorSystem.TrueColor => ColorSystemSupport.TrueColor,
            },
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(_written),
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
        });
        _console.Profile.Width = surface.Width;
        _console.Profile.Height = surface.Height;
        _console.Profile.Capabilities.Unicode = surface.Lines;
    }

    /// <summary>The columns that a text takes.</summary>
    public static int Width(string text) => new Segment(text).CellCount();

    /// <summary>The same with fewer columns.</summary>
    public Drawing Narrower(int width) => new(_surface with { Width = width });

    /// <summary>The rows of something; the first of them where there are too many.</summary>
    public List<string> Lines(IRenderable what, int most = int.MaxValue)
    {
        _written.GetStringBuilder().Clear();
        _console.Write(what);
        var all = _written.ToString().Split('\n').Select(line => line.TrimEnd('\r')).ToList();
        if (all[^1].Length == 0) all.RemoveAt(all.Count - 1);
        var rows = all.Count > most ? all[..most] : all;
        if (!_surface.Lines) rows = [.. rows.Select(row => string.Concat(row.Select(Line)))];
        return _surface.Unicode ? rows : [.. rows.Select(Ascii)];
    }

    /// <summary>A line's sign in ASCII.</summary>
    private static char Line(char sign) => sign switch
    {
        '─' or '━' => '-',
        '│' or '┃' => '|',
        >= '┌' and <= '╋' => '+',
        _ => sign,
    };

    /// <summary>What such a terminal can't show is a question mark, as wide as what stood there.</summary>
    private static string Ascii(string row)
    {
        if (row.All(char.IsAscii)) return row;
        var ascii = new StringBuilder();
        foreach (var rune in row.EnumerateRunes()) ascii.Append(rune.IsAscii ? rune.ToString() : new string('?', Width(rune.ToString())));
        return ascii.ToString();
    }
}
