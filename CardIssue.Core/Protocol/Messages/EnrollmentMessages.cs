using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Protocol.Messages;

/// <summary>Terminal to center: this reader is here and wants to be known. What the driver could not learn is null.</summary>
/// <param name="Kind">How it is attached: <c>pcsc</c>, <c>serial</c>, <c>virtual</c>; a name (<see cref="NameRule"/>).</param>
/// <param name="Vendor">The maker's name, 1 to <see cref="FieldLimits.MaxReaderText"/> characters, or null.</param>
/// <param name="Model">The model name, likewise.</param>
/// <param name="Serial">The serial number, likewise.</param>
/// <param name="Firmware">The firmware version, likewise.</param>
/// <param name="Port">The port that it hangs on, likewise.</param>
/// <param name="Key">The public key that it carries, <see cref="P256PublicKey.Length"/> bytes, or empty. Only claimed here: it is proved at each check.</param>
public sealed record EnrollReader(
    string Kind, string? Vendor = null, string? Model = null, string? Serial = null, string? Firmware = null, string? Port = null, ByteString Key = default) : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.EnrollReader;

    /// <summary>What the reader says of itself; the system's name for it is not told, for it proves nothing.</summary>
    public ReaderIdentity Identity => new(Kind, "", Vendor, Model, Serial, Firmware, Port);

    /// <summary>Makes the message, or says why a reader that tells such things of itself cannot be enrolled.</summary>
    /// <param name="reader">What the driver learned.</param>
    /// <param name="key">The key that it carries, or null.</param>
    /// <param name="fault">What is wrong; never the reader's words. Null when there is a message.</param>
    internal static EnrollReader? TryMake(ReaderIdentity reader, P256PublicKey? key, out string? fault)
    {
        ArgumentNullException.ThrowIfNull(reader);
        string?[] texts = [reader.Vendor, reader.Model, reader.Serial, reader.Firmware, reader.Port];
        fault = !NameRule.Accepts(reader.Kind) ? "its kind is no name"
            : texts.Any(text => text is not null && !TextRule.Accepts(text, 1, FieldLimits.MaxReaderText, lines: false))
                ? $"what it tells of itself is empty, longer than {FieldLimits.MaxReaderText} characters, or holds control characters"
            : null;
        return fault is null ? new EnrollReader(reader.Kind, reader.Vendor, reader.Model, reader.Serial, reader.Firmware, reader.Port, key?.Encoded ?? default) : null;
    }
}

/// <summary>Center to terminal: answers <see cref="EnrollReader"/>.</summary>
/// <param name="Status">How the reader stands.</param>
/// <param name="ReaderList">With <see cref="ReaderStanding.Known"/>: the list that names it, signed, at most <see cref="FieldLimits.MaxReaderList"/> bytes; else empty.</param>
internal sealed record ReaderEnrollment(ReaderStanding Status, ByteString ReaderList = default) : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.ReaderEnrollment;

    /// <summary>Without the list.</summary>
    public override string ToString() => $"ReaderEnrollment {{ {Status}, list of {ReaderList.Length} bytes }}";
}
