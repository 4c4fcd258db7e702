using CardIssue.Core.Keys;
using CardIssue.Core.Modules;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Walls;

/// <summary>A secure module with a <see cref="Trap"/> before it; by hand, because a proxy carries no spans.</summary>
internal sealed class TrappedModule(ISecureModule inner, Trap trap) : ISecureModule
{
    public TerminalIdentity Identity => inner.Identity;

    public CenterIdentity Center => inner.Center;

    public ByteString BeginAdmission(LineHalf half = LineHalf.Whole)
    {
        trap.Pass(nameof(BeginAdmission));
        return inner.BeginAdmission(half);
    }

    public ModuleRefusal ProveAdmission(AdmissionTranscript transcript, out Proof? proof)
    {
        trap.Pass(nameof(ProveAdmission));
        return inner.ProveAdmission(transcript, out proof);
    }

    public bool IsCenter(AdmissionTranscript transcript, Admitted admitted)
    {
        trap.Pass(nameof(IsCenter));
        return inner.IsCenter(transcript, admitted);
    }

    public ModuleRefusal OpenLineKeys(AdmissionTranscript transcript, out LineKeys? keys)
    {
        trap.Pass(nameof(OpenLineKeys));
        return inner.OpenLineKeys(transcript, out keys);
    }

    public ModuleRefusal SealIssueCode(int request, string reference, ReadOnlySpan<byte> code, out ByteString sealedCode)
    {
        trap.Pass(nameof(SealIssueCode));
        return inner.SealIssueCode(request, reference, code, out sealedCode);
    }

    public ModuleRefusal OpenTicket(Script script)
    {
        trap.Pass(nameof(OpenTicket));
        return inner.OpenTicket(script);
    }

    public ModuleRefusal Unseal(Script script, int sequence, ReadOnlySpan<byte> payload, Span<byte> wrapped, out int length)
    {
        trap.Pass(nameof(Unseal));
        return inner.Unseal(script, sequence, payload, wrapped, out length);
    }

    public ByteString Note => inner.Note;

    public NoteKeeping KeepNote(ByteString note)
    {
        trap.Pass(nameof(KeepNote));
        return inner.KeepNote(note);
    }

    public bool KeepCenterKeys(ByteString statement)
    {
        trap.Pass(nameof(KeepCenterKeys));
        return inner.KeepCenterKeys(statement);
    }

    public void EndOpening()
    {
        trap.Pass(nameof(EndOpening));
        inner.EndOpening();
    }

    public void Dispose() => inner.Dispose();
}
