using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Modules;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Terminal.Relay;

/// <summary>One admission at the terminal: what both sides said on this line, and what the module makes of it.</summary>
internal sealed class Admission(ILine line, ISecureModule module)
{
    private AdmissionTranscript? _transcript;

    /// <summary>The admission hash, once the keys were proved.</summary>
    public ByteString? Hash => _transcript?.Hash();

    /// <summary>
    /// Has the module prove its keys; on a line without TLS the line's keys are there before the proof leaves: it is the last message in
    /// the clear.
    /// In the module's turn.
    /// </summary>
    public ModuleRefusal Prove(Hello hello, Challenge challenge, out Proof? proof)
    {
        _transcript = new AdmissionTranscript
        {
            Hello = MessageCodec.BytesOf(hello),
            Challenge = MessageCodec.BytesOf(challenge),
            Note = hello.Half is LineHalf.Results ? ByteString.Empty : module.Note,
            Center = module.Center.Id,
            TerminalCertificate = line.Peer.OwnCertificate,
            CenterCertificate = line.Peer.PeerCertificate,
        };
        var refusal = module.ProveAdmission(_transcript, out proof);
        if (refusal is ModuleRefusal.None && line is AuthenticatedLine authenticated)
        {
            refusal = module.OpenLineKeys(_transcript, out var keys);
            if (keys is not null) authenticated.Protect(keys);
            else proof = null;
        }
        return refusal;
    }

    /// <summary>Whether the center proved its keys for the same. In the module's turn.</summary>
    public bool IsCenter(Admitted admitted) => _transcript is not null && module.IsCenter(_transcript, admitted);
}
