using CardIssue.Center.Storage;
using CardIssue.Core;
using Microsoft.Extensions.Options;

namespace CardIssue.Center.Log;

/// <summary>The log's keys; the vault has them.</summary>
public interface ILogKeys
{
    /// <summary>HMAC-SHA256 under the log key, 32 bytes. May be called from several threads.</summary>
    byte[] Hmac(ReadOnlySpan<byte> data);

    /// <summary>Signs a checkpoint.</summary>
    byte[] SignCheckpoint(ReadOnlySpan<byte> data);

    /// <summary>Whether a checkpoint's signature is the center's.</summary>
    bool VerifyCheckpoint(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature);
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
/// <param name="Hash">SHA-256 over the hash before it and all its fields.</param>
public sealed record LogRow(string Instance, long Sequence, DateTimeOffset At, LogEntry Entry, ByteString Digest, ByteString Hash);

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
}

/// <summary>Where the log is, and how it is batched.</summary>
public sealed class LogOptions
{
    /// <summary>The directory of the log's own file <c>log.db</c>, best on another disk than the store; made for its owner only.</summary>
    public string Directory { get; set; } = "log";

    /// <summary>Where signed checkpoints are exported to: a directory that another host holds. Empty: nowhere.</summary>
    public string CheckpointDirectory { get; set; } = "";

    /// <summary>The name of this host's chain, by <see cref="NameRule"/>; each host has its own.</summary>
    public string Instance { get; set; } = "center";

    /// <summary>How many entries may wait to be written; then appending waits: 1 to 100,000.</summary>
    public int MaxQueued { get; set; } = 4_096;

    /// <summary>The most entries in one transaction: 1 to 10,000.</summary>
    public int MaxBatch { get; set; } = 512;

    /// <summary>How long to wait for another process that holds the file: 1 second to 1 minute.</summary>
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(10);

    internal string DatabasePath => Path.Combine(Directory, "log.db");

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionsValidationException">A value is out of its range; the message names it.</exception>
    public void Validate() => new OptionCheck<LogOptions>()
        .That(Directory.Length > 0, "Directory must be named")
        .That(NameRule.Accepts(Instance), "Instance is 1 to 64 of A-Z a-z 0-9 . _ -")
        .Within(MaxQueued, 1, 100_000, nameof(MaxQueued))
        .Within(MaxBatch, 1, 10_000, nameof(MaxBatch))
        .Within(BusyTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1), nameof(BusyTimeout))
        .Done();
}
