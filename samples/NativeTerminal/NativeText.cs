using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using CardIssue.Core.Primitives;

namespace CardIssue.NativeTerminal;

/// <summary>Texts as C has them: UTF-8 with a NUL behind it, in memory of the program's.</summary>
internal static unsafe class NativeText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>A text that must be there.</summary>
    /// <exception cref="CommandException">It is not, or is no UTF-8.</exception>
    public static string Read(byte* text, string name) =>
        Find(text, name) ?? throw new CommandException(ExitCode.Usage, $"{name} is missing.");

    /// <summary>A text, or null.</summary>
    /// <exception cref="CommandException">It is no UTF-8.</exception>
    public static string? Find(byte* text, string name)
    {
        if (text is null) return null;
        try
        {
            return Strict.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));
        }
        catch (DecoderFallbackException)
        {
            throw new CommandException(ExitCode.Usage, $"{name} is not UTF-8.");
        }
    }

    /// <summary>A secret, copied; the caller disposes it.</summary>
    /// <exception cref="CommandException">It is missing.</exception>
    public static SecretBytes ReadSecret(byte* text, string name) => text is null
        ? throw new CommandException(ExitCode.Usage, $"{name} is missing.")
        : SecretBytes.Copy(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));

    /// <summary>Writes a text and its NUL; what does not fit is cut between two characters.</summary>
    /// <returns>The whole text's length in bytes, without the NUL.</returns>
    public static int Write(string? text, byte* place, int length)
    {
        text ??= "";
        if (length > 0)
        {
            Utf8.FromUtf16(text, new Span<byte>(place, length - 1), out _, out var written);
            place[written] = 0;
        }
        return Encoding.UTF8.GetByteCount(text);
    }
}
