using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Keys;

/// <summary>A reader that is known. What is null is not compared; everything else must be equal, and come from the reader itself.</summary>
/// <param name="Kind">How it is attached: <c>pcsc</c>, <c>serial</c>, <c>virtual</c>.</param>
/// <param name="Vendor">The maker's name.</param>
/// <param name="Model">The model name.</param>
/// <param name="Serial">The reader's own serial number. Without it, <paramref name="LetInWithoutIdentity"/> must be set.</param>
/// <param name="Firmware">The firmware version.</param>
/// <param name="Ports">Ports that it may hang on, <c>*</c> standing for anything; empty means that the port is not compared.</param>
/// <param name="LetInWithoutIdentity">Says in so many words that a reader without a serial number of its own is let in.</param>
/// <param name="Key">The key that it carries, or null. With one the reader is known only when it also answers a fresh challenge.</param>
public sealed record ReaderEntry(
    string? Kind = null, string? Vendor = null, string? Model = null, string? Serial = null, string? Firmware = null,
    ValueList<string> Ports = default, bool LetInWithoutIdentity = false, P256PublicKey? Key = null)
{
    /// <summary>The most ports of one entry.</summary>
    public const int MaxPorts = 16;

    internal string? Fault()
    {
        string?[] texts = [Kind, Vendor, Model, Serial, Firmware, .. Ports.Span];
        if (texts.Any(text => text is { Length: 0 or > FieldLimits.MaxReaderText })) return $"a text has 1 to {FieldLimits.MaxReaderText} characters, or is left out";
        if (Ports.Count > MaxPorts) return $"an entry has at most {MaxPorts} ports";
        return Serial is null && !LetInWithoutIdentity ? "an entry without a serial number must say letInWithoutIdentity" : null;
    }

    /// <summary>Whether what the reader tells of itself fits; its key is another matter.</summary>
    internal bool Fits(ReaderIdentity reader) => Misfits(reader).Count == 0;

    /// <summary>What does not fit, by name, the serial number first; none when the reader is the one meant.</summary>
    internal IReadOnlyList<string> Misfits(ReaderIdentity reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var misfits = new List<string>();
        if (Differs(Serial, reader.Serial)) misfits.Add(SerialNumber);
        if (Differs(Kind, reader.Kind)) misfits.Add("kind");
        if (Differs(Vendor, reader.Vendor)) misfits.Add("vendor");
        if (Differs(Model, reader.Model)) misfits.Add("model");
        if (Differs(Firmware, reader.Firmware)) misfits.Add("firmware");
        if (Ports.Count > 0 && !Ports.Any(pattern => PortFits(pattern, reader.Port))) misfits.Add("port");
        return misfits;
    }

    internal const string SerialNumber = "serial number";

    private static bool Differs(string? known, string? found) => known is not null && !string.Equals(known, found, StringComparison.Ordinal);

    private static bool PortFits(string pattern, string? port) =>
        port is not null && System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern.Replace("\\", "\\\\", StringComparison.Ordinal), port, ignoreCase: false);
}
