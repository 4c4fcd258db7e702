using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Sessions;

/// <summary>A terminal that was let in: address, line, certificate and credential all fitted. Only <see cref="AdmissionDesk"/> makes one.</summary>
internal sealed class AdmittedTerminal
{
    internal AdmittedTerminal(TerminalIdentity identity, AdmissionTranscript transcript, Admitted answer) =>
        (Identity, Transcript, Answer) = (identity, transcript, answer);

    /// <summary>Its keys, as the registry has them.</summary>
    public TerminalIdentity Identity { get; }

    /// <summary>What was agreed on.</summary>
    public AdmissionTranscript Transcript { get; }

    /// <summary>Both sides' random halves of this admission.</summary>
    public AdmissionNonces Nonces => new(Transcript.TerminalNonce, Transcript.CenterNonce);

    /// <summary>What to answer it.</summary>
    public Admitted Answer { get; }
}

/// <summary>What came of a request for access.</summary>
/// <param name="Terminal">The terminal, when let in.</param>
/// <param name="Refusal">Coarsely, for the terminal, when not.</param>
/// <param name="Detail">In full, for the log only.</param>
/// <param name="Known">When not: the terminal whose certificate the peer proved, if it is one's.</param>
/// <param name="IsAltered">Whether it is not for what the store has of it is not what this center wrote.</param>
internal readonly record struct AdmissionOutcome(
    AdmittedTerminal? Terminal, RefusalCode? Refusal, string Detail, TerminalId? Known = null, bool IsAltered = false);

/// <summary>S220, S310 (numerals 12, 13): lets in only a terminal whose address, line number and credential all fit.</summary>
internal sealed class AdmissionDesk(CenterServices services)
{
    public async Task<AdmissionOutcome> JudgeAsync(LinePeer peer, LineTerms terms, AdmissionRequest input, CancellationToken cancellation)
    {
        if (input.Hello.Half != terms.Half)
            return new AdmissionOutcome(null, RefusalCode.NotKnown, $"the terminal takes the line for {input.Hello.Half}, its configuration says {terms.Half}");
        try
        {
            return await JudgeKnownAsync(peer, input, cancellation).ConfigureAwait(false);
        }
        catch (StoreException altered) when (altered.Fault is StoreFault.Altered)
        {
            return new AdmissionOutcome(null, RefusalCode.NotKnown, altered.Message, IsAltered: true);
        }
    }

    private async Task<AdmissionOutcome> JudgeKnownAsync(LinePeer peer, AdmissionRequest input, CancellationToken cancellation)
    {
        var known = await services.Terminals.GetAsync(input.Hello.Terminal, cancellation).ConfigureAwait(false);
        var finding = TerminalAdmission.Check(peer, known);
        if (finding is not AdmissionFinding.Fits) return new AdmissionOutcome(null, RefusalCode.NotKnown, finding.ToString());

        var identity = IdentityOf(known!);
        var transcript = Transcript(peer, input);
        if (!transcript.IsSigned(AdmissionRole.Terminal, identity.CredentialKey, input.Proof.Signature))
            return new AdmissionOutcome(null, RefusalCode.NotKnown, "the credential's signature does not fit", peer.HasTls ? identity.Id : null);

        var readers = await new ReaderDesk(services).SignedListAsync(input.Hello.Terminal, cancellation).ConfigureAwait(false);
        var answer = new Admitted(services.Vault.SignAdmission(transcript), readers);
        return new AdmissionOutcome(new AdmittedTerminal(identity, transcript, answer), null, "address, line and credential fit");
    }

    private AdmissionTranscript Transcript(LinePeer peer, AdmissionRequest input) => new()
    {
        MinVersion = input.Hello.MinVersion,
        MaxVersion = input.Hello.MaxVersion,
        Version = input.Challenge.Version,
        Terminal = input.Hello.Terminal,
        Center = services.Vault.Identity.Id,
        Window = input.Hello.Window,
        Line = input.Challenge.Line,
        TerminalNonce = input.Hello.Nonce,
        CenterNonce = input.Challenge.Nonce,
        TerminalCertificate = peer.PeerCertificate,
        CenterCertificate = peer.OwnCertificate,
        Half = input.Hello.Half,
        Note = input.Proof.Note,
    };

    private static TerminalIdentity IdentityOf(TerminalRecord known) => new(
        known.Terminal, P256PublicKey.Parse(known.CredentialKey.Span), P256PublicKey.Parse(known.AgreementKey.Span), known.KeyVersion, known.Certificate);
}

/// <summary>The three messages of a request for access.</summary>
internal readonly record struct AdmissionRequest(Hello Hello, Challenge Challenge, Proof Proof);
