using System.Diagnostics.CodeAnalysis;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using Microsoft.Extensions.Options;

namespace CardIssue.Center.Storage;

/// <summary>The log's keys; the vault has them.</summary>
public interface ILogKeys
{
    /// <summary>Whether the secret keys are there. Without them a log can be read and its signatures verified, and nothing can be written.</summary>
    bool HasSecrets { get; }

    /// <summary>
    /// Whether a store may be one of a version before, whose log had no MACs and is taken over. Once it was, and in every new center, never again: a log that is
    /// put there without them is somebody's own.
    /// </summary>
    bool TakesOverLog { get; }

    /// <summary>
    /// Whether a store's rows may be those of a version before, which put none of them under the vault's key, and are taken over. Once they
    /// were, and in every new center,
    /// never again.
    /// </summary>
    bool TakesOverRows { get; }

    /// <summary>From now on, for good, no row is taken over: one without the vault's seal is one that was put there.</summary>
    /// <exception cref="IOException">It could not be saved; nothing changed.</exception>
    void EndTakingOverRows();

    /// <summary>HMAC-SHA256 under the log key, 32 bytes: stands in an entry for the bytes that it is about. May be called from several threads.</summary>
    byte[] Hmac(ReadOnlySpan<byte> data);

    /// <summary>
    /// HMAC-SHA256 under a key of its own, 32 bytes: vouches for an entry. Never under the key of <see cref="Hmac"/>, whose input a terminal chooses.
    /// May be called from several threads.
    /// </summary>
    byte[] MacOf(ReadOnlySpan<byte> data);

    /// <summary>Signs a checkpoint.</summary>
    byte[] SignCheckpoint(ReadOnlySpan<byte> data);

    /// <summary>Which set of the center's keys it is that signs; 0 for the one that it was made with.</summary>
    int SigningKeys => 0;

    /// <summary>Whether a checkpoint's or an archive's signature is the center's: by its keys, or by keys that it had.</summary>
    /// <param name="data">What was signed.</param>
    /// <param name="signature">The signature.</param>
    /// <param name="number">The checkpoint's number: keys that have ended count for none that is later than their end. Null for an archive.</param>
    bool VerifyCheckpoint(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature, long? number = null);

    /// <summary>Verifies what a terminal remembers of the center.</summary>
    /// <param name="bytes">The note, as the terminal showed it.</param>
    /// <param name="note">The note.</param>
    bool TryVerifyNote(ByteString bytes, [NotNullWhen(true)] out VerifiedWitnessNote? note);
}

/// <summary>Which way a message went. The numbers are in the log: never change one.</summary>
public enum LogDirection
{
    /// <summary>No message: something that the center did or decided.</summary>
    None = 0,
    /// <summary>From a terminal.</summary>
    In = 1,
    /// <summary>To a terminal.</summary>
    Out = 2,
}

/// <summary>What to log.</summary>
/// <param name="Session">The session, or what else did it; at most 64 characters.</param>
/// <param name="Terminal">The terminal, once it is known.</param>
/// <param name="Line">The line.</param>
/// <param name="Order">The order that it is about.</param>
/// <param name="Direction">In, out, or none.</param>
/// <param name="Step">The flow's step (S210 to S320) as a number, 0 for none.</param>
/// <param name="Kind">A message's type, or what happened; at most 64 characters.</param>
/// <param name="Detail">Redacted, as a JSON object; at most <see cref="MaxDetail"/> characters. Never write data, codes, tokens or keys.</param>
public sealed record LogEntry(
    string Session, TerminalId? Terminal, LineNumber? Line, OrderId? Order, LogDirection Direction, int Step, string Kind, string Detail = "{}")
{
    /// <summary>The longest detail, in characters.</summary>
    public const int MaxDetail = 16_384;

    /// <summary>The highest step number.</summary>
    public const int MaxStep = 999;

    /// <summary>The longest session and kind, in characters.</summary>
    public const int MaxWord = 64;
}

/// <summary>An entry as the log has it.</summary>
/// <param name="Instance">The host instance whose chain it is in.</param>
/// <param name="Sequence">Its place in that chain, from 1 without gaps.</param>
/// <param name="At">When, UTC, to the millisecond.</param>
/// <param name="Entry">What was logged.</param>
/// <param name="Digest">HMAC-SHA256 of the raw bytes under the log key; empty when there were none.</param>
/// <param name="Hash">SHA-256 over the hash before it and all its fields, 32 bytes.</param>
/// <param name="Mac">HMAC-SHA256 of the hash under the vault's key, 32 bytes; empty for an entry that was taken over from a log of before.</param>
public sealed record LogRow(
    string Instance, long Sequence, DateTimeOffset At, LogEntry Entry, ByteString Digest, ByteString Hash, ByteString Mac);

/// <summary>The end of a chain.</summary>
/// <param name="Instance">Whose chain.</param>
/// <param name="Sequence">Its latest entry.</param>
/// <param name="Hash">That entry's hash.</param>
public sealed record LogHead(string Instance, long Sequence, ByteString Hash);

/// <summary>What to read of the log.</summary>
/// <param name="Order">Only of this order.</param>
/// <param name="Terminal">Only of this terminal.</param>
/// <param name="Session">Only of this session.</param>
/// <param name="Since">Only from this time on.</param>
/// <param name="Most">The most entries, 1 to <see cref="MaxRows"/>; the latest ones.</param>
public sealed record LogQuery(OrderId? Order = null, TerminalId? Terminal = null, string? Session = null, DateTimeOffset? Since = null, int Most = 1_000)
{
    /// <summary>The most entries that one query returns.</summary>
    public const int MaxRows = 100_000;

    /// <summary>Only before this time.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Only of this kind: a message's type, or what happened.</summary>
    public string? Kind { get; init; }

    /// <summary>Only what this person did, asked for or approved, and what this operator asked for; small and capital letters are one.</summary>
    public string? Person { get; init; }

    /// <summary>Only behind this place.</summary>
    public LogPlace? After { get; init; }
}

/// <summary>An entry's place in the order in which the log is shown: by time, then by chain and number.</summary>
/// <param name="At">When, UTC, to the millisecond.</param>
/// <param name="Instance">In whose chain.</param>
/// <param name="Sequence">Its number there.</param>
public sealed record LogPlace(DateTimeOffset At, string Instance, long Sequence)
{
    /// <summary>That of an entry.</summary>
    public static LogPlace Of(LogRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return new LogPlace(row.At, row.Instance, row.Sequence);
    }

    /// <summary>As it is written, such as <c>1760000000000/center/12</c>.</summary>
    public override string ToString() =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{At.ToUnixTimeMilliseconds()}/{Instance}/{Sequence}");

    /// <summary>Reads what <see cref="ToString"/> wrote; null for anything else.</summary>
    public static LogPlace? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Split('/') is [var at, { Length: > 0 } instance, var sequence] && Number(at) is { } time and <= LatestTime && Number(sequence) is { } number
            ? new LogPlace(DateTimeOffset.FromUnixTimeMilliseconds(time), instance, number) : null;
    }

    private const long LatestTime = 253_402_300_799_999;

    private static long? Number(string text) =>
        long.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : null;
}

/// <summary>The log: it is in the store's database.</summary>
public sealed class LogOptions
{
    /// <summary>
    /// Where centers of before had the log in a file of its own, <c>log.db</c>: the first opening with the vault takes its entries over, and renames it.
    /// </summary>
    public string Directory { get; set; } = "log";

    /// <summary>Where signed checkpoints are exported to: a directory that another host holds. Empty: nowhere.</summary>
    public string CheckpointDirectory { get; set; } = "";

    /// <summary>The name of this host's chain, by <see cref="NameRule"/>; each host has its own.</summary>
    public string Instance { get; set; } = "center";

    internal string DatabasePath => Path.Combine(Directory, "log.db");

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionsValidationException">A value is out of its range; the message names it.</exception>
    internal void Validate() => new OptionCheck<LogOptions>()
        .That(Directory.Length > 0, "Directory must be named")
        .That(NameRule.Accepts(Instance), "Instance is 1 to 64 of A-Z a-z 0-9 . _ -")
        .Done();
}
