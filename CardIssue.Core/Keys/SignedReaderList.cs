using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Keys;

/// <summary>
/// A reader list as it travels: deterministic CBOR, body and signature (<c>messages.cddl</c>). Signed is the CBOR array of
/// "CardIssue 1 reader list" and the body: ECDSA P-256 with SHA-256.
/// </summary>
internal static class SignedReaderList
{
    private const int Layout = 1, Fields = 5, PortsKey = 6, LetInKey = 7, KeyKey = 8;

    // An array head, the heads of body and signature, and the signature.
    private const int MaxEnvelope = 1 + 5 + 2 + P256PublicKey.SignatureLength;

    /// <summary>Signs a list.</summary>
    /// <param name="list">The list.</param>
    /// <param name="center">The center's signing key.</param>
    /// <exception cref="ArgumentException">The list breaks a rule, or is longer than a message can carry.</exception>
    public static ByteString Sign(ReaderList list, P256PrivateKey center)
    {
        ArgumentNullException.ThrowIfNull(list);
        ArgumentNullException.ThrowIfNull(center);
        if (Fault(list) is { } fault) throw new ArgumentException($"The reader list of {list.Terminal}: {fault}.", nameof(list));
        return SignedBody.Sign(ProtocolLabels.ReaderList, WriteBody(list), center);
    }

    /// <summary>Why a list cannot be signed: it breaks a rule, or is longer than a message can carry. Null when it can be.</summary>
    public static string? Fault(ReaderList list)
    {
        ArgumentNullException.ThrowIfNull(list);
        if (list.Fault() is { } fault) return fault;
        var length = WriteBody(list).Length + MaxEnvelope;
        return length <= FieldLimits.MaxReaderList ? null : $"it has {length} bytes; a message carries {FieldLimits.MaxReaderList}";
    }

    /// <summary>Verifies a list. Only what this returns may judge a reader.</summary>
    /// <param name="bytes">What came.</param>
    /// <param name="center">The center's signing key.</param>
    /// <param name="terminal">This terminal: another's list is refused.</param>
    /// <param name="list">The list.</param>
    public static bool TryVerify(ReadOnlyMemory<byte> bytes, P256PublicKey center, TerminalId terminal, [NotNullWhen(true)] out VerifiedReaderList? list)
    {
        ArgumentNullException.ThrowIfNull(center);
        var read = SignedBody.Read(ProtocolLabels.ReaderList, bytes, FieldLimits.MaxReaderList, center, ReadBody);
        list = read is not null && read.Fault() is null && read.Terminal == terminal ? new VerifiedReaderList(read) : null;
        return list is not null;
    }

    internal static byte[] Signed(byte[] body) => SignedBody.Signed(ProtocolLabels.ReaderList, body);

    internal static byte[] WriteBody(ReaderList list)
    {
        var cbor = SignedBody.Begin(Fields, Layout, list.Terminal.Value);
        cbor.WriteInt32(2);
        cbor.WriteInt32(list.Version);
        cbor.WriteInt32(3);
        cbor.WriteInt64(list.IssuedAt.ToUnixTimeSeconds());
        cbor.WriteInt32(4);
        cbor.WriteStartArray(list.Entries.Count);
        foreach (var entry in list.Entries) WriteEntry(cbor, entry);
        cbor.WriteEndArray();
        cbor.WriteEndMap();
        return cbor.Encode();
    }

    private static void WriteEntry(CborWriter cbor, ReaderEntry entry)
    {
        string?[] texts = [entry.Kind, entry.Vendor, entry.Model, entry.Serial, entry.Firmware];
        cbor.WriteStartMap(texts.Count(text => text is not null) + (entry.Ports.Count > 0 ? 1 : 0) + (entry.LetInWithoutIdentity ? 1 : 0) + (entry.Key is null ? 0 : 1));
        for (var i = 0; i < texts.Length; i++)
        {
            if (texts[i] is not { } text) continue;
            cbor.WriteInt32(i + 1);
            cbor.WriteTextString(text);
        }
        if (entry.Ports.Count > 0)
        {
            cbor.WriteInt32(PortsKey);
            cbor.WriteStartArray(entry.Ports.Count);
            foreach (var port in entry.Ports) cbor.WriteTextString(port);
            cbor.WriteEndArray();
        }
        if (entry.LetInWithoutIdentity)
        {
            cbor.WriteInt32(LetInKey);
            cbor.WriteBoolean(true);
        }
        if (entry.Key is { } key)
        {
            cbor.WriteInt32(KeyKey);
            cbor.WriteByteString(key.Encoded.Span);
        }
        cbor.WriteEndMap();
    }

    private static ReaderList? ReadBody(CborReader cbor)
    {
        if (SignedBody.ReadName(cbor, Fields, Layout) is not { } terminal || cbor.ReadInt32() != 2) return null;
        var version = cbor.ReadInt32();
        if (cbor.ReadInt32() != 3) return null;
        var issuedAt = DateTimeOffset.FromUnixTimeSeconds(cbor.ReadInt64());
        if (cbor.ReadInt32() != 4 || cbor.ReadStartArray() is not { } count || count > ReaderList.MaxEntries) return null;
        var entries = new ReaderEntry[count];
        for (var i = 0; i < count; i++)
        {
            if (ReadEntry(cbor) is not { } entry) return null;
            entries[i] = entry;
        }
        cbor.ReadEndArray();
        cbor.ReadEndMap();
        return cbor.BytesRemaining == 0 ? new ReaderList(new TerminalId(terminal), version, issuedAt, ValueList.Create<ReaderEntry>(entries)) : null;
    }

    private static ReaderEntry? ReadEntry(CborReader cbor)
    {
        var texts = new string?[PortsKey];
        var ports = ValueList<string>.Empty;
        var letIn = false;
        var carried = default(P256PublicKey);
        var fields = cbor.ReadStartMap();
        for (var i = 0; i < fields; i++)
        {
            var key = cbor.ReadInt32();
            if (key is >= 1 and < PortsKey) texts[key] = cbor.ReadTextString();
            else if (key == PortsKey) ports = ReadPorts(cbor);
            else if (key == LetInKey) letIn = cbor.ReadBoolean();
            else if (key != KeyKey || !P256PublicKey.TryParse(cbor.ReadByteString(), out carried)) return null;
        }
        cbor.ReadEndMap();
        return new ReaderEntry(texts[1], texts[2], texts[3], texts[4], texts[5], ports, letIn, carried);
    }

    private static ValueList<string> ReadPorts(CborReader cbor)
    {
        var ports = new string[cbor.ReadStartArray() is { } count and <= ReaderEntry.MaxPorts ? count : throw new CborContentException("too many ports")];
        for (var i = 0; i < ports.Length; i++) ports[i] = cbor.ReadTextString();
        cbor.ReadEndArray();
        return ValueList.Create<string>(ports);
    }
}
