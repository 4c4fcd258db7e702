using System.Security.Cryptography;
using CardIssue.Core.Primitives;

namespace CardIssue.TerminalHost.Service;

/// <summary>What a program must know to be let in. It is in a file that only its owner may read.</summary>
internal sealed class ServiceToken : IDisposable
{
    /// <summary>Random bytes in a new one; the file has them in hexadecimal.</summary>
    private const int RandomBytes = 32;

    private const int LeastLength = 32;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly byte[] _digest;

    private ServiceToken(SecretBytes token) => _digest = SHA256.HashData(token.Span);

    /// <summary>Reads it; makes it when there is none.</summary>
    /// <exception cref="CommandException">Others may read it, or it is too short to be one.</exception>
    public static ServiceToken Open(string path, CancellationToken cancellation)
    {
        if (!InputFile.IsThere(path)) Make(path);
        // On Windows the folder's access list decides.
        else if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~OwnerOnly) != 0)
            throw new CommandException(ExitCode.File, $"{path} is the service's token, and others than its owner may read or write it: chmod 600 it, or delete it and a new one is made.");
        using var input = new SecretInput();
        using var token = input.Read("service's token", path, "--token-file FILE", cancellation);
        return token.Length >= LeastLength
            ? new ServiceToken(token)
            : throw new CommandException(ExitCode.Usage, $"{path} is the service's token, and too short: {LeastLength} characters at least; delete it and a new one is made.");
    }

    /// <summary>Whether this is it, in a time that tells nothing of it.</summary>
    public bool Is(SecretBytes given)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(given.Span, digest);
        return CryptographicOperations.FixedTimeEquals(digest, _digest);
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(_digest);

    private static void Make(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var random = SecretBytes.Random(RandomBytes);
        using var text = SecretBytes.Create(2 * RandomBytes + 1, random, (span, bytes) =>
        {
            Convert.TryToHexStringLower(bytes.Span, span, out var length);
            span[length] = (byte)'\n';
        });
        WholeFile.Make(path, text.Span, ownerOnly: true);
    }
}
