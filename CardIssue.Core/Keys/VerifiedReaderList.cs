using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Keys;

/// <summary>A reader list whose signature was verified for this terminal. Only <see cref="SignedReaderList.TryVerify"/> makes one.</summary>
internal sealed class VerifiedReaderList
{
    /// <summary>The longest reason in characters.</summary>
    public const int MaxReason = 256;

    private const int MaxShown = 32;

    internal VerifiedReaderList(ReaderList list) => List = list;

    /// <summary>The list.</summary>
    public ReaderList List { get; }

    /// <summary>Finds the entry that means this reader. Where an entry that fits has a key, the reader must prove it, whatever other entries would let it in without.</summary>
    public ReaderJudgement Judge(ReaderIdentity reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var fitting = List.Entries.Where(entry => entry.Fits(reader)).ToArray();
        var keyed = fitting.Where(entry => entry.Key is not null).ToArray();
        return keyed.Length > 0 ? new ReaderJudgement.MustProve(ValueList.Create<ReaderEntry>(keyed))
            : fitting.Length > 0 ? new ReaderJudgement.Known(fitting[0])
            : Stranger(reader, $"{WhyNot(reader)}{Untold(reader)}");
    }

    /// <summary>A reader that is not known, in its own words as far as they can be shown.</summary>
    /// <param name="reader">What it says of itself.</param>
    /// <param name="why">Why it is not known; of this program's words, or a plug-in's.</param>
    public static ReaderJudgement.Unknown Stranger(ReaderIdentity reader, string why)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return new ReaderJudgement.Unknown(
            $"{Clip(reader.Kind)} reader {Clip(reader.Vendor)} {Clip(reader.Model)}, serial {Clip(reader.Serial)}: {why}");
    }

    private string WhyNot(ReaderIdentity reader)
    {
        // The entry whose serial number fits is the one that the operator thinks of.
        var near = List.Entries.Select(entry => entry.Misfits(reader)).Where(misfits => misfits[0] != ReaderEntry.SerialNumber).MinBy(misfits => misfits.Count);
        return near is not null ? $"an entry fits but for its {string.Join(", ", near)}"
            : List.Entries.Count == 0 ? "the list names no reader"
            : reader.Serial is null ? "no entry is for a reader without a serial number" : "no entry has its serial number";
    }

    private static string Untold(ReaderIdentity reader)
    {
        (string Name, string? Value)[] told =
            [(ReaderEntry.SerialNumber, reader.Serial), ("vendor", reader.Vendor), ("model", reader.Model), ("firmware", reader.Firmware), ("port", reader.Port)];
        var missing = told.Where(text => text.Value is null).Select(text => $"no {text.Name}").ToArray();
        return missing.Length == 0 ? "" : $"; it tells {string.Join(", ", missing)}";
    }

    // A reader's own words: short, and nothing that moves a cursor.
    private static string Clip(string? text) => text is null ? "?" : PlainText.Of(text, MaxShown);
}

/// <summary>Whether a reader is known (S250).</summary>
public abstract record ReaderJudgement
{
    private ReaderJudgement() { }

    /// <summary>It may write and read.</summary>
    /// <param name="Entry">As what.</param>
    public sealed record Known(ReaderEntry Entry) : ReaderJudgement;

    /// <summary>What it says of itself fits; it may write and read only after it has proved one of these entries' keys.</summary>
    /// <param name="Entries">The entries that fit and have a key; at least one.</param>
    internal sealed record MustProve(ValueList<ReaderEntry> Entries) : ReaderJudgement;

    /// <summary>It does not answer, so that nothing is known of it: it is judged when it is back, and may neither write nor read until then.</summary>
    /// <param name="Fault">What is wrong, such as <see cref="CardFault.ReaderGone"/> or <see cref="CardFault.ServiceGone"/>.</param>
    public sealed record Away(CardFault Fault) : ReaderJudgement;

    /// <summary>It may neither write nor read.</summary>
    /// <param name="Reason">
    /// What the reader says of itself, what does not fit and what could not be learned, for the operator and the center's log; of what
    /// is given as much as
    /// <see cref="PlainText.Of"/> leaves of it, at most 256 characters.
    /// </param>
    public sealed record Unknown(string Reason) : ReaderJudgement
    {
        /// <inheritdoc cref="Unknown(string)" path="/param[@name='Reason']"/>
        public string Reason { get; } = PlainText.Of(Reason, VerifiedReaderList.MaxReason);
    }
}
