using System.Net;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Terminals;

/// <summary>A terminal that the center knows.</summary>
/// <param name="Terminal">Its name.</param>
/// <param name="Lines">The dedicated lines that it may come in on; at least one.</param>
/// <param name="Networks">The addresses that it may come from; may be empty only for a terminal on serial lines.</param>
/// <param name="CredentialKey">Its credential's public key, ECDSA P-256: the uncompressed point, 65 bytes (<see cref="P256PublicKey"/>).</param>
/// <param name="AgreementKey">Its module's public agreement key, ECDH P-256: the uncompressed point, 65 bytes.</param>
/// <param name="Certificate">SHA-256 of its TLS client certificate (32 bytes), or empty when it comes in without TLS.</param>
/// <param name="KeyVersion">The version of its transport key, 1 or greater.</param>
/// <param name="Enabled">Whether it is let in.</param>
public sealed record TerminalRecord(
    TerminalId Terminal, ValueList<LineNumber> Lines, ValueList<IPNetwork> Networks, ByteString CredentialKey, ByteString AgreementKey,
    ByteString Certificate, int KeyVersion, bool Enabled)
{
    /// <summary>
    /// Why it gets no orders; null when it does. Not a part of what is put: <see cref="ITerminalRegistry.ReleaseAsync"/> ends it.
    /// </summary>
    public TerminalHold? Hold { get; init; }

    /// <summary>The keys that it may come with besides these, from a renewal on until it first does; null otherwise. Not a part of what is put.</summary>
    public TerminalKeys? Next { get; init; }

    /// <summary>Whether it was taken away: its row is there for the log alone. Not a part of what is put.</summary>
    public bool Removed { get; init; }

    /// <summary>The branch that it is of; null for none. Not a part of what is put: <see cref="ITerminalRegistry.SetBranchAsync"/> says it.</summary>
    public BranchId? Branch { get; init; }

    /// <summary>The keys that it has.</summary>
    internal TerminalKeys Keys => new(CredentialKey, AgreementKey, Certificate, KeyVersion);

    /// <summary>The same terminal with other keys.</summary>
    internal TerminalRecord With(TerminalKeys keys) => this with
    {
        CredentialKey = keys.CredentialKey, AgreementKey = keys.AgreementKey, Certificate = keys.Certificate, KeyVersion = keys.KeyVersion,
    };

    /// <summary>The most lines, and the most networks, of one terminal.</summary>
    public const int MaxEntries = 64;

    /// <summary>The most addresses that one person alone may let a terminal come from; more are asked for by one and approved by another.</summary>
    public const int MaxAddressesAlone = 1;

    /// <summary>Whether it may come from more than <see cref="MaxAddressesAlone"/> address.</summary>
    public bool IsWide => IsWideOver(Networks);

    internal static bool IsWideOver(ValueList<IPNetwork> networks) =>
        networks.Count > MaxAddressesAlone || networks.Any(network => network.PrefixLength < network.BaseAddress.GetAddressBytes().Length * 8);

    internal static string? PlaceFault(ValueList<LineNumber> lines, ValueList<IPNetwork> networks) =>
        lines.Count is 0 or > MaxEntries ? $"a terminal has 1 to {MaxEntries} lines"
        : lines.Any(line => line.Value < 1) ? "line numbers start at 1"
        : networks.Count > MaxEntries ? $"a terminal has at most {MaxEntries} networks"
        : null;

    internal string? Fault => PlaceFault(Lines, Networks) is { } place ? place
        : !P256PublicKey.TryParse(CredentialKey.Span, out _) ? $"a credential key is an uncompressed P-256 point of {P256PublicKey.Length} bytes on the curve"
        : !P256PublicKey.TryParse(AgreementKey.Span, out _) ? $"an agreement key is an uncompressed P-256 point of {P256PublicKey.Length} bytes on the curve"
        : Certificate.Length is not (0 or 32) ? "a certificate's SHA-256 has 32 bytes"
        : KeyVersion < 1 ? "key versions start at 1"
        : null;
}

/// <summary>Terminals that were added or changed.</summary>
/// <param name="Revision">Up to where these are all changes.</param>
/// <param name="Terminals">The terminals, as they are now.</param>
public sealed record TerminalChanges(long Revision, IReadOnlyList<TerminalRecord> Terminals);

/// <summary>A card reader that a terminal may use, as the signed reader list has it; null is not compared.</summary>
/// <param name="Kind">The kind of reader, such as "pcsc" or "serial".</param>
/// <param name="Vendor">The vendor's name.</param>
/// <param name="Model">The model.</param>
/// <param name="Serial">The serial number; needed, unless <paramref name="LetInWithoutIdentity"/>.</param>
/// <param name="Firmware">The firmware's version.</param>
/// <param name="Ports">Patterns of the ports that it may hang on; empty for any.</param>
/// <param name="LetInWithoutIdentity">Lets a reader in that has no serial number; a decision to be written down.</param>
/// <param name="Key">The public key that the reader carries and must prove, an uncompressed P-256 point of 65 bytes, or empty.</param>
public sealed record ReaderRecord(
    string Kind, string? Vendor, string? Model, string? Serial, string? Firmware, ValueList<string> Ports, bool LetInWithoutIdentity, ByteString Key = default)
{
    /// <summary>The reader as the signed list has it.</summary>
    internal ReaderEntry ToEntry() =>
        new(Kind, Vendor, Model, Serial, Firmware, Ports, LetInWithoutIdentity, Key.IsEmpty ? null : P256PublicKey.Parse(Key.Span));

    internal string? Fault =>
        !NameRule.Accepts(Kind) ? "a reader's kind is a name"
        : Serial is null && !LetInWithoutIdentity ? "a reader needs a serial number, or the explicit leave to be let in without"
        : Ports.Any(port => port.Length == 0 || port.Contains('\n')) ? "a port pattern is one line and not empty"
        : !Key.IsEmpty && !P256PublicKey.TryParse(Key.Span, out _) ? $"a reader's key is an uncompressed P-256 point of {P256PublicKey.Length} bytes on the curve"
        : null;
}

/// <summary>The readers that a terminal may use.</summary>
/// <param name="Version">Counts the changes of this terminal's readers, from 1.</param>
/// <param name="Readers">The readers, in their order.</param>
public sealed record TerminalReaders(int Version, IReadOnlyList<ReaderRecord> Readers);

/// <summary>How a dedicated line reaches the center. The numbers are in the store: never change one.</summary>
public enum LineKind
{
    /// <summary>TLS over TCP.</summary>
    Tls = 1,
    /// <summary>TCP without TLS; each message carries a counter and a MAC.</summary>
    Tcp = 2,
    /// <summary>A serial port without TLS.</summary>
    Serial = 3,
    /// <summary>TLS over a serial port.</summary>
    SerialTls = 4,
}

/// <summary>A dedicated line as the center's configuration has it.</summary>
/// <param name="Line">Its number, 1 or greater.</param>
/// <param name="Kind">How it reaches the center.</param>
/// <param name="Listen">Where to listen: "address:port", or the serial port's name and speed.</param>
/// <param name="Results">For the data half of a split line: the number of the line that carries its results; null for a whole line, and for a line of results itself.</param>
public sealed record LineRecord(LineNumber Line, LineKind Kind, string Listen, LineNumber? Results = null);
