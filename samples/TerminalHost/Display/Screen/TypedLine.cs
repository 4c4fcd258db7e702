using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using CardIssue.Core.Primitives;

namespace CardIssue.TerminalHost.Display.Screen;

/// <summary>A line that is being typed, in memory that is zeroed: it may be a code or a password.</summary>
/// <param name="isHidden">Whether only its length is shown.</param>
internal sealed class TypedLine(bool isHidden) : IDisposable
{
    /// <summary>More characters are not taken.</summary>
    public const int MaxLength = 256;

    private readonly char[] _keys = GC.AllocateArray<char>(MaxLength, pinned: true);
    private int _length;

    /// <summary>As it may be shown. A line that is not hidden is no secret.</summary>
    public string Shown => isHidden ? new string('*', _length) : new string(_keys, 0, _length);

    /// <summary>Takes a key; whether it changed anything.</summary>
    public bool Take(ConsoleKeyInfo key)
    {
        if (key.Key is ConsoleKey.Backspace && _length > 0)
        {
            _length -= _length > 1 && char.IsLowSurrogate(_keys[_length - 1]) ? 2 : 1;
            return true;
        }
        if (key.Key is ConsoleKey.Escape)
        {
            Clear();
            return true;
        }
        if (char.IsControl(key.KeyChar) || _length == MaxLength) return false;
        _keys[_length++] = key.KeyChar;
        return true;
    }

    /// <summary>It as text; not of what is hidden.</summary>
    public string ReadText() => !isHidden ? new string(_keys, 0, _length).Trim() : throw new InvalidOperationException("What is hidden is no text.");

    /// <summary>It as UTF-8; the caller disposes it.</summary>
    public SecretBytes ReadSecret()
    {
        var bytes = GC.AllocateArray<byte>(Encoding.UTF8.GetMaxByteCount(MaxLength), pinned: true);
        try
        {
            return SecretBytes.Copy(bytes.AsSpan(0, Encoding.UTF8.GetBytes(_keys.AsSpan(0, _length), bytes)));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    public void Dispose() => Clear();

    private void Clear()
    {
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(_keys.AsSpan()));
        _length = 0;
    }
}
