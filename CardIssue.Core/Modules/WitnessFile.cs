using System.Formats.Cbor;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Modules;

/// <summary>
/// What a module remembers of its center where it has no place of its own for it, in a small file: the note of the highest generation,
/// and beside it
/// the notes that contradict it, as evidence. Public, signed by the center, nothing of any card. Layout: a CBOR array of the notes as
/// they came. Not
/// for several threads.
/// </summary>
internal sealed class WitnessFile
{
    /// <summary>The most notes that are kept as evidence; later ones are not.</summary>
    public const int MaxEvidence = 3;

    /// <summary>The largest file in bytes.</summary>
    public const int MaxLength = 1 + (1 + MaxEvidence) * (3 + FieldLimits.MaxWitness);

    private readonly string _path;
    private readonly CenterKeyChain _keys;

    /// <summary>Reads the file, where it is there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="keys">What the terminal knows its center by; others' notes count for nothing.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public WitnessFile(string path, CenterKeyChain keys)
    {
        (_path, _keys) = (path, keys);
        Notes = Read();
    }

    /// <summary>The notes kept: first the one of the highest generation, then the evidence, oldest first.</summary>
    public IReadOnlyList<VerifiedWitnessNote> Notes { get; private set; }

    /// <summary>The latest note, signed; empty when none is kept.</summary>
    public ByteString Latest => Notes.Count > 0 ? Notes[0].Bytes : ByteString.Empty;

    /// <summary>Keeps a note durably, if it is the center's and newer.</summary>
    /// <param name="bytes">The note as it came.</param>
    /// <exception cref="IOException">It could not be written; what was kept stands.</exception>
    public NoteKeeping Keep(ByteString bytes)
    {
        if (!SignedWitnessNote.TryVerify(bytes, _keys.Present, out var note)) return NoteKeeping.Refused;
        // Another program of this terminal may have written meanwhile.
        Notes = Read();
        if (Notes.Count == 0) return Write([note], NoteKeeping.Kept);
        var latest = Notes[0];
        if (latest.Bytes == bytes || Notes.Any(kept => kept.Note == note.Note)) return NoteKeeping.Older;
        var isHigher = note.Note.Generation > latest.Note.Generation;
        if (!note.Note.Contradicts(latest.Note)) return isHigher ? Write([note, .. Notes.Skip(1)], NoteKeeping.Kept) : NoteKeeping.Older;
        var evidence = Notes.Skip(1).Append(isHigher ? latest : note).Take(MaxEvidence);
        return Write([isHigher ? note : latest, .. evidence], NoteKeeping.Contradicted);
    }

    private NoteKeeping Write(IReadOnlyList<VerifiedWitnessNote> notes, NoteKeeping outcome)
    {
        var cbor = new CborWriter(CborConformanceMode.Ctap2Canonical);
        cbor.WriteStartArray(notes.Count);
        foreach (var note in notes) cbor.WriteByteString(note.Bytes.Span);
        cbor.WriteEndArray();
        DurableFile.Write(_path, cbor.Encode(), overwrite: true);
        Notes = notes;
        return outcome;
    }

    /// <summary>What is no note of the center counts for nothing: whoever can write the file can as well delete it.</summary>
    private List<VerifiedWitnessNote> Read()
    {
        var notes = new List<VerifiedWitnessNote>();
        if (DurableFile.Read(_path, MaxLength) is not { } content) return notes;
        try
        {
            var cbor = new CborReader(content, CborConformanceMode.Ctap2Canonical);
            for (var left = cbor.ReadStartArray() ?? 0; left > 0; left--)
                if (Verified(ByteString.Own(cbor.ReadByteString())) is { } note) notes.Add(note);
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException or OverflowException)
        {
            return notes;
        }
        return notes;
    }

    /// <summary>By the center's keys of before, too: or a witness would forget at the very moment that matters.</summary>
    private VerifiedWitnessNote? Verified(ByteString bytes)
    {
        foreach (var center in _keys.Known)
            if (SignedWitnessNote.TryVerify(bytes, center, out var note)) return note;
        return null;
    }
}
