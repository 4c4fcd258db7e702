using CardIssue.Core.Keys;
using CardIssue.Core.Modules;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.EndToEnd;

/// <summary>What a secure module does not do as it should.</summary>
internal sealed class ModuleFaults
{
    /// <summary>It refuses every ticket, as with another agreement key than the center knows.</summary>
    public bool Tickets { get; set; }

    /// <summary>It refuses the sealed commands of so many scripts of this kind.</summary>
    public (ScriptKind Kind, int Times) Commands { get; set; }

    /// <summary>It seals issue codes that nobody can open.</summary>
    public bool Codes { get; set; }
}

/// <summary>A secure module with faults; by hand, because a proxy carries no spans.</summary>
internal sealed class RefusingModule(ISecureModule inner, ModuleFaults faults) : ISecureModule
{
    public TerminalIdentity Identity => inner.Identity;

    public CenterIdentity Center => inner.Center;

    public ByteString Note => inner.Note;

    public ByteString BeginAdmission(LineHalf half = LineHalf.Whole) => inner.BeginAdmission(half);

    public ModuleRefusal ProveAdmission(AdmissionTranscript transcript, out Proof? proof) => inner.ProveAdmission(transcript, out proof);

    public bool IsCenter(AdmissionTranscript transcript, Admitted admitted) => inner.IsCenter(transcript, admitted);

    public ModuleRefusal OpenLineKeys(AdmissionTranscript transcript, out LineKeys? keys) => inner.OpenLineKeys(transcript, out keys);

    public ModuleRefusal SealIssueCode(int request, string reference, ReadOnlySpan<byte> code, out ByteString sealedCode) =>
        inner.SealIssueCode(faults.Codes ? request + 1 : request, reference, code, out sealedCode);

    public ModuleRefusal OpenTicket(Script script) => faults.Tickets ? ModuleRefusal.BadTicket : inner.OpenTicket(script);

    public ModuleRefusal Unseal(Script script, int sequence, ReadOnlySpan<byte> payload, Span<byte> wrapped, out int length)
    {
        var (kind, times) = faults.Commands;
        if (times == 0 || kind != script.Kind) return inner.Unseal(script, sequence, payload, wrapped, out length);
        faults.Commands = (kind, times - 1);
        length = 0;
        return ModuleRefusal.BadSeal;
    }

    public NoteKeeping KeepNote(ByteString note) => inner.KeepNote(note);

    public void EndOpening() => inner.EndOpening();

    public void Dispose() => inner.Dispose();
}
