using CardIssue.Core.Primitives;

namespace CardIssue.Test.Explorer;

/// <summary>Where store and log are, which are one: how many changes, on which branch, and what the world knows of a put-back.</summary>
/// <param name="Generation">Changes committed; raised by a finding.</param>
/// <param name="Branch">0 before a put-back, 1 after.</param>
/// <param name="Fork">After a put-back: how far the copy was. What was told beyond it, before it, is not of this history.</param>
/// <param name="Raised">How far the generation was raised when the put-back was found; 0 before. A note up to it tells nothing new.</param>
/// <param name="Given">The highest fencing number that was ever given, put back or not.</param>
/// <param name="Lost">The store as it was when it was put back, until that is settled: what people find out.</param>
internal readonly record struct History(int Generation, byte Branch, int Fork, int Raised, long Given, Store? Lost)
{
    /// <summary>More than is ever committed between two notes of this world.</summary>
    public const int Leap = 24;

    /// <summary>What a terminal is told: how far, and on which branch.</summary>
    public ByteString Note => ByteString.Own([(byte)Generation, Branch]);

    /// <summary>Whether a note's entry is there.</summary>
    public bool Has(ByteString note) => note[1] == Branch ? note[0] <= Generation : note[1] < Branch && note[0] <= Fork;

    /// <summary>Whether a note tells of a put-back that is not known yet.</summary>
    public bool IsNews(ByteString note) => !Has(note) && note[0] > Raised;
}

/// <summary>Store and log are put back together, and a terminal that remembers more comes in.</summary>
internal sealed partial class Play
{
    /// <summary>The terminal is not told: its line is dead, and what is under way may still arrive.</summary>
    private void PutBack()
    {
        _store = _store.PutBack();
        (_center, _zombie) = (null, null);
        _terminal = _terminal with { LineDead = true };
    }

    /// <summary>The center compares what the terminal remembers.</summary>
    private void Hear(ByteString note)
    {
        if (options.Witnessing is Witnessing.NotCompared || note.IsEmpty || !_store.History.IsNews(note)) return;
        if (_store.History.Lost is null) Violate("2 an order is quarantined, and nothing was put back");
        if (_store.Held && _store.Fence > _store.History.Fork && options.Witnessing is not Witnessing.ClaimedSpared)
            Violate("2 an order is claimed before the witness is heard");
        _store = _store.Found(note, options);
    }

    private void KeepNote(ByteString note)
    {
        if (!options.MayBePutBack || _choice.Happening is Happening.InjectToTerminal) return;
        if (_terminal.Note.IsEmpty || note[0] > _terminal.Note[0]) _terminal = _terminal with { Note = note };
    }

    /// <summary>Where nobody knows that the center was put back, there is nothing to be above of.</summary>
    private void CheckFence(long fence)
    {
        var history = _store.History;
        if (!options.MayBePutBack) return;
        if (fence <= history.Given && history.Raised > 0) Violate("3 a fencing number is given twice");
        _store = _store with { History = history with { Given = Math.Max(fence, history.Given) } };
    }
}
