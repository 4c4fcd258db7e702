using System.Security.Cryptography;
using System.Text;
using CardIssue.Core;

namespace CardIssue.CenterHost.Cli;

/// <summary>Secrets from a file, from standard input, or from a prompt that shows nothing.</summary>
internal static class SecretInput
{
    /// <summary>The longest secret in bytes.</summary>
    public const int MaxLength = 4_096;

    /// <summary>Reads one secret; the end of its line is not part of it.</summary>
    /// <param name="file">A file, "-" for standard input, or null to ask.</param>
    /// <param name="prompt">What to ask.</param>
    /// <param name="otherWays">How to give it where nobody can be asked.</param>
    /// <exception cref="CommandException">There is none, it is too long, or nobody can be asked.</exception>
    public static SecretBytes Read(string? file, string prompt, string otherWays)
    {
        if (file is null) return Ask(prompt, otherWays);
        using var stream = file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);
        return ReadAll(stream, file == "-" ? "standard input" : file);
    }

    private static SecretBytes ReadAll(Stream stream, string source)
    {
        var bytes = GC.AllocateArray<byte>(MaxLength + 1, pinned: true);
        try
        {
            var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length > MaxLength) throw new CommandException(ExitCode.Usage, $"{source}: a secret has at most {MaxLength} bytes.");
            var secret = bytes.AsSpan(0, length).TrimEnd("\r\n"u8);
            return secret.IsEmpty ? throw new CommandException(ExitCode.Usage, $"{source} is empty: it should hold the secret.") : SecretBytes.Copy(secret);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private static SecretBytes Ask(string prompt, string otherWays)
    {
        if (Console.IsInputRedirected) throw new CommandException(ExitCode.Usage, $"There is nobody to ask for a secret; use {otherWays}.");
        Console.Error.Write(prompt);
        var typed = GC.AllocateArray<char>(MaxLength / 4, pinned: true);
        try
        {
            var length = ReadKeys(typed);
            Console.Error.WriteLine();
            if (length == 0) throw new CommandException(ExitCode.Usage, "Nothing was typed.");
            var bytes = GC.AllocateArray<byte>(Encoding.UTF8.GetByteCount(typed.AsSpan(0, length)), pinned: true);
            Encoding.UTF8.GetBytes(typed.AsSpan(0, length), bytes);
            return SecretBytes.Take(bytes);
        }
        finally
        {
            typed.AsSpan().Clear();
        }
    }

    private static int ReadKeys(Span<char> typed)
    {
        var length = 0;
        while (Console.ReadKey(intercept: true) is var key && key.Key != ConsoleKey.Enter)
        {
            if (key.Key == ConsoleKey.Backspace) length = Math.Max(0, length - 1);
            else if (!char.IsControl(key.KeyChar) && length < typed.Length) typed[length++] = key.KeyChar;
        }
        return length;
    }
}
