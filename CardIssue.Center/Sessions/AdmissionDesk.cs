using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Sessions;

/// <summary>
/// A terminal that was let in: address, line, certificate and both keys all fitted. Only <see cref="AdmissionDesk"/> makes one.
/// </summary>
internal sealed class AdmittedTerminal
{
    internal AdmittedTerminal(TerminalIdentity identity, ISessionKeys keys, AdmissionTranscript transcript, Proof proof, ReaderList readers) =>
        (Identity, Keys, Transcript, Admission, Proof, Readers) = (identity, keys, transcript, transcript.Hash(), proof, readers);

    /// <summary>Its keys, as the registry has them.</summary>
    public TerminalIdentity Identity { get; }

    /// <summary>Which of the center's keys it came with: its session has these.</summary>
    public ISessionKeys Keys { get; }

    /// <summary>What was agreed on.</summary>
    public AdmissionTranscript Transcript { get; }

    /// <summary>The admission hash, which all that is sealed in its session is bound to.</summary>
    public ByteString Admission { get; }

    /// <summary>How it proved its keys.</summary>
    public Proof Proof { get; }

    /// <summary>The readers that it may use.</summary>
    public ReaderList Readers { get; }
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

        var transcript = Transcript(peer, input);
        var (identity, next) = Which(peer, known!, transcript, input.Proof);
        if (peer.HasTls && identity.TlsCertificate != peer.PeerCertificate)
            return new AdmissionOutcome(null, RefusalCode.NotKnown, nameof(AdmissionFinding.WrongCertificate));
        if (!transcript.IsSigned(identity.CredentialKey, input.Proof))
            return new AdmissionOutcome(null, RefusalCode.NotKnown, "the credential's signature does not fit", peer.HasTls ? identity.Id : null);
        // A terminal without it could open no ticket, and would spoil cards one by one.
        if (services.Vault.SessionKeys.FirstOrDefault(set => set.IsConfirmed(identity, transcript, input.Proof.Confirmation)) is not { } keys)
            return new AdmissionOutcome(
                null, RefusalCode.NotKnown,
                "the credential fits, the agreement key does not: the terminal has another one, another key version, another center's, or keys of this "
                + "center that do not count here, or no more",
                identity.Id);

        // From now on those of before are worth nothing.
        if (next is not null && !await services.Terminals.TakeNextKeysAsync(identity.Id, next, cancellation).ConfigureAwait(false))
            return new AdmissionOutcome(null, RefusalCode.NotKnown, "its next keys were changed meanwhile", identity.Id);
        if (input.Hello.Half is not LineHalf.Results)
        {
            await services.Terminals.KeepsCertificateAsync(identity.Id, input.Hello.Certificate, cancellation).ConfigureAwait(false);
            await services.Terminals.CameWithKeysAsync(identity.Id, keys.Number, cancellation).ConfigureAwait(false);
        }
        var readers = await new ReaderDesk(services).ListAsync(input.Hello.Terminal, cancellation).ConfigureAwait(false);
        var terminal = new AdmittedTerminal(identity, keys, transcript, input.Proof, readers);
        return new AdmissionOutcome(terminal, null, "address, line and both keys fit");
    }

    /// <summary>What a terminal that was let in is answered.</summary>
    /// <param name="terminal">The terminal.</param>
    /// <param name="joinToken">On the data half of a split line, what the results half is joined by; else empty.</param>
    public Admitted Answer(AdmittedTerminal terminal, ByteString joinToken) =>
        terminal.Keys.Admit(terminal.Identity, terminal.Transcript, terminal.Proof, terminal.Keys.SignReaderList(terminal.Readers), joinToken);

    private AdmissionTranscript Transcript(LinePeer peer, AdmissionRequest input) => new()
    {
        Hello = MessageCodec.BytesOf(input.Hello),
        Challenge = MessageCodec.BytesOf(input.Challenge),
        Note = input.Proof.Note,
        Center = services.Vault.Identity.Id,
        TerminalCertificate = peer.PeerCertificate,
        CenterCertificate = peer.OwnCertificate,
    };

    public static TerminalIdentity IdentityOf(TerminalId terminal, TerminalKeys keys) => new(
        terminal, P256PublicKey.Parse(keys.CredentialKey.Span), P256PublicKey.Parse(keys.AgreementKey.Span), keys.KeyVersion, keys.Certificate);

    /// <summary>The set of keys that a terminal comes with; of two sets never one of each.</summary>
    private static (TerminalIdentity Identity, TerminalKeys? Next) Which(
        LinePeer peer, TerminalRecord known, AdmissionTranscript transcript, Proof proof)
    {
        if (known.Next is { } next && (!peer.HasTls || next.Certificate == peer.PeerCertificate)
            && IdentityOf(known.Terminal, next) is var renewed && transcript.IsSigned(renewed.CredentialKey, proof)) return (renewed, next);
        return (IdentityOf(known.Terminal, known.Keys), null);
    }
}

/// <summary>The three messages of a request for access.</summary>
internal readonly record struct AdmissionRequest(Hello Hello, Challenge Challenge, Proof Proof);
