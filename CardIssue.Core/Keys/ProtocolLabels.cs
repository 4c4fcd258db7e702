using CardIssue.Core.Primitives;

namespace CardIssue.Core.Keys;

/// <summary>What a label stands in front of.</summary>
internal enum LabelKind
{
    /// <summary>What is signed: ECDSA P-256 with SHA-256 over the array.</summary>
    Signature,
    /// <summary>The info of a key: HKDF-SHA256, no salt, 32 bytes (<see cref="KeySchedule"/>).</summary>
    Key,
    /// <summary>The associated data of a seal: AES-256-GCM.</summary>
    Seal,
    /// <summary>What is hashed: SHA-256.</summary>
    Hash,
}

/// <summary>One use of <see cref="Labelled"/>.</summary>
/// <param name="Label">The array's first element.</param>
/// <param name="Kind">What the array is for.</param>
/// <param name="From">What signs, what the key is derived from, or what seals.</param>
/// <param name="Fields">The elements behind the label.</param>
/// <param name="Use">What comes of it.</param>
internal sealed record LabelUse(string Label, LabelKind Kind, string From, string Fields, string Use);

/// <summary>
/// Every label of the relay protocol; PROTOCOL.md prints the table. No two things have the same, so no signature, key or seal is good for
/// anything but what it was made for.
/// </summary>
internal static class ProtocolLabels
{
    public const string Proof = "CardIssue 1 proof";
    public const string Admitted = "CardIssue 1 admitted";
    public const string ReaderList = "CardIssue 1 reader list";
    public const string WitnessNote = "CardIssue 1 witness note";
    public const string ReaderChallenge = "CardIssue 1 reader challenge";
    public const string Transport = "CardIssue 1 transport";
    public const string Session = "CardIssue 1 session";
    public const string TerminalConfirms = "CardIssue 1 terminal confirms";
    public const string CenterConfirms = "CardIssue 1 center confirms";
    public const string LineToCenter = "CardIssue 1 line to center";
    public const string LineToTerminal = "CardIssue 1 line to terminal";
    public const string Opening = "CardIssue 1 opening";
    public const string IssueCode = "CardIssue 1 issue code";
    public const string Ticket = "CardIssue 1 ticket";
    public const string Command = "CardIssue 1 command";
    public const string Renews = "CardIssue 1 renews";
    public const string EnrolmentCheck = "CardIssue 1 enrolment check";
    public const string Enrolment = "CardIssue 1 enrolment";
    public const string Renewal = "CardIssue 1 renewal";
    public const string TerminalEnrols = "CardIssue 1 terminal enrols";
    public const string CenterEnrols = "CardIssue 1 center enrols";
    public const string CenterCertificate = "CardIssue 1 center certificate";
    public const string CenterKeys = "CardIssue 1 center keys";
    public const string Trace = "CardIssue 1 trace";

    private const string Enrolling = "terminal tstr, nonce bstr, credential key bstr, agreement key bstr, key version uint, certificate bstr, "
        + "terminal's certificate on this line bstr, center's certificate bstr";

    public static readonly ValueList<LabelUse> All =
    [
        new(Proof, LabelKind.Signature, "terminal's credential key",
            "Hello bstr, Challenge bstr, note bstr, center tstr, terminal's certificate bstr, center's certificate bstr",
            "Proof 1; its SHA-256 is the *admission hash*"),
        new(Admitted, LabelKind.Signature, "center's signing key",
            "admission hash bstr, Proof bstr, reader list bstr, join token bstr", "Admitted 1"),
        new(ReaderList, LabelKind.Signature, "center's signing key", "body bstr", "reader list"),
        new(WitnessNote, LabelKind.Signature, "center's signing key", "body bstr", "witness's note"),
        new(CenterCertificate, LabelKind.Signature, "center's signing key", "body bstr", "center's certificate"),
        new(CenterKeys, LabelKind.Signature, "center's signing key of before", "body bstr", "center's keys"),
        new(ReaderChallenge, LabelKind.Signature, "a reader's own key",
            "terminal tstr, nonce bstr, then kind, vendor, model, serial, firmware, port: tstr, or null where not told",
            "what a reader that carries a key answers; never on the line"),
        new(Transport, LabelKind.Key, "ECDH of module's and center's agreement keys",
            "terminal tstr, key version uint, module's agreement key bstr, center's agreement key bstr", "transport key"),
        new(Session, LabelKind.Key, "transport key", "admission hash bstr", "session key"),
        new(TerminalConfirms, LabelKind.Key, "session key", "none", "Proof 2"),
        new(CenterConfirms, LabelKind.Key, "session key", "SHA-256 of what Admitted's signature is over bstr", "Admitted 2"),
        new(LineToCenter, LabelKind.Key, "session key", "none", "MAC key of what the terminal sends on a line without TLS"),
        new(LineToTerminal, LabelKind.Key, "session key", "none", "MAC key of what the center sends on a line without TLS"),
        new(Opening, LabelKind.Key, "session key",
            "order tstr, card bstr, fencing number uint, opening uint, card cryptogram bstr", "opening key"),
        new(IssueCode, LabelKind.Key, "ECDH of an ephemeral key and the center's agreement key",
            "ephemeral key bstr, center's agreement key bstr, admission hash bstr, request number uint, reference tstr",
            "RequestIssue 3's key"),
        new(Renews, LabelKind.Signature, "terminal's present credential key", Enrolling, "EnrollTerminal 8"),
        new(EnrolmentCheck, LabelKind.Key, "the code's 12 bytes", "terminal tstr", "the code's last 3 bytes are its first"),
        new(Enrolment, LabelKind.Key, "the code's 12 bytes", "terminal tstr", "enrolment key"),
        new(Renewal, LabelKind.Key, "transport key of the present keys", "none", "enrolment key of a renewal"),
        new(TerminalEnrols, LabelKind.Key, "enrolment key", Enrolling, "EnrollTerminal 7"),
        new(CenterEnrols, LabelKind.Key, "enrolment key",
            "SHA-256 of the array of *terminal enrols* bstr, center tstr, signing key bstr, agreement key bstr, center's certificate bstr",
            "TerminalEnrolled 5"),
        new(Ticket, LabelKind.Seal, "opening key", "first sequence number of the script uint", "ticket 6"),
        new(Command, LabelKind.Seal, "opening key", "Script bstr, index uint from 0", "Command 2 of a sealed script"),
        new(Trace, LabelKind.Hash, "nothing secret", "admission hash bstr, request number uint", "trace of an issue; never on the line"),
    ];
}
