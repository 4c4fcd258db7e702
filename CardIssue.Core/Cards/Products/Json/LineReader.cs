namespace CardIssue.Core.Cards.Products.Json;

/// <summary>Reads a stream line by line; a line ends with LF or CR LF, the last one need not. It holds one line, not the stream.</summary>
internal sealed class LineReader(Stream stream)
{
    /// <summary>The longest line, in bytes.</summary>
    public const int MaxLine = 1024 * 1024;

    private const int Chunk = 64 * 1024;

    private byte[] _bytes = new byte[Chunk];
    private int _from, _to;
    private bool _isOver;

    /// <summary>The number of the line that was read last, from 1.</summary>
    public int Line { get; private set; }

    /// <summary>Whether the line that was read last is longer than <see cref="MaxLine"/>; what was read of it is its beginning.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>The next line without its end; good until the next call.</summary>
    /// <returns>False at the end of the stream.</returns>
    public bool TryRead(out ReadOnlySpan<byte> line)
    {
        IsTooLong = false;
        if (!TryFind(out var end, out var next))
        {
            line = default;
            return false;
        }
        Line++;
        line = _bytes.AsSpan(_from, end - _from);
        if (line.EndsWith("\r"u8)) line = line[..^1];
        // Windows' editors put a byte order mark in front.
        if (Line == 1 && line.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF])) line = line[3..];
        _from = next;
        if (IsTooLong) SkipLine();
        return true;
    }

    private bool TryFind(out int end, out int next)
    {
        var looked = 0;
        while (true)
        {
            var found = _bytes.AsSpan(_from + looked, _to - _from - looked).IndexOf((byte)'\n');
            (end, next) = (_from + looked + found, _from + looked + found + 1);
            if (found >= 0) return true;
            looked = _to - _from;
            IsTooLong = looked > MaxLine;
            if (IsTooLong || _isOver)
            {
                (end, next) = (_to, _to);
                return looked > 0;
            }
            Fill();
        }
    }

    private void Fill()
    {
        if (_from > 0)
        {
            _bytes.AsSpan(_from, _to - _from).CopyTo(_bytes);
            _bytes.AsSpan(_to - _from, _from).Clear();
            (_from, _to) = (0, _to - _from);
        }
        if (_to == _bytes.Length)
        {
            var longer = new byte[_bytes.Length * 2];
            _bytes.CopyTo(longer, 0);
            Array.Clear(_bytes);
            _bytes = longer;
        }
        var read = stream.Read(_bytes, _to, _bytes.Length - _to);
        _isOver = read == 0;
        _to += read;
    }

    private void SkipLine()
    {
        // The beginning, which the caller still reads, stays in front; the rest goes through a buffer of its own.
        var rest = new byte[Chunk];
        while (!_isOver)
        {
            var read = stream.Read(rest);
            _isOver = read == 0;
            var end = rest.AsSpan(0, read).IndexOf((byte)'\n');
            if (end < 0) continue;
            var kept = rest.AsSpan(end + 1, read - end - 1);
            if (_bytes.Length - _to < kept.Length) Array.Resize(ref _bytes, _to + kept.Length);
            kept.CopyTo(_bytes.AsSpan(_to));
            _to += kept.Length;
            break;
        }
        Array.Clear(rest);
    }

    /// <summary>Zeroes what was read.</summary>
    public void Clear() => Array.Clear(_bytes);
}
