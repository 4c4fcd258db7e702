using System.Security.Cryptography;
using CardIssue.Core.Primitives;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Paddings;
using Org.BouncyCastle.Crypto.Parameters;

namespace CardIssue.Center.Vault;

/// <summary>The content of an envelope, decrypted as it is read; its last read is the verdict on all of it.</summary>
public sealed class EnvelopeContent : ForwardStream
{
    private const int Chunk = 64 * 1024, NonceLength = 12, TagLength = 16, BlockLength = 16;

    private readonly Stream _envelope, _encrypted;
    private readonly byte[] _cipher = new byte[Chunk], _plain = new byte[Chunk + (2 * BlockLength)];
    private readonly Func<byte[], int, byte[], int> _process;
    private readonly Func<byte[], int> _finish;
    private int _from, _to;
    private bool _isOver;

    private EnvelopeContent(
        Stream envelope, Stream encrypted, bool isAuthenticated, Func<byte[], int, byte[], int> process, Func<byte[], int> finish)
    {
        (_envelope, _encrypted, IsAuthenticated) = (envelope, encrypted, isAuthenticated);
        (_process, _finish) = (process, finish);
    }

    /// <summary>Whether a change of it shows at its end.</summary>
    public bool IsAuthenticated { get; }

    internal static EnvelopeContent Gcm(Stream envelope, SecretBytes key, AuthEnvelopedDataParser data, string algorithm)
    {
        var info = data.GetAuthEncryptedContentInfo();
        if (info.ContentEncryptionAlgorithm.Algorithm.Id != algorithm) throw new OrderEnvelopeException();
        var parameters = Asn1Sequence.GetInstance(info.ContentEncryptionAlgorithm.Parameters);
        var nonce = Asn1OctetString.GetInstance(parameters[0]).GetOctets();
        // RFC 5084 §3.2: 12 where it is left out.
        var tag = parameters.Count > 1 ? DerInteger.GetInstance(parameters[1]).IntValueExact : 12;
        if (nonce.Length != NonceLength || tag != TagLength) throw new OrderEnvelopeException();
        var gcm = new GcmBlockCipher(Org.BouncyCastle.Crypto.AesUtilities.CreateEngine());
        gcm.Init(false, new AeadParameters(new KeyParameter(key.Span), 8 * TagLength, nonce));
        return new EnvelopeContent(envelope, Octets(info), isAuthenticated: true,
            (from, length, to) => gcm.ProcessBytes(from, 0, length, to, 0),
            to =>
            {
                // What attributes would be authenticated, no one has said before the content.
                if (data.GetAuthAttrs() is not null) throw new OrderEnvelopeException();
                var mac = data.GetMac().GetOctets();
                if (mac.Length != TagLength) throw new OrderEnvelopeException();
                var made = gcm.ProcessBytes(mac, 0, mac.Length, to, 0);
                return made + gcm.DoFinal(to, made);
            });
    }

    internal static EnvelopeContent Cbc(Stream envelope, SecretBytes key, EnvelopedDataParser data, string algorithm)
    {
        var info = data.GetEncryptedContentInfo();
        if (info.ContentEncryptionAlgorithm.Algorithm.Id != algorithm) throw new OrderEnvelopeException();
        var vector = Asn1OctetString.GetInstance(info.ContentEncryptionAlgorithm.Parameters).GetOctets();
        if (vector.Length != BlockLength) throw new OrderEnvelopeException();
        var cbc = new PaddedBufferedBlockCipher(new CbcBlockCipher(Org.BouncyCastle.Crypto.AesUtilities.CreateEngine()), new Pkcs7Padding());
        cbc.Init(false, new ParametersWithIV(new KeyParameter(key.Span), vector));
        return new EnvelopeContent(envelope, Octets(info), isAuthenticated: false,
            (from, length, to) => cbc.ProcessBytes(from, 0, length, to, 0), to => cbc.DoFinal(to, 0));
    }

    /// <summary>What a message that is not right makes the parsers throw: all of it means the same, and is told alike.</summary>
    internal static bool IsOfMessage(Exception error) => error is
        Asn1Exception or Asn1ParsingException or CryptoException or CryptographicException or ArgumentException or FormatException
        or InvalidCastException or InvalidOperationException or ArithmeticException or NullReferenceException or IndexOutOfRangeException
        or EndOfStreamException || (error is IOException && error.GetType() == typeof(IOException) && error.HResult == new IOException().HResult);

    /// <inheritdoc/>
    /// <exception cref="OrderEnvelopeException">It was changed, or cut off.</exception>
    public override int Read(Span<byte> buffer)
    {
        try
        {
            while (_from == _to && !_isOver) Fill();
        }
        catch (Exception error) when (error is not OrderEnvelopeException && IsOfMessage(error))
        {
            throw new OrderEnvelopeException(error);
        }
        var read = Math.Min(buffer.Length, _to - _from);
        _plain.AsSpan(_from, read).CopyTo(buffer);
        _from += read;
        return read;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) _envelope.Dispose();
        CryptographicOperations.ZeroMemory(_plain);
        base.Dispose(disposing);
    }

    private void Fill()
    {
        var read = _encrypted.Read(_cipher, 0, Chunk);
        _isOver = read <= 0;
        (_from, _to) = (0, _isOver ? _finish(_plain) : _process(_cipher, read, _plain));
    }

    private static Stream Octets(EncryptedContentInfoParser info) =>
        ((Asn1OctetStringParser)info.GetEncryptedContent(Asn1Tags.OctetString)).GetOctetStream();
}
