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

    /// <summary>Has the module sign; on a line without TLS the keys are there before the proof leaves: it is the last message in the clear. In the module's turn.</summary>
    public ModuleRefusal Sign(Hello hello, Challenge challenge, out Proof? proof)
    {
        proof = null;
        _transcript = new AdmissionTranscript
        {
            MinVersion = hello.MinVersion,
            MaxVersion = hello.MaxVersion,
            Version = challenge.Version,
            Terminal = hello.Terminal,
            Center = module.Center.Id,
            Window = hello.Window,
            Line = challenge.Line,
            TerminalNonce = hello.Nonce,
            CenterNonce = challenge.Nonce,
            TerminalCertificate = line.Peer.OwnCertificate,
            CenterCertificate = line.Peer.PeerCertificate,
            Half = hello.Half,
            Note = hello.Half is LineHalf.Results ? ByteString.Empty : module.Note,
        };
        var refusal = module.SignAdmission(_transcript, out var signature);
        if (refusal is ModuleRefusal.None && line is AuthenticatedLine authenticated)
        {
            refusal = module.OpenLineKeys(_transcript, out var keys);
            if (keys is not null) authenticated.Protect(keys);
        }
        if (refusal is ModuleRefusal.None) proof = new Proof(signature, _transcript.Note);
        return refusal;
    }

    /// <summary>Whether the center signed the same.</summary>
    public bool IsCenter(Admitted admitted) => _transcript?.IsSigned(AdmissionRole.Center, module.Center.SigningKey, admitted.Signature) is true;
}
