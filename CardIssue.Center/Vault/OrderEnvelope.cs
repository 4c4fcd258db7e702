using System.Security.Cryptography;
using System.Text;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;
using Org.BouncyCastle.Asn1.X509;

namespace CardIssue.Center.Vault;

/// <summary>
/// An envelope does not open: it is not for this center, not by a way that it takes, or was changed. Which, is not told: who may send
/// envelopes again and again must not learn from it.
/// </summary>
public sealed class OrderEnvelopeException : CardIssueException
{
    internal OrderEnvelopeException(Exception? inner = null)
        : base("The file does not open: it is not encrypted to a key that this center has, or not by a way that it takes (see order key export), or it was changed.", inner)
    {
    }
}

/// <summary>
/// Opens what is encrypted to the center: CMS (RFC 5652), AuthEnvelopedData with AES-256-GCM (RFC 5083, 5084) for a P-256 key by ECDH
/// (RFC 5753) and AES-256 key wrap, in DER, BER or PEM, or as S/MIME. EnvelopedData with AES-256-CBC, which shows no change, where it is asked for.
/// </summary>
public static class OrderEnvelope
{
    /// <summary>The most recipients of one message that are looked at.</summary>
    internal const int MaxRecipients = 100;

    /// <summary>The longest text that is encrypted by itself, in bytes of CMS.</summary>
    internal const int MaxText = 64 * 1024;

    private const byte Sequence = 0x30;
    private const int KeyBits = 8 * VaultContent.KeyLength, MaxHeader = 64, MaxHeaderLine = 1_000;
    private const string Aes256Gcm = "2.16.840.1.101.3.4.1.46", Aes256Cbc = "2.16.840.1.101.3.4.1.42", Aes256Wrap = "2.16.840.1.101.3.4.1.45",
        AuthEnveloped = "1.2.840.113549.1.9.16.1.23", Enveloped = "1.2.840.113549.1.7.3";

    /// <summary>RFC 5753 §7.1.4: dhSinglePass-stdDH with X9.63's key derivation.</summary>
    private static readonly Dictionary<string, HashAlgorithmName> Agreements = new()
    {
        ["1.3.133.16.840.63.0.2"] = HashAlgorithmName.SHA1,
        ["1.3.132.1.11.1"] = HashAlgorithmName.SHA256,
        ["1.3.132.1.11.2"] = HashAlgorithmName.SHA384,
        ["1.3.132.1.11.3"] = HashAlgorithmName.SHA512,
    };

    /// <summary>Whether a file is an envelope, by how it begins: DER or BER, PEM (RFC 7468 §9), or the first header of S/MIME.</summary>
    /// <param name="start">Its first bytes, <see cref="StartLength"/> where there are as many.</param>
    public static bool Is(ReadOnlySpan<byte> start) =>
        (start.Length > 1 && start[0] == Sequence && start[1] >= 0x80) || start.StartsWith("MIME-Version:"u8) || start.StartsWith("-----BEGIN CMS"u8);

    /// <summary>How many bytes <see cref="Is"/> wants.</summary>
    public const int StartLength = 16;

    /// <summary>
    /// Opens an envelope. What is read of it is not vouched for before it was read to its end: then a changed one throws, and all that came of
    /// it must be forgotten.
    /// </summary>
    /// <param name="envelope">The envelope; disposed with what is returned. 2 GiB at most.</param>
    /// <param name="keys">The center's keys.</param>
    /// <param name="allowCbc">Whether one that shows no change will do.</param>
    /// <returns>The content, to be read once.</returns>
    /// <exception cref="OrderEnvelopeException">It does not open.</exception>
    /// <exception cref="IOException">It could not be read.</exception>
    public static EnvelopeContent Open(Stream envelope, IOrderFileKeys keys, bool allowCbc = false)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        ArgumentNullException.ThrowIfNull(keys);
        try
        {
            var content = new ContentInfoParser((Asn1SequenceParser)new Asn1StreamParser(Binary(envelope)).ReadObject());
            var data = (Asn1SequenceParser)content.GetContent(Asn1Tags.Sequence);
            switch (content.ContentType.Id)
            {
                case AuthEnveloped:
                    var authenticated = new AuthEnvelopedDataParser(data);
                    authenticated.GetOriginatorInfo();
                    using (var key = Key(authenticated.GetRecipientInfos(), keys))
                        return EnvelopeContent.Gcm(envelope, key, authenticated, Aes256Gcm);
                case Enveloped when allowCbc:
                    var plain = new EnvelopedDataParser(data);
                    plain.GetOriginatorInfo();
                    using (var key = Key(plain.GetRecipientInfos(), keys))
                        return EnvelopeContent.Cbc(envelope, key, plain, Aes256Cbc);
                default: throw new OrderEnvelopeException();
            }
        }
        catch (Exception error) when (EnvelopeContent.IsOfMessage(error))
        {
            throw new OrderEnvelopeException(error);
        }
    }

    /// <summary>Opens a text that is encrypted by itself.</summary>
    /// <param name="base64">The envelope, Base64; authenticated.</param>
    /// <param name="keys">The center's keys.</param>
    /// <returns>The text, UTF-8; null when it does not open.</returns>
    public static string? OpenText(string base64, IOrderFileKeys keys)
    {
        ArgumentNullException.ThrowIfNull(base64);
        if (base64.Length > MaxText / 3 * 4) return null;
        var bytes = new byte[MaxText];
        if (!Convert.TryFromBase64String(base64, bytes, out var length)) return null;
        try
        {
            using var content = Open(new MemoryStream(bytes, 0, length), keys);
            using var plain = new MemoryStream();
            content.CopyTo(plain);
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(plain.GetBuffer(), 0, (int)plain.Length);
        }
        catch (Exception error) when (error is OrderEnvelopeException or DecoderFallbackException)
        {
            return null;
        }
    }

    private static SecretBytes Key(Asn1SetParser recipients, IOrderFileKeys keys)
    {
        SecretBytes? found = null;
        for (var left = MaxRecipients; recipients.ReadObject() is { } recipient; left--)
        {
            if (left == 0) throw new OrderEnvelopeException();
            // Read to the end: the content comes behind the last one.
            if (RecipientInfo.GetInstance(recipient.ToAsn1Object()).Info is KeyAgreeRecipientInfo agreed) found ??= Key(agreed, keys);
        }
        return found ?? throw new OrderEnvelopeException();
    }

    private static SecretBytes? Key(KeyAgreeRecipientInfo agreed, IOrderFileKeys keys)
    {
        if (!Agreements.TryGetValue(agreed.KeyEncryptionAlgorithm.Algorithm.Id, out var hash)) return null;
        var wrap = AlgorithmIdentifier.GetInstance(agreed.KeyEncryptionAlgorithm.Parameters);
        if (wrap.Algorithm.Id != Aes256Wrap || agreed.Originator.OriginatorKey is not { } sender) return null;
        if (!P256PublicKey.TryParse(sender.PublicKey.GetBytes(), out var ephemeral)) return null;
        var info = ByteString.Own(SharedInfo(wrap, agreed.UserKeyingMaterial));
        foreach (var element in agreed.RecipientEncryptedKeys)
        {
            var of = RecipientEncryptedKey.GetInstance(element);
            var serial = of.Identifier.IssuerAndSerialNumber?.SerialNumber.Value.ToByteArray();
            var identifier = of.Identifier.RKeyID?.SubjectKeyIdentifier.GetOctets();
            var recipient = new OrderFileRecipient(ByteString.Copy(serial), ByteString.Copy(identifier), ephemeral, hash, info,
                ByteString.Own(of.EncryptedKey.GetOctets()));
            if (keys.TryUnwrap(recipient, out var key)) return key;
        }
        return null;
    }

    /// <summary>ECC-CMS-SharedInfo (RFC 5753 §7.2): the key wrap, the sender's own material, the key's length in bits.</summary>
    private static byte[] SharedInfo(AlgorithmIdentifier wrap, Asn1OctetString? material)
    {
        var length = new DerTaggedObject(true, 2, new DerOctetString([0, 0, KeyBits >> 8, KeyBits & 0xFF]));
        return (material is null ? new DerSequence(wrap, length) : new DerSequence(wrap, new DerTaggedObject(true, 0, material), length)).GetEncoded("DER");
    }

    /// <summary>The envelope's bytes: those of S/MIME are Base64 behind some lines and an empty one, those of PEM between its two lines.</summary>
    private static Stream Binary(Stream envelope)
    {
        var first = envelope.ReadByte();
        if (first == Sequence) return new StartedStream([Sequence], envelope);
        if (first == PemBody.End)
        {
            ReadLine(envelope);
            return FromBase64(new PemBody(envelope));
        }
        for (var lines = 0; ReadLine(envelope).Length > 0; lines++)
            if (lines == MaxHeader) throw new OrderEnvelopeException();
        return FromBase64(envelope);
    }

    private static CryptoStream FromBase64(Stream text) =>
        new(text, new FromBase64Transform(FromBase64TransformMode.IgnoreWhiteSpaces), CryptoStreamMode.Read, leaveOpen: true);

    private static string ReadLine(Stream envelope)
    {
        var text = new StringBuilder();
        for (int read; (read = envelope.ReadByte()) != '\n'; text.Append((char)read))
            if (read < 0 || text.Length == MaxHeaderLine) throw new OrderEnvelopeException();
        return text.ToString().TrimEnd('\r');
    }
}
