using System.Text;

namespace CardIssue.Core.Cards.Products.Json;

/// <summary>A cell of a CSV file.</summary>
/// <param name="Text">What is in it, without quotes.</param>
/// <param name="Line">The line that it begins in, from 1.</param>
/// <param name="Column">The column that it begins in, from 1.</param>
internal readonly record struct CsvCell(string Text, int Line, int Column);

/// <summary>
/// Reads CSV by RFC 4180, strictly: cells are parted by one character; one in quotation marks may hold that character, line breaks and
/// doubled quotation marks; what is wrong is told and the reading goes on with the next line.
/// </summary>
internal sealed class CsvReader(LineReader lines, char separator, JsonMistakes mistakes)
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private readonly List<CsvCell> _cells = [];
    private readonly StringBuilder _text = new();

    /// <summary>The cells of the next line that is not empty; null at the end. After a mistake of this line there are none.</summary>
    public IReadOnlyList<CsvCell>? Read()
    {
        while (TryLine(out var line))
        {
            if (line is { Length: 0 }) continue;
            _cells.Clear();
            if (line is null || !TryCells(line)) _cells.Clear();
            return _cells;
        }
        return null;
    }

    private bool TryLine(out string? line)
    {
        line = null;
        if (!lines.TryRead(out var bytes)) return false;
        if (lines.IsTooLong) mistakes.Add(Place(1), $"The line is longer than {LineReader.MaxLine} bytes.");
        else
        {
            try
            {
                line = Strict.GetString(bytes);
            }
            catch (DecoderFallbackException)
            {
                var (at, column) = new LineMap(bytes, lines.Line).Of(LineMap.FirstBadByte(bytes));
                mistakes.Add(new JsonPlace(at, column, JsonPath.Root), "The file is not UTF-8 here.");
            }
        }
        return true;
    }

    private bool TryCells(string line)
    {
        for (var at = 0; ; at++)
        {
            var (first, column) = (lines.Line, at + 1);
            if (at < line.Length && line[at] == '"')
            {
                if (!TryQuoted(ref line, ref at)) return false;
            }
            else
            {
                var end = line.IndexOf(separator, at);
                var cell = end < 0 ? line[at..] : line[at..end];
                if (cell.Contains('"')) return Wrong(at + cell.IndexOf('"') + 1, "A quotation mark stands in a cell that does not begin with one.");
                _text.Clear().Append(cell);
                at += cell.Length;
            }
            _cells.Add(new CsvCell(_text.ToString(), first, column));
            if (_cells.Count > CsvMapping.MaxColumns) return Wrong(1, $"There are more than {CsvMapping.MaxColumns} cells.");
            if (at >= line.Length) return true;
        }
    }

    /// <summary>Reads a cell from its quotation mark to behind the second one, over line ends; then stands at a separator or at the line's end.</summary>
    private bool TryQuoted(ref string line, ref int at)
    {
        var (first, column) = (lines.Line, at + 1);
        _text.Clear();
        while (true)
        {
            var end = line.IndexOf('"', at + 1);
            if (end >= 0)
            {
                _text.Append(line, at + 1, end - at - 1);
                at = end + 1;
                if (at == line.Length || line[at] == separator) return true;
                if (line[at] != '"') return Wrong(at + 1, "Something stands behind a cell's second quotation mark.");
                _text.Append('"');
                continue;
            }
            _text.Append(line, at + 1, line.Length - at - 1).Append('\n');
            at = -1;
            if (_text.Length <= LineReader.MaxLine && TryLine(out var next))
            {
                if (next is null) return false;
                line = next;
                continue;
            }
            mistakes.Add(new JsonPlace(first, column, JsonPath.Root), "The cell that begins here has no second quotation mark.");
            return false;
        }
    }

    private bool Wrong(int column, string message)
    {
        mistakes.Add(Place(column), message);
        return false;
    }

    private JsonPlace Place(int column) => new(lines.Line, column, JsonPath.Root);
}
