using System.Security.Cryptography;
using System.Text;
using CardIssue.Core.Primitives;

namespace CardIssue.CommandLine;

/// <summary>Where secrets come from: a file or pipe, a line of standard input, or a prompt without echo. Never the command line, never a string.</summary>
internal sealed class SecretInput : IDisposable
{
    /// <summary>The longest secret in bytes.</summary>
    public const int MaxLength = 4_096;

    private readonly Lazy<Stream> _standardInput = new(Console.OpenStandardInput);

    /// <summary>Whether somebody sits at a keyboard.</summary>
    public static bool CanPrompt => !Console.IsInputRedirected && !Console.IsErrorRedirected;

    /// <summary>Reads a secret.</summary>
    /// <param name="what">What it is, for the prompt and the errors.</param>
    /// <param name="source">A file's name; <c>-</c> for the next line of standard input; null for the prompt.</param>
    /// <param name="otherWays">How to give it where nobody can be asked.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="CommandException">There is none, or it is empty or too long.</exception>
    public SecretBytes Read(string what, string? source, string otherWays, CancellationToken cancellation) => Left(() => source switch
    {
        "-" => Filled(ReadLine(what) ?? throw new CommandException(ExitCode.Usage, $"Standard input ended where the {what} was expected."), what, "standard input"),
        null when CanPrompt => Filled(Prompt(what), what, "what was typed"),
        null => throw new CommandException(ExitCode.Usage, $"No {what}: there is no keyboard to ask at; give {otherWays}."),
        _ => Filled(ReadFile(what, source), what, source),
    }, cancellation);

    /// <summary>Reads a secret that is new; typed, it is asked for twice.</summary>
    /// <exception cref="CommandException">There is none, or the two differ.</exception>
    public SecretBytes ReadNew(string what, string? source, string otherWays, CancellationToken cancellation)
    {
        var secret = Read(what, source, otherWays, cancellation);
        if (source is not null) return secret;
        using var again = Left(() => Prompt($"{what}, once more"), cancellation);
        if (secret.FixedTimeEquals(again.Span)) return secret;
        secret.Dispose();
        throw new CommandException(ExitCode.Usage, $"The {what} was typed differently the second time; nothing was made. Try again.");
    }

    /// <summary>The next line of standard input, without its end; null when there is none.</summary>
    /// <returns>False when it is longer than <see cref="MaxLength"/>; it is passed over then.</returns>
    public bool TryReadLine(out SecretBytes? line)
    {
        var buffer = GC.AllocateArray<byte>(MaxLength, pinned: true);
        try
        {
            var length = 0;
            Span<byte> next = stackalloc byte[1];
            var (any, fits) = (false, true);
            while (_standardInput.Value.Read(next) == 1)
            {
                any = true;
                if (next[0] == '\n') break;
                if (length < MaxLength) buffer[length++] = next[0];
                else fits = false;
            }
            next.Clear();
            line = any && fits ? Trimmed(buffer.AsSpan(0, length)) : null;
            return fits;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }

    /// <summary>Asks at the keyboard, without echo.</summary>
    /// <exception cref="CommandException">The keyboard is gone.</exception>
    public static SecretBytes Prompt(string what)
    {
        var keys = GC.AllocateArray<char>(MaxLength, pinned: true);
        var bytes = GC.AllocateArray<byte>(Encoding.UTF8.GetMaxByteCount(MaxLength), pinned: true);
        try
        {
            Console.Error.Write($"{char.ToUpperInvariant(what[0])}{what[1..]}: ");
            var length = ReadKeys(keys);
            Console.Error.WriteLine();
            return SecretBytes.Copy(bytes.AsSpan(0, Encoding.UTF8.GetBytes(keys.AsSpan(0, length), bytes)));
        }
        catch (InvalidOperationException e)
        {
            throw new CommandException(ExitCode.Usage, $"No {what}: the keyboard is gone.", e);
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

    /// <summary>Reading a keyboard or a pipe can't be cancelled: the read is left behind, and ends with the program.</summary>
    private static SecretBytes Left(Func<SecretBytes> read, CancellationToken cancellation) =>
        Task.Run(read, cancellation).WaitAsync(cancellation).GetAwaiter().GetResult();

    private SecretBytes? ReadLine(string what) => TryReadLine(out var line) ? line : throw TooLong(what);

    private static int ReadKeys(char[] keys)
    {
        var length = 0;
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key is ConsoleKey.Backspace) length = Math.Max(0, length - 1);
            else if (!char.IsControl(key.KeyChar) && length < keys.Length) keys[length++] = key.KeyChar;
        }
        return length;
    }

    private static SecretBytes ReadFile(string what, string path)
    {
        var buffer = GC.AllocateArray<byte>(MaxLength + 2, pinned: true);
        try
        {
            using var file = InputFile.Open(path);
            var length = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
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

    private static SecretBytes Filled(SecretBytes secret, string what, string source)
    {
        if (secret.Length > 0) return secret;
        secret.Dispose();
        throw new CommandException(ExitCode.Usage, $"The {what} is empty ({source}).");
    }

    /// <summary>Editors end a file with a line end that nobody typed.</summary>
    private static SecretBytes Trimmed(ReadOnlySpan<byte> bytes) => SecretBytes.Copy(bytes.TrimEnd("\r\n"u8));

    private static CommandException TooLong(string what) => new(ExitCode.Usage, $"The {what} is longer than {MaxLength} bytes.");
}
