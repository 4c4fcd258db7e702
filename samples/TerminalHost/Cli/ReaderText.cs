using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;

namespace CardIssue.TerminalHost.Cli;

/// <summary>A reader in words: what its driver could learn of it, and what not.</summary>
internal static class ReaderText
{
    /// <summary>In one line.</summary>
    public static string Describe(ReaderAddress address, ReaderIdentity? identity) =>
        identity is null ? address.Text : $"{identity.Kind} reader {Shown(identity.Name)}, serial {Shown(identity.Serial) ?? "not told"}";

    /// <summary>What the driver could learn, a line each.</summary>
    public static IEnumerable<string> Lines(ReaderIdentity identity) =>
        Told(identity).Select(told => $"  {told.Name + ":",-14} {Shown(told.Value) ?? "the driver does not tell"}");

    /// <summary>The names of what the driver could not learn.</summary>
    public static IEnumerable<string> NotTold(ReaderIdentity identity) => Told(identity).Where(told => told.Value is null).Select(told => told.Name);

    /// <summary>What the center's operator types to add the reader by hand.</summary>
    public static string CenterCommand(string terminal, ReaderIdentity identity, P256PublicKey? key) =>
        $"centerhost reader add --terminal {terminal} --kind {identity.Kind}"
        + Given("--vendor", identity.Vendor) + Given("--model", identity.Model) + Given("--serial", identity.Serial) + Given("--firmware", identity.Firmware)
        + (key is null ? "" : $" --key {key}");

    private static (string Name, string? Value)[] Told(ReaderIdentity identity) =>
        [("vendor", identity.Vendor), ("model", identity.Model), ("serial number", identity.Serial), ("firmware", identity.Firmware), ("port", identity.Port)];

    // A reader's own words move no cursor here.
    private static string? Shown(string? text) => text is null ? null : string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));

    private static string Given(string option, string? value) => value is null ? "" : $" {option} {Quoted(value)}";

    /// <summary>For a POSIX shell: what a reader says of itself must not become a command.</summary>
    private static string Quoted(string value) => value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')
        ? value
        : $"'{value.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
