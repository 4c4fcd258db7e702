using CardIssue.Core.Keys;
using CardIssue.Core.Modules;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Modules;

/// <summary>A secure module that does what the one inside does, but for what a test's own does otherwise; by hand, because a proxy carries no spans.</summary>
internal abstract class ModuleAround(ISecureModule inner) : ISecureModule
{
    public TerminalIdentity Identity => inner.Identity;

    public CenterIdentity Center => inner.Center;

    public virtual ByteString Note => inner.Note;

    public ByteString BeginAdmission(LineHalf half = LineHalf.Whole) => inner.BeginAdmission(half);

    public ModuleRefusal ProveAdmission(AdmissionTranscript transcript, out Proof? proof) => inner.ProveAdmission(transcript, out proof);

    public bool IsCenter(AdmissionTranscript transcript, Admitted admitted) => inner.IsCenter(transcript, admitted);

    public ModuleRefusal OpenLineKeys(AdmissionTranscript transcript, out LineKeys? keys) => inner.OpenLineKeys(transcript, out keys);

    public virtual ModuleRefusal SealIssueCode(int request, string reference, ReadOnlySpan<byte> code, out ByteString sealedCode) =>
        inner.SealIssueCode(request, reference, code, out sealedCode);

    public virtual ModuleRefusal OpenTicket(Script script) => inner.OpenTicket(script);

    public virtual ModuleRefusal Unseal(Script script, int sequence, ReadOnlySpan<byte> payload, Span<byte> wrapped, out int length) =>
        inner.Unseal(script, sequence, payload, wrapped, out length);

    public virtual NoteKeeping KeepNote(ByteString note) => inner.KeepNote(note);

    public virtual bool KeepCenterKeys(ByteString statement) => inner.KeepCenterKeys(statement);

    public void EndOpening() => inner.EndOpening();

    public void Dispose() => inner.Dispose();
}
