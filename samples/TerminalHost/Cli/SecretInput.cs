using System.Security.Cryptography;
using System.Text;
using CardIssue.Core;

namespace CardIssue.TerminalHost.Cli;

/// <summary>Where secrets come from: a file, a line of standard input, or a prompt without echo. Never the command line, never a string.</summary>
internal sealed class SecretInput : IDisposable
{
    /// <summary>The longest secret in bytes.</summary>
    public const int MaxLength = 1_024;

    private readonly Lazy<Stream> _standardInput = new(Console.OpenStandardInput);

    /// <summary>Whether somebody sits at a keyboard.</summary>
    public static bool CanPrompt => !Console.IsInputRedirected && !Console.IsErrorRedirected;

    /// <summary>Reads a secret.</summary>
    /// <param name="what">What it is, for the prompt and the errors.</param>
    /// <param name="source">A file's name; <c>-</c> for the next line of standard input; null for the prompt.</param>
    /// <param name="option">The option that names the file.</param>
    /// <exception cref="CommandException">There is none.</exception>
    public SecretBytes Read(string what, string? source, string option) => source switch
    {
        "-" => ReadLine(what) ?? throw new CommandException(ExitCode.Usage, $"Standard input ended where the {what} was expected."),
        null when CanPrompt => Prompt(what),
        null => throw new CommandException(ExitCode.Usage, $"No {what}: there is no keyboard to ask at; give {option} FILE, or {option} - for standard input."),
        _ => ReadFile(what, source),
    };

    /// <summary>The next line of standard input, without its end; null when there is none.</summary>
    public SecretBytes? ReadLine(string what)
    {
        var buffer = GC.AllocateArray<byte>(MaxLength, pinned: true);
        try
        {
            var length = 0;
            Span<byte> next = stackalloc byte[1];
            var any = false;
            while (_standardInput.Value.Read(next) == 1)
            {
                any = true;
                if (next[0] == '\n') break;
                if (length == MaxLength) throw TooLong(what);
                buffer[length++] = next[0];
            }
            next.Clear();
            return any ? Trimmed(buffer.AsSpan(0, length)) : null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }

    /// <summary>Asks at the keyboard, without echo.</summary>
    public static SecretBytes Prompt(string what)
    {
        var keys = GC.AllocateArray<char>(MaxLength, pinned: true);
        var bytes = GC.AllocateArray<byte>(Encoding.UTF8.GetMaxByteCount(MaxLength), pinned: true);
        try
        {
            Console.Error.Write($"{char.ToUpperInvariant(what[0])}{what[1..]}: ");
            var length = 0;
            while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
            {
                if (key.Key is ConsoleKey.Backspace) length = Math.Max(0, length - 1);
                else if (!char.IsControl(key.KeyChar) && length < MaxLength) keys[length++] = key.KeyChar;
            }
            Console.Error.WriteLine();
            return SecretBytes.Copy(bytes.AsSpan(0, Encoding.UTF8.GetBytes(keys.AsSpan(0, length), bytes)));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(System.Runtime.InteropServices.MemoryMarshal.AsBytes(keys.AsSpan()));
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    public void Dispose()
    {
        if (_standardInput.IsValueCreated) _standardInput.Value.Dispose();
    }

    private static SecretBytes ReadFile(string what, string path)
    {
        if (!File.Exists(path)) throw new CommandException(ExitCode.File, $"{path} does not exist; it should hold the {what}.");
        var buffer = GC.AllocateArray<byte>(MaxLength + 2, pinned: true);
        try
        {
            using var file = File.OpenHandle(path);
            var length = RandomAccess.Read(file, buffer, 0);
            var secret = Trimmed(buffer.AsSpan(0, length));
            if (secret.Length <= MaxLength && length < buffer.Length) return secret;
            secret.Dispose();
            throw TooLong(what);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }

    /// <summary>Editors end a file with a line end that nobody typed.</summary>
    private static SecretBytes Trimmed(ReadOnlySpan<byte> bytes) => SecretBytes.Copy(bytes.TrimEnd("\r\n"u8));

    private static CommandException TooLong(string what) => new(ExitCode.Usage, $"The {what} is longer than {MaxLength} bytes.");
}
