namespace CardIssue.TerminalHost.Answers;

/// <summary>What <c>check</c> found of a part.</summary>
internal sealed record FindingAnswer(string Part, string Finding, string Text);

/// <summary>Where <c>service</c> lets programs in.</summary>
internal sealed record DoorAnswer(string Type, string Door, string Place);

/// <summary>What <c>module rotate</c> did.</summary>
internal sealed record RotationAnswer(bool Ok, string Terminal, int KeyVersion, string TlsCertificateSha256);

/// <summary>A note of the center that the module keeps.</summary>
internal sealed record NoteAnswer(long Generation, string Chain, long Entry);

/// <summary>What is public of a module.</summary>
internal sealed record ModuleAnswer(
    bool Ok,
    string Terminal,
    int KeyVersion,
    string TlsCertificateSha256,
    DateTime? TlsCertificateUntil,
    string? Center,
    string? CenterTlsCertificateSha256,
    int? CenterKeys,
    string File,
    string Enrolment,
    IReadOnlyList<NoteAnswer> Notes);

/// <summary>A reader that <c>reader list</c> looked at.</summary>
internal sealed record ReaderAnswer(
    bool Ok,
    string Reader,
    string? Kind,
    string? Name,
    string? Vendor,
    string? Model,
    string? Serial,
    string? Firmware,
    string? Port,
    IReadOnlyList<string>? NotTold,
    bool Answers,
    bool CardIn,
    string? Fault);

/// <summary>What the center says to <c>reader enroll</c>.</summary>
internal sealed record ReaderStandingAnswer(bool Ok, string Standing, bool Usable, string Text);

/// <summary>What <c>reader enroll --offline</c> has the center's operator type.</summary>
internal sealed record ReaderCommandAnswer(
    bool Ok,
    string Terminal,
    string Kind,
    string? Vendor,
    string? Model,
    string? Serial,
    string? Firmware,
    string? Key,
    string Command);
