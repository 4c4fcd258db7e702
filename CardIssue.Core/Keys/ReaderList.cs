using CardIssue.Core.Cards;

namespace CardIssue.Core.Keys;

/// <summary>A reader that is known. What is null is not compared; everything else must be equal, and come from the reader itself.</summary>
/// <param name="Kind">How it is attached: <c>pcsc</c>, <c>serial</c>, <c>virtual</c>.</param>
/// <param name="Vendor">The maker's name.</param>
/// <param name="Model">The model name.</param>
/// <param name="Serial">The reader's own serial number. Without it, <paramref name="LetInWithoutIdentity"/> must be set.</param>
/// <param name="Firmware">The firmware version.</param>
/// <param name="Ports">Ports that it may hang on, <c>*</c> standing for anything; empty means that the port is not compared.</param>
/// <param name="LetInWithoutIdentity">Says in so many words that a reader without a serial number of its own is let in.</param>
public sealed record ReaderEntry(
    string? Kind = null, string? Vendor = null, string? Model = null, string? Serial = null, string? Firmware = null,
    ValueList<string> Ports = default, bool LetInWithoutIdentity = false)
{
    /// <summary>The longest text in characters.</summary>
    public const int MaxText = 128;

    /// <summary>The most ports of one entry.</summary>
    public const int MaxPorts = 16;

    internal string? Fault()
    {
        string?[] texts = [Kind, Vendor, Model, Serial, Firmware, .. Ports.Span];
        if (texts.Any(text => text is { Length: 0 or > MaxText })) return $"a text has 1 to {MaxText} characters, or is left out";
        if (Ports.Count > MaxPorts) return $"an entry has at most {MaxPorts} ports";
        return Serial is null && !LetInWithoutIdentity ? "an entry without a serial number must say letInWithoutIdentity" : null;
    }

    /// <summary>What does not fit, or null when the reader is the one meant.</summary>
    internal string? Mismatch(ReaderIdentity reader) =>
        Differs(Serial, reader.Serial) ? "serial number" : Differs(Kind, reader.Kind) ? "kind" : Differs(Vendor, reader.Vendor) ? "vendor"
        : Differs(Model, reader.Model) ? "model" : Differs(Firmware, reader.Firmware) ? "firmware"
        : Ports.Count > 0 && !Ports.Any(pattern => PortFits(pattern, reader.Port)) ? "port" : null;

    private static bool Differs(string? known, string? found) => known is not null && !string.Equals(known, found, StringComparison.Ordinal);

    private static bool PortFits(string pattern, string? port) =>
        port is not null && System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern.Replace("\\", "\\\\", StringComparison.Ordinal), port, ignoreCase: false);
}

/// <summary>The readers that one terminal may use, as the center states it. It counts only signed (<see cref="SignedReaderList"/>).</summary>
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

/// <summary>A reader list whose signature was verified for this terminal. Only <see cref="SignedReaderList.TryVerify"/> makes one.</summary>
public sealed class VerifiedReaderList
{
    internal VerifiedReaderList(ReaderList list) => List = list;

    /// <summary>The list.</summary>
    public ReaderList List { get; }

    /// <summary>Finds the entry that means this reader.</summary>
    public ReaderJudgement Judge(ReaderIdentity reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var near = default(string);
        foreach (var entry in List.Entries)
        {
            var mismatch = entry.Mismatch(reader);
            if (mismatch is null) return new ReaderJudgement.Known(entry);
            // The entry whose serial number fits is the one that the operator thinks of.
            if (mismatch != "serial number") near ??= mismatch;
        }
        var why = near is not null ? $"an entry fits but for its {near}"
            : reader.Serial is null ? "the reader tells no serial number" : "no entry has its serial number";
        return new ReaderJudgement.Unknown($"{Clip(reader.Kind)} reader {Clip(reader.Vendor)} {Clip(reader.Model)}, serial {Clip(reader.Serial)}: {why}");
    }

    // A reader's own words: short, and nothing that moves a cursor.
    private static string Clip(string? text) => text is null ? "?" : string.Concat(text.Where(c => !char.IsControl(c)).Take(32));
}

/// <summary>Whether a reader is known (S250).</summary>
public abstract record ReaderJudgement
{
    private ReaderJudgement() { }

    /// <summary>It may write and read.</summary>
    /// <param name="Entry">As what.</param>
    public sealed record Known(ReaderEntry Entry) : ReaderJudgement;

    /// <summary>It may neither write nor read.</summary>
    /// <param name="Reason">What the reader says of itself and what does not fit; at most 256 characters, for the operator and the center's log.</param>
    public sealed record Unknown(string Reason) : ReaderJudgement;
}
