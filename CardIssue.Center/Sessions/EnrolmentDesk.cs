using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Sessions;

/// <summary>What came of a terminal's wish to be known by its keys.</summary>
/// <param name="Answer">The answer, when it is.</param>
/// <param name="Detail">In full, for the log only.</param>
/// <param name="Known">When not: the terminal whose certificate the peer proved, if it is one's.</param>
/// <param name="IsAltered">Whether it is not for what the store has of it is not what this center wrote.</param>
internal readonly record struct EnrolmentOutcome(TerminalEnrolled? Answer, string Detail, TerminalId? Known = null, bool IsAltered = false);

/// <summary>
/// Takes the keys of a terminal that proves a one-time code, or of one that is known and proves the keys that it has. Which terminal it is,
/// the proof says; where it comes from must fit as well, as at an admission.
/// </summary>
internal sealed class EnrolmentDesk(CenterServices services)
{
    public async Task<EnrolmentOutcome> JudgeAsync(LinePeer peer, EnrollTerminal asked, CancellationToken cancellation)
    {
        // From here the two ends are named as this one sees them: the peer is the terminal.
        if (EnrolmentTranscript.Of(asked, peer.PeerCertificate, peer.OwnCertificate) is not { } transcript)
            return Refused("a key is no point of the curve");
        try
        {
            return asked.Signature.IsEmpty
                ? await EnrolAsync(peer, asked, transcript, cancellation).ConfigureAwait(false)
                : await RenewAsync(peer, asked, transcript, cancellation).ConfigureAwait(false);
        }
        catch (StoreException altered) when (altered.Fault is StoreFault.Altered)
        {
            return new EnrolmentOutcome(null, altered.Message, IsAltered: true);
        }
    }

    private async Task<EnrolmentOutcome> EnrolAsync(LinePeer peer, EnrollTerminal asked, EnrolmentTranscript transcript,
        CancellationToken cancellation)
    {
        var place = LinePlace.Of(peer);
        if (await services.Terminals.InvitationAsync(asked.Terminal, cancellation).ConfigureAwait(false) is not { } enrolment)
            return Refused("there is no enrolment code for it");
        if (enrolment.ExpiresAt <= services.Time.GetUtcNow()) return Refused("its enrolment code has expired");
        if (!enrolment.Fits(peer)) return Refused("its enrolment code is not for this line and address");
        var (ofPlace, inAll) = await services.Terminals.EnrolmentTriesAsync(asked.Terminal, place, cancellation).ConfigureAwait(false);
        if (ofPlace >= TerminalInvitation.TriesPerPlace || inAll >= TerminalInvitation.TriesInAll)
            return Refused($"too many wrong enrolment codes: {ofPlace} from here, {inAll} in all; make a new code");
        if (!services.Vault.TryOpenEnrolment(asked.Terminal, enrolment.Verifier, out var key))
            return Refused("its enrolment code is not of this host's vault; copy vault.json of the host that it was made at, or make a new code");
        // It knows the center by nothing yet: it begins with the keys that stay.
        if (services.Vault.SessionKeys is not [var latest, ..])
        {
            key.Dispose();
            return Refused("the center's keys that are in force are not at this host");
        }
        using (key)
        {
            if (!transcript.IsAsked(key, asked))
            {
                await services.Terminals.CountEnrolmentTryAsync(asked.Terminal, place, cancellation).ConfigureAwait(false);
                return Refused($"a wrong enrolment code, or somebody in between: {ofPlace + 1} of {TerminalInvitation.TriesPerPlace} from here");
            }
            if (asked.Certificate != peer.PeerCertificate) return Refused("the certificate that it is to have is not the one of this line");
            var end = await services.Terminals.EnrolAsync(enrolment, KeysOf(asked), cancellation).ConfigureAwait(false);
            return end is EnrolmentEnd.Known
                ? new EnrolmentOutcome(transcript.Answer(key, latest.Identity),
                    $"enrolled with the code of {enrolment.MadeBy}, key version {asked.KeyVersion}")
                : Refused(Why(end));
        }
    }

    private async Task<EnrolmentOutcome> RenewAsync(LinePeer peer, EnrollTerminal asked, EnrolmentTranscript transcript,
        CancellationToken cancellation)
    {
        var known = await services.Terminals.GetAsync(asked.Terminal, cancellation).ConfigureAwait(false);
        var finding = TerminalAdmission.Check(peer, known);
        if (finding is not AdmissionFinding.Fits) return Refused(finding.ToString());
        var present = AdmissionDesk.IdentityOf(known!.Terminal, known.Keys);
        if (peer.HasTls && present.TlsCertificate != peer.PeerCertificate) return Refused("a renewal comes with the present certificate");
        if (!transcript.IsSigned(present.CredentialKey, asked))
            return Refused("the present credential's signature does not fit", peer.HasTls ? present.Id : null);
        if (services.Vault.SessionKeys.FirstOrDefault(set => IsAsked(set, present, transcript, asked)) is not { } keys)
        {
            return Refused(
                "the present credential fits, the present agreement key does not, or the center's keys that it was made with do not count here", present.Id);
        }
        using var key = keys.OpenRenewal(present);
        if (asked.KeyVersion != present.KeyVersion + 1) return Refused($"key version {asked.KeyVersion} does not follow {present.KeyVersion}", present.Id);
        if (peer.HasTls && asked.Certificate.IsEmpty) return Refused("it would have no certificate for this line any more", present.Id);
        var end = await services.Terminals.RenewAsync(known, KeysOf(asked), cancellation).ConfigureAwait(false);
        return end is EnrolmentEnd.Known
            ? new EnrolmentOutcome(transcript.Answer(key, keys.Identity),
                $"its next keys are known, key version {asked.KeyVersion}")
            : Refused(Why(end), present.Id);
    }

    /// <summary>Which of the center's keys the terminal knows it by shows by its proof, as at an admission.</summary>
    private static bool IsAsked(ISessionKeys keys, TerminalIdentity present, EnrolmentTranscript transcript, EnrollTerminal asked)
    {
        using var key = keys.OpenRenewal(present);
        return transcript.IsAsked(key, asked);
    }

    private static EnrolmentOutcome Refused(string detail, TerminalId? known = null) => new(null, detail, known);

    private static TerminalKeys KeysOf(EnrollTerminal asked) => new(asked.CredentialKey, asked.AgreementKey, asked.Certificate,
        asked.KeyVersion);

    private static string Why(EnrolmentEnd end) => end switch
    {
        EnrolmentEnd.NoCode => "its enrolment code is worth nothing any more: there is a newer one, or who made it was locked or lost the role",
        EnrolmentEnd.Used => "its enrolment code was used before, with other keys",
        EnrolmentEnd.SameCredential => "one of the keys is another terminal's, or one of its own of before",
        _ => "the terminal is disabled, or has other keys by now",
    };
}
