using CardIssue.Core.Primitives;

namespace CardIssue.Core.Keys;

/// <summary>The readers that one terminal may use, as the center states it. It counts only with the center's signature.</summary>
/// <param name="Terminal">The terminal that it is for.</param>
/// <param name="Version">Counts the lists of this terminal from 1.</param>
/// <param name="IssuedAt">When it was made, UTC, to the second.</param>
/// <param name="Entries">The readers, at most <see cref="MaxEntries"/>.</param>
public sealed record ReaderList(TerminalId Terminal, int Version, DateTimeOffset IssuedAt, ValueList<ReaderEntry> Entries)
{
    /// <summary>The most entries.</summary>
    public const int MaxEntries = 256;

    internal string? Fault() =>
        Version < 1 ? "versions count from 1"
        : Entries.Count > MaxEntries ? $"a list has at most {MaxEntries} readers"
        : Entries.Select(entry => entry.Fault()).FirstOrDefault(fault => fault is not null);
}
