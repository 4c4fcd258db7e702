using System.Net;
using CardIssue.Center.People;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Terminals;

/// <summary>A terminal that may make itself known with a one-time code.</summary>
/// <param name="Terminal">Its name.</param>
/// <param name="Lines">The lines that it may come in on, now and later; at least one.</param>
/// <param name="Networks">The addresses that it may come from; may be empty only on serial lines.</param>
/// <param name="Verifier">What is kept of the code (<see cref="Vault.IKeyVault.CreateEnrolmentVerifier"/>).</param>
/// <param name="ExpiresAt">Until when the code is good, UTC.</param>
public sealed record TerminalInvitation(
    TerminalId Terminal, ValueList<LineNumber> Lines, ValueList<IPNetwork> Networks, ByteString Verifier, DateTimeOffset ExpiresAt)
{
    /// <summary>The longest that a code may be good.</summary>
    public static readonly TimeSpan MaxValidity = TimeSpan.FromDays(7);

    /// <summary>Wrong codes for one terminal from one place, after which that place is not listened to until there is a new code.</summary>
    public const int TriesPerPlace = 5;

    /// <summary>Wrong codes for one terminal from all places together, after which the code is worth nothing.</summary>
    public const int TriesInAll = 20;

    /// <summary>Who made the code.</summary>
    public string MadeBy { get; init; } = "";

    /// <summary>When, UTC.</summary>
    public DateTimeOffset MadeAt { get; init; }

    /// <summary>When a terminal enrolled with it, UTC; null before. Until it expires it answers that terminal again, which may have missed
    /// the answer.</summary>
    public DateTimeOffset? UsedAt { get; init; }

    internal bool Fits(LinePeer peer) => peer.Line is { } line && Lines.Contains(line)
        && TerminalAdmission.AddressFits(peer.Address, Networks);

    /// <summary>The terminal as it would be known, with the keys that it brings.</summary>
    internal TerminalRecord ToRecord(TerminalKeys keys) =>
        new(Terminal, Lines, Networks, keys.CredentialKey, keys.AgreementKey, keys.Certificate, keys.KeyVersion, Enabled: true);
}

/// <summary>What became of a terminal's keys.</summary>
public enum EnrolmentEnd
{
    /// <summary>They are known now, or were already: it asks again.</summary>
    Known,
    /// <summary>There is no code for it any more, or it is another one, or who made it may not do so any more.</summary>
    NoCode,
    /// <summary>The code was used, with other keys.</summary>
    Used,
    /// <summary>Another terminal has one of the keys.</summary>
    SameCredential,
    /// <summary>The terminal is disabled, or is not there, or its present keys are others by now.</summary>
    NotNow,
}

/// <summary>One set of a terminal's keys.</summary>
/// <param name="CredentialKey">The credential's public key, 65 bytes.</param>
/// <param name="AgreementKey">The agreement key, 65 bytes.</param>
/// <param name="Certificate">SHA-256 of the TLS certificate, or empty.</param>
/// <param name="KeyVersion">Their version, 1 or greater.</param>
public sealed record TerminalKeys(ByteString CredentialKey, ByteString AgreementKey, ByteString Certificate, int KeyVersion);

/// <summary>How terminals become known by themselves, and how their keys are renewed.</summary>
/// <remarks>Every call throws <see cref="Storage.StoreException"/> when the store cannot be read or written.</remarks>
public interface ITerminalEnrolments
{
    /// <summary>Lets a terminal enrol with a code; an earlier code for the same name is worth nothing any more.</summary>
    /// <returns><see cref="TerminalChange.NeedsApproval"/> where a terminal of these addresses, or one that was disabled, is not one
    /// person's to add.</returns>
    /// <exception cref="ArgumentException">What is given does not hold together; the message says why.</exception>
    Task<TerminalChange> InviteAsync(TerminalInvitation enrolment, CenterPerson person, CancellationToken cancellation = default);

    /// <summary>All that is kept of codes, by terminal; also of used and expired ones.</summary>
    Task<IReadOnlyList<TerminalInvitation>> InvitationsAsync(CancellationToken cancellation = default);

    /// <summary>What is kept of a terminal's code; null when there is none.</summary>
    Task<TerminalInvitation?> InvitationAsync(TerminalId terminal, CancellationToken cancellation = default);

    /// <summary>Whether some unused code, of somebody who may make one still, is good for who comes from there: only then is an unknown
    /// certificate let through a handshake.</summary>
    Task<bool> AwaitsAsync(LinePeer peer, CancellationToken cancellation = default);

    /// <summary>How many wrong codes there were for a terminal, from one place and in all, since its code was made.</summary>
    Task<(int OfPlace, int InAll)> EnrolmentTriesAsync(TerminalId terminal, LinePlace place, CancellationToken cancellation = default);

    /// <summary>Counts a wrong code.</summary>
    Task CountEnrolmentTryAsync(TerminalId terminal, LinePlace place, CancellationToken cancellation = default);

    /// <summary>The terminal proved its code: it is known from now on, by these keys, and the code is used.</summary>
    /// <param name="enrolment">By which it was judged.</param>
    /// <param name="keys">Its keys.</param>
    /// <param name="cancellation">Gives up.</param>
    Task<EnrolmentEnd> EnrolAsync(TerminalInvitation enrolment, TerminalKeys keys, CancellationToken cancellation = default);

    /// <summary>The terminal proved its present keys: the next ones are good from now on, the present ones until it first comes with the
    /// next.</summary>
    Task<EnrolmentEnd> RenewAsync(TerminalRecord present, TerminalKeys next, CancellationToken cancellation = default);

    /// <summary>The terminal came with its next keys: those of before are worth nothing any more.</summary>
    /// <returns>Whether they were its next ones.</returns>
    Task<bool> TakeNextKeysAsync(TerminalId terminal, TerminalKeys next, CancellationToken cancellation = default);

    /// <summary>Takes a terminal away: its codes, its readers, its session. Its row stays for the log; the name may be enrolled
    /// again.</summary>
    Task<TerminalChange> RemoveAsync(TerminalId terminal, CenterPerson person, CancellationToken cancellation = default);
}
