using System.Security.Cryptography;

namespace CardIssue.TerminalHost.Service;

/// <summary>The lines of a stream, in pinned memory that is zeroed behind each of them.</summary>
internal sealed class ServiceLines(Stream stream) : IDisposable
{
    private readonly byte[] _buffer = GC.AllocateArray<byte>(ServiceRequest.MaxLine + 2, pinned: true);
    private int _read, _line;

    /// <summary>Whether the lines ended because one was too long.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>The next line without its end, until the next call; null when there is none.</summary>
    public async ValueTask<ReadOnlyMemory<byte>?> NextAsync(CancellationToken cancellation)
    {
        Drop();
        while (true)
        {
            var end = _buffer.AsSpan(0, _read).IndexOf((byte)'\n');
            if (end >= 0) _line = end + 1;
            if (end < 0 && _read <= ServiceRequest.MaxLine + 1)
            {
                var more = await stream.ReadAsync(_buffer.AsMemory(_read), cancellation).ConfigureAwait(false);
                _read += more;
                if (more > 0) continue;
                return null;
            }
            var length = end > 0 && _buffer[end - 1] == '\r' ? end - 1 : end;
            IsTooLong = length is < 0 or > ServiceRequest.MaxLine;
            // As two returns: in one expression null would be an empty memory.
            if (IsTooLong) return null;
            return _buffer.AsMemory(0, length);
        }
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(_buffer);

    /// <summary>Zeroes the line that was given out, and what it leaves behind when the rest moves up.</summary>
    private void Drop()
    {
        _buffer.AsSpan(_line, _read - _line).CopyTo(_buffer);
        CryptographicOperations.ZeroMemory(_buffer.AsSpan(_read - _line, _line));
        (_read, _line) = (_read - _line, 0);
    }
}
