using System.Security.Cryptography;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Crypto;

/// <summary>What a passphrase file holds; one kind is never taken for another.</summary>
internal enum PassphraseFileKind : byte
{
    /// <summary>A center's vault.</summary>
    CenterVault = 1,
    /// <summary>A terminal's software module.</summary>
    SoftwareModule = 2,
}

/// <summary>
/// Bytes sealed under a passphrase: Argon2id (RFC 9106) makes the key, AES-256-GCM seals, the header is authenticated. Layout: <see cref="PassphraseHeader"/>, ciphertext, tag (16).
/// Written to a temporary file first, flushed, then renamed over the old one; readable by the owner alone. The derived key stays in memory until this is disposed,
/// so that the content can be replaced. Several processes may have it open: one at a time replaces it, and only what it has read (<see cref="HeldFile"/>,
/// in a file <c>.lock</c> beside it). Not for several threads.
/// </summary>
internal sealed class PassphraseFile : IDisposable
{
    /// <summary>The largest file in bytes.</summary>
    public const int MaxLength = 4 * 1_024 * 1_024;

    /// <summary>The shortest passphrase in bytes of UTF-8.</summary>
    public const int MinPassphrase = 8;

    private const int TagLength = 16;

    /// <summary>How long others may take over replacing it: each reads it, writes it and has the disk flushed.</summary>
    private static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(5);

    private readonly string _path;
    private SecretBytes _key;
    private PassphraseHeader _header;

    private PassphraseFile(string path, PassphraseHeader header, SecretBytes key) => (_path, _header, _key) = (path, header, key);

    /// <summary>Makes a new file; an existing one is never overwritten.</summary>
    /// <param name="path">Where.</param>
    /// <param name="kind">What it holds.</param>
    /// <param name="passphrase">UTF-8, at least <see cref="MinPassphrase"/> bytes; stays the caller's.</param>
    /// <param name="content">What to seal; the caller zeroes it.</param>
    /// <param name="cost">What guessing is to cost; null for <see cref="Argon2Cost.Default"/>.</param>
    /// <exception cref="PassphraseFileException">The file exists, or the passphrase or cost is too weak.</exception>
    /// <exception cref="IOException">It could not be written.</exception>
    public static PassphraseFile Create(string path, PassphraseFileKind kind, SecretBytes passphrase, ReadOnlySpan<byte> content, Argon2Cost? cost = null)
    {
        ArgumentNullException.ThrowIfNull(passphrase);
        if (File.Exists(path)) throw new PassphraseFileException(PassphraseFault.Exists, $"{path} exists already; move it away first if it is no longer needed.");
        var (header, key) = NewKey(kind, passphrase, cost ?? Argon2Cost.Default);
        var file = new PassphraseFile(path, header, key);
        try
        {
            file.Write(header, key, content, overwrite: false);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Opens a file.</summary>
    /// <param name="path">Where.</param>
    /// <param name="kind">What it must hold.</param>
    /// <param name="passphrase">UTF-8; stays the caller's.</param>
    /// <param name="content">What was sealed; the caller disposes it.</param>
    /// <exception cref="PassphraseFileException">Missing, no such file, or the passphrase is wrong or the file damaged, which can't be told apart.</exception>
    public static PassphraseFile Open(string path, PassphraseFileKind kind, SecretBytes passphrase, out SecretBytes content)
    {
        ArgumentNullException.ThrowIfNull(passphrase);
        var bytes = ReadAll(path);
        if (!PassphraseHeader.TryRead(bytes, out var header, out var error)) throw new PassphraseFileException(PassphraseFault.Malformed, $"{path}: {error}");
        if (header.Kind != kind) throw new PassphraseFileException(PassphraseFault.Malformed, $"{path} holds a {header.Kind}, not a {kind}.");
        if (bytes.Length < PassphraseHeader.Length + TagLength) throw new PassphraseFileException(PassphraseFault.Malformed, $"{path} is cut short.");
        var key = header.DeriveKey(passphrase);
        if (!TryUnseal(key, header, bytes, out var unsealed))
        {
            key.Dispose();
            throw new PassphraseFileException(PassphraseFault.WrongPassphraseOrDamaged,
                $"{path} does not open: the passphrase is wrong or the file is damaged; by design the two can't be told apart. Try the passphrase again, then a backup of the file.");
        }
        content = unsealed;
        return new PassphraseFile(path, header, key);
    }

    /// <summary>Replaces the content under the same passphrase. A crash leaves the old content or the new, never a mixture.</summary>
    /// <exception cref="PassphraseFileException">Another process changed the file since it was opened.</exception>
    /// <exception cref="IOException">It could not be written; the old content stands.</exception>
    public void Replace(ReadOnlySpan<byte> content)
    {
        Span<byte> nonce = stackalloc byte[PassphraseHeader.NonceLength];
        RandomNumberGenerator.Fill(nonce);
        Put(_header with { Nonce = ByteString.Copy(nonce) }, _key, content);
    }

    /// <summary>Reads the content again, where another process has replaced it meanwhile; then this one may replace it in its turn.</summary>
    /// <param name="take">
    /// Takes what is sealed there now, which is zeroed afterwards. Where it throws, the content counts as not read: it is not replaced from here.
    /// </param>
    /// <returns>Whether it had changed.</returns>
    /// <exception cref="PassphraseFileException">It is gone, damaged, or sealed under another passphrase now; what was read before stands.</exception>
    /// <exception cref="IOException">It could not be read.</exception>
    public bool ReadChanged(Action<SecretBytes> take)
    {
        ArgumentNullException.ThrowIfNull(take);
        var bytes = ReadAll(_path);
        if (!PassphraseHeader.TryRead(bytes, out var header, out var error)) throw new PassphraseFileException(PassphraseFault.Malformed, $"{_path}: {error}");
        if (header == _header) return false;
        if (header with { Nonce = _header.Nonce } != _header)
            throw new PassphraseFileException(PassphraseFault.ChangedMeanwhile, $"{_path} has another passphrase now; what changes in it is taken when it is opened anew.");
        if (bytes.Length < PassphraseHeader.Length + TagLength || !TryUnseal(_key, header, bytes, out var content))
            throw new PassphraseFileException(PassphraseFault.WrongPassphraseOrDamaged, $"{_path} is damaged; put it back from a backup.");
        using (content) take(content);
        _header = header;
        return true;
    }

    /// <summary>Seals the content under a new passphrase; the old one opens the file no longer.</summary>
    /// <param name="passphrase">The new one, UTF-8, at least <see cref="MinPassphrase"/> bytes.</param>
    /// <param name="content">The content; the caller zeroes it.</param>
    /// <param name="cost">What guessing is to cost; null keeps what it was.</param>
    /// <exception cref="PassphraseFileException">Another process changed the file, or the passphrase or cost is too weak.</exception>
    /// <exception cref="IOException">It could not be written; the old passphrase stands.</exception>
    public void Rewrap(SecretBytes passphrase, ReadOnlySpan<byte> content, Argon2Cost? cost = null)
    {
        ArgumentNullException.ThrowIfNull(passphrase);
        var (header, key) = NewKey(_header.Kind, passphrase, cost ?? _header.Cost);
        var before = _key;
        try
        {
            Put(header, key, content);
        }
        catch
        {
            key.Dispose();
            throw;
        }
        before.Dispose();
    }

    /// <summary>Zeroes the derived key.</summary>
    public void Dispose() => _key.Dispose();

    private static (PassphraseHeader Header, SecretBytes Key) NewKey(PassphraseFileKind kind, SecretBytes passphrase, Argon2Cost cost)
    {
        if (passphrase.Length < MinPassphrase) throw new PassphraseFileException(PassphraseFault.TooWeak, $"The passphrase is too short: {MinPassphrase} bytes at least.");
        if (cost.Fault() is { } fault) throw new PassphraseFileException(PassphraseFault.TooWeak, fault);
        var header = PassphraseHeader.New(kind, cost);
        return (header, header.DeriveKey(passphrase));
    }

    private static byte[] ReadAll(string path)
    {
        try
        {
            if (Directory.Exists(path)) throw new PassphraseFileException(PassphraseFault.Malformed, $"{path} is a directory, no key file.");
            // A pipe or device, too, has no length: opening it could wait for ever.
            if (new FileInfo(path).Length == 0) throw new PassphraseFileException(PassphraseFault.Malformed, $"{path} is empty, or no plain file: no CardIssue key file.");
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            if (stream.Length > MaxLength) throw new PassphraseFileException(PassphraseFault.Malformed, $"{path} is larger than {MaxLength} bytes.");
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new PassphraseFileException(PassphraseFault.Missing, $"{path} does not exist.", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new PassphraseFileException(PassphraseFault.Unreadable, $"{path} may not be read by this user; give it the right to, or run as the file's owner.", e);
        }
    }

    private static bool TryUnseal(SecretBytes key, PassphraseHeader header, ReadOnlySpan<byte> bytes, out SecretBytes content)
    {
        var body = bytes[PassphraseHeader.Length..^TagLength];
        var plain = GC.AllocateArray<byte>(body.Length, pinned: true);
        using var gcm = new AesGcm(key.Span, TagLength);
        try
        {
            gcm.Decrypt(header.Nonce.Span, body, bytes[^TagLength..], plain, bytes[..PassphraseHeader.Length]);
            content = SecretBytes.Take(plain);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            content = null!;
            return false;
        }
    }

    /// <summary>
    /// Writes the content in the place of what was read or written here last. Between the look whether it is that still and the writing no
    /// other process replaces it: else one of two changes would be lost, and both be told as done.
    /// </summary>
    private void Put(PassphraseHeader header, SecretBytes key, ReadOnlySpan<byte> content)
    {
        using var turn = TakeTurn();
        CheckUnchanged();
        Write(header, key, content, overwrite: true);
        (_header, _key) = (header, key);
    }

    private FileStream TakeTurn()
    {
        var turn = _path + ".lock";
        try
        {
            return HeldFile.Take(turn, LongestTurn)
                ?? throw new IOException($"{_path} is being written by another process, which has {turn} for more than {LongestTurn.TotalSeconds} seconds; try again.");
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"{_path} could not be written: {e.Message}", e);
        }
    }

    private void Write(PassphraseHeader header, SecretBytes key, ReadOnlySpan<byte> content, bool overwrite)
    {
        var bytes = new byte[PassphraseHeader.Length + content.Length + TagLength];
        if (bytes.Length > MaxLength) throw new IOException($"{_path} would be larger than {MaxLength} bytes.");
        var head = bytes.AsSpan(0, PassphraseHeader.Length);
        header.Write(head);
        using var gcm = new AesGcm(key.Span, TagLength);
        gcm.Encrypt(header.Nonce.Span, content, bytes.AsSpan(PassphraseHeader.Length, content.Length), bytes.AsSpan(^TagLength..), head);
        DurableFile.Write(_path, bytes, overwrite);
    }

    /// <summary>The nonce changes with every writing, so an equal header means an equal file.</summary>
    private void CheckUnchanged()
    {
        Span<byte> own = stackalloc byte[PassphraseHeader.Length];
        _header.Write(own);
        if (!ReadAll(_path).AsSpan().StartsWith(own))
            throw new PassphraseFileException(PassphraseFault.ChangedMeanwhile, $"{_path} was changed by another process since it was opened; open it again.");
    }
}

/// <summary>What is wrong with a passphrase file.</summary>
public enum PassphraseFault
{
    /// <summary>It does not exist.</summary>
    Missing,
    /// <summary>It exists and would be overwritten.</summary>
    Exists,
    /// <summary>It is no such file, or asks for parameters outside the caps.</summary>
    Malformed,
    /// <summary>The passphrase is wrong or the file is damaged; the two can't be told apart.</summary>
    WrongPassphraseOrDamaged,
    /// <summary>Another process changed it.</summary>
    ChangedMeanwhile,
    /// <summary>The passphrase is too short or its derivation too cheap.</summary>
    TooWeak,
    /// <summary>It is there, and this user may not read it.</summary>
    Unreadable,
}

/// <summary>A passphrase file could not be made or opened; the message says what to do. It never holds the passphrase.</summary>
public sealed class PassphraseFileException : CardIssueException
{
    internal PassphraseFileException(PassphraseFault fault, string message, Exception? inner = null) : base(message, inner) => Fault = fault;

    /// <summary>What is wrong.</summary>
    public PassphraseFault Fault { get; }
}
