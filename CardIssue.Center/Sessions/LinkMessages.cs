using System.Formats.Cbor;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Sessions;

/// <summary>
/// What two hosts say to each other about a results half before its frames follow as they came: the host of the results half asks, that of the data
/// half judges the token, and once the first has that in its log it says that it is ready. CBOR arrays that begin with the version.
/// </summary>
internal static class LinkMessages
{
    /// <summary>Of this form of words; a host that has another refuses.</summary>
    public const int Version = 1;

    /// <summary>The longest of them, in bytes.</summary>
    public const int MaxLength = 1_024;

    /// <summary>The longest word about a token.</summary>
    public const int MaxDetail = 256;

    /// <summary>Reads what the other host said; whatever the bytes are, no exception comes of them.</summary>
    /// <returns>Null where it is of another form.</returns>
    public static T? Read<T>(ReadOnlyMemory<byte> bytes, int fields, Func<CborReader, T> read) where T : class
    {
        if (bytes.Length > MaxLength) return null;
        try
        {
            var cbor = new CborReader(bytes, CborConformanceMode.Ctap2Canonical);
            if (cbor.ReadStartArray() != fields + 1 || cbor.ReadInt32() != Version) return null;
            var said = read(cbor);
            cbor.ReadEndArray();
            return cbor.BytesRemaining == 0 ? said : null;
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException or OverflowException or FormatException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>As it is said.</summary>
    public static byte[] Write(int fields, Action<CborWriter> write)
    {
        var cbor = new CborWriter(CborConformanceMode.Ctap2Canonical);
        cbor.WriteStartArray(fields + 1);
        cbor.WriteInt32(Version);
        write(cbor);
        cbor.WriteEndArray();
        return cbor.Encode();
    }
}

/// <summary>Asks for a results half to be joined.</summary>
/// <param name="Host">The host where it came in.</param>
/// <param name="Session">Its session there.</param>
/// <param name="Terminal">The terminal, which that host has let in.</param>
/// <param name="Results">The line that it came in on.</param>
/// <param name="Join">What it said.</param>
internal sealed record HalfAtHost(string Host, string Session, TerminalId Terminal, LineNumber Results, Join Join)
{
    private const int Fields = 5;

    public byte[] Write() => LinkMessages.Write(Fields, cbor =>
    {
        cbor.WriteTextString(Host);
        cbor.WriteTextString(Session);
        cbor.WriteTextString(Terminal.Value);
        cbor.WriteInt32(Results.Value);
        cbor.WriteByteString(Join.Token.Span);
    });

    public static HalfAtHost? Read(ReadOnlyMemory<byte> bytes) => LinkMessages.Read(bytes, Fields, cbor => new HalfAtHost(
        Plain(cbor.ReadTextString()), Plain(cbor.ReadTextString()), new TerminalId(cbor.ReadTextString()), new LineNumber(cbor.ReadInt32()),
        new Join(Token(cbor.ReadByteString()))));

    private static string Plain(string text) => PlainText.Accepts(text, LinkMessages.MaxDetail) ? text : throw new FormatException("That is no name.");

    private static ByteString Token(byte[] token) =>
        token.Length == ProtocolLimits.TokenLength ? ByteString.Own(token) : throw new FormatException("That is no token.");
}

/// <summary>What came of it.</summary>
/// <param name="Fits">Whether it is joined.</param>
/// <param name="Detail">For the log of the host that asked.</param>
internal sealed record HalfJudged(bool Fits, string Detail)
{
    private const int Fields = 2;

    public byte[] Write() => LinkMessages.Write(Fields, cbor =>
    {
        cbor.WriteBoolean(Fits);
        cbor.WriteTextString(PlainText.Of(Detail, LinkMessages.MaxDetail));
    });

    public static HalfJudged? Read(ReadOnlyMemory<byte> bytes) => LinkMessages.Read(bytes, Fields,
        cbor => new HalfJudged(cbor.ReadBoolean(), PlainText.Of(cbor.ReadTextString(), LinkMessages.MaxDetail)));
}

/// <summary>That all that follows are the half's frames.</summary>
internal sealed record HalfReady
{
    private const int Fields = 0;

    public static byte[] Write() => LinkMessages.Write(Fields, static _ => { });

    public static HalfReady? Read(ReadOnlyMemory<byte> bytes) => LinkMessages.Read(bytes, Fields, static _ => new HalfReady());
}
