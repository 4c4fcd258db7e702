using CardIssue.Core.Primitives;

namespace CardIssue.Core.Protocol.Messages;

/// <summary>Caps of single message fields, besides <see cref="ProtocolLimits"/>. Encoder and decoder both hold them.</summary>
public static class FieldLimits
{
    /// <summary>The highest protocol version number that has a place in a message.</summary>
    internal const int MaxVersion = 255;

    /// <summary>Length of a signature in bytes, ECDSA P-256 r‖s.</summary>
    internal const int SignatureLength = 64;

    /// <summary>Length of a confirmation of an agreement key in bytes.</summary>
    internal const int ConfirmationLength = 32;

    /// <summary>Length of what names a TLS certificate in bytes, SHA-256 of its DER.</summary>
    internal const int CertificateLength = 32;

    /// <summary>The longest signed reader list in bytes.</summary>
    internal const int MaxReaderList = 65_536;

    /// <summary>The longest signed note of a witness in bytes.</summary>
    internal const int MaxWitness = 512;

    /// <summary>The longest signed statement about a center's certificate in bytes.</summary>
    internal const int MaxCenterCertificate = 256;

    /// <summary>The longest signed statement about a center's keys in bytes.</summary>
    internal const int MaxCenterKeys = 384;

    /// <summary>The longest sealed issue code in bytes.</summary>
    internal const int MaxSealedCode = 256;

    /// <summary>The longest ticket in bytes.</summary>
    internal const int MaxTicket = 1_024;

    /// <summary>The longest identity of a card in bytes, as a message and a ticket hold it.</summary>
    internal const int MaxCardId = 64;

    /// <summary>The longest card number in characters (ISO/IEC 7812-1), masked or not.</summary>
    internal const int MaxCardNumber = 19;

    /// <summary>The longest answer to reset in bytes (ISO 7816-3 8.2.1); the shortest has <see cref="MinAtr"/>.</summary>
    internal const int MaxAtr = 33;

    /// <summary>The shortest answer to reset in bytes.</summary>
    internal const int MinAtr = 2;

    /// <summary>The longest payload of a command in bytes: an extended command APDU (65,544 bytes, ISO 7816-4 5.1) and a seal's tag of 16.</summary>
    internal const int MaxPayload = 65_544 + 16;

    /// <summary>The most status words that a command may name.</summary>
    internal const int MaxExpected = 32;

    /// <summary>The longest response APDU in bytes: 65,536 of data and two of status word (ISO 7816-4 5.1).</summary>
    internal const int MaxResponse = 65_536 + 2;

    /// <summary>
    /// The most bytes that all responses of a <see cref="Result"/> take, each by <see cref="RoomOf"/>: a message without its map, type,
    /// sequence number, stop and refusal.
    /// </summary>
    internal const int MaxResponses = MessageCodec.MaxMessage - (1 + 2 + (1 + 5) + (1 + 1) + (1 + 3) + (1 + 2));

    /// <summary>The bytes that a response takes in a <see cref="Result"/>: itself and its head (RFC 8949 §3).</summary>
    /// <param name="length">Its length in bytes.</param>
    internal static int RoomOf(int length) => length + length switch { < 24 => 1, <= byte.MaxValue => 2, <= ushort.MaxValue => 3, _ => 5 };

    /// <summary>Whether these bytes can be an answer to reset.</summary>
    internal static bool IsAtr(ByteString bytes) => bytes.Length is >= MinAtr and <= MaxAtr;

    /// <summary>The longest of a reader's own words, such as its serial number, in characters.</summary>
    public const int MaxReaderText = 128;

    /// <summary>The longest description of a reader, in characters.</summary>
    internal const int MaxReader = 256;

    /// <summary>The longest words of a <see cref="Disconnect"/> on what was expected, and on what came, in characters.</summary>
    internal const int MaxReason = 256;

    /// <summary>The highest number of a code that is shown and decides nothing.</summary>
    internal const int MaxShownCode = 255;
}
