using System.Buffers;
using System.Text;

namespace CardIssue.Core.Cards.Products.Json;

/// <summary>From a byte's offset in a file to its line and column. Asked in rising order mostly, it walks on from where it was.</summary>
/// <param name="text">The text.</param>
/// <param name="first">The number of its first line.</param>
internal ref struct LineMap(ReadOnlySpan<byte> text, int first = 1)
{
    private readonly ReadOnlySpan<byte> _text = text;
    private readonly int _first = first;
    private int _line = first;
    private int _at;
    private int _column = 1;
    private int _next = NextLine(text, 0);

    /// <summary>Line and column of the byte at <paramref name="offset"/>; of the end, when it lies behind it. LF, CR LF and CR end a line.</summary>
    public (int Line, int Column) Of(int offset)
    {
        offset = Math.Min(offset, _text.Length);
        if (offset < _at) (_line, _at, _column, _next) = (_first, 0, 1, NextLine(_text, 0));
        while (_next <= offset) (_line, _at, _column, _next) = (_line + 1, _next, 1, NextLine(_text, _next));
        _column += Encoding.UTF8.GetCharCount(_text[_at..offset]);
        _at = offset;
        return (_line, _column);
    }

    /// <summary>The offset of the first byte that is no UTF-8; -1 when all is.</summary>
    public static int FirstBadByte(ReadOnlySpan<byte> text)
    {
        for (var at = 0; at < text.Length;)
        {
            if (Rune.DecodeFromUtf8(text[at..], out _, out var length) != OperationStatus.Done) return at;
            at += length;
        }
        return -1;
    }

    /// <summary>Where the line after the one with <paramref name="from"/> starts; never, in the last one.</summary>
    private static int NextLine(ReadOnlySpan<byte> text, int from)
    {
        var end = text[from..].IndexOfAny((byte)'\n', (byte)'\r');
        if (end < 0) return int.MaxValue;
        end += from;
        return text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? end + 2 : end + 1;
    }
}
