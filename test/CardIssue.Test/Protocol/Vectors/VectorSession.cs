using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using BigInteger = Org.BouncyCastle.Math.BigInteger;

namespace CardIssue.Test.Protocol.Vectors;

/// <summary>The two ends of a vector's line, with fixed keys and nonces, and the admission of one line between them.</summary>
/// <remarks>Signatures are deterministic (RFC 6979), so that the files are; nobody who verifies them can tell.</remarks>
internal sealed class VectorSession : IDisposable
{
    public static readonly TerminalId Terminal = new("T-1");
    public static readonly CenterId Center = new("C-1");
    private static readonly ByteString TerminalTls = HashOf("terminal certificate"u8), CenterTls = HashOf("center certificate"u8);
    private readonly VectorFile _file;
    private readonly bool _hasTls;
    private readonly P256PrivateKey _module = Private(0x21);
    private readonly TerminalIdentity _identity;
    private P256PrivateKey _center = Private(0x01);
    private byte _signing = 0x41;
    private TerminalTransportKey _transport;
    private LineKeys? _keys;
    private ulong _fromTerminal, _fromCenter;

    public VectorSession(VectorFile file, bool hasTls = true)
    {
        (_file, _hasTls) = (file, hasTls);
        var identity = _identity = new TerminalIdentity(Terminal, Point(0x81), _module.PublicKey, 3, hasTls ? TerminalTls : default);
        file.Given("terminal", Terminal.Value);
        file.Given("terminalKeyVersion", "3");
        file.Given("terminalCredentialPrivateKey", Counting(0x81));
        file.Given("terminalAgreementPrivateKey", Counting(0x21));
        file.Given("terminalTlsCertificateSha256", identity.TlsCertificate);
        file.Given("center", Center.Value);
        file.Given("centerSigningPrivateKey", Counting(0x41));
        file.Given("centerAgreementPrivateKey", Counting(0x01));
        file.Given("centerTlsCertificateSha256", hasTls ? CenterTls : default);
        file.Given("terminalJson", Encoding.UTF8.GetString(identity.Write()));
        file.Given("centerJson", Encoding.UTF8.GetString(new CenterIdentity(Center, Point(0x41), _center.PublicKey, hasTls ? CenterTls : default).Write()));
        _transport = Agree();
    }

    private TerminalTransportKey Agree()
    {
        var transport = TerminalTransportKey.AtCenter(_center, _identity);
        using var agreed = _center.Agree(_module.PublicKey);
        _file.Made("transport key", transport.Key.Span, ("agreement", Convert.ToHexString(agreed.Span)), ("info", Hex(new Labelled(ProtocolLabels.Transport)
            .Text(Terminal.Value).Number(3).Bytes(_module.PublicKey.Encoded.Span).Bytes(_center.PublicKey.Encoded.Span))));
        return transport;
    }

    /// <summary>The admission that codes and tickets belong to.</summary>
    public ByteString Admission { get; private set; }

    /// <summary>Its key.</summary>
    public AdmissionKey Key { get; private set; } = null!;

    /// <summary>The center's agreement key, public.</summary>
    public P256PublicKey CenterAgreement => _center.PublicKey;

    /// <summary>S210 to S220 on one line or half.</summary>
    public void Admit(LineHalf half = LineHalf.Whole, ByteString note = default, ByteString token = default, int line = 7, int certificate = 0)
    {
        var name = NameOf(half);
        var hello = new Hello(1, 1, Terminal, Counting((byte)(half is LineHalf.Results ? 0xB0 : 0xA0)), 12, half, certificate);
        var challenge = new Challenge(1, Counting((byte)(half is LineHalf.Results ? 0xD0 : 0xC0)), new LineNumber(line));
        _file.Message(VectorSpeaker.Terminal, hello, half: name);
        _file.Message(VectorSpeaker.Center, challenge, half: name);
        var transcript = new AdmissionTranscript
        {
            Hello = MessageCodec.BytesOf(hello), Challenge = MessageCodec.BytesOf(challenge), Note = note, Center = Center,
            TerminalCertificate = _hasTls ? TerminalTls : default, CenterCertificate = _hasTls ? CenterTls : default,
        };
        _file.Made("admission hash", transcript.Hash().Span, ("signed", transcript.ToBytes().ToString()));
        var key = AdmissionKey.Derive(_transport, transcript.Hash());
        using (var session = KeySchedule.Derive(_transport.Key.Span, new Labelled(ProtocolLabels.Session).Bytes(transcript.Hash().Span)))
            _file.Made("session key", session.Span, ("info", Hex(new Labelled(ProtocolLabels.Session).Bytes(transcript.Hash().Span))));
        var proof = new Proof(Sign(0x81, transcript.ToBytes().Span), key.TerminalConfirms(), note);
        Assert.That(transcript.IsSigned(Point(0x81), proof), Is.True);
        _file.Message(VectorSpeaker.Terminal, proof, half: name);

        var list = Signed(SignedReaderList.Sign(new ReaderList(Terminal, 5, new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
            [new ReaderEntry("pcsc", "Gemalto", "Twin", "S123")]), Signing), ProtocolLabels.ReaderList, _signing);
        var answer = transcript.AnswerBytes(proof, list, token);
        var admitted = new Admitted(Sign(_signing, answer.Span), key.CenterConfirms(answer), list, token);
        Assert.That(transcript.IsAdmitted(Point(_signing), key, proof, admitted), Is.True);
        _file.Made("what the center signs", SHA256.HashData(answer.Span), ("signed", answer.ToString()));
        _file.Message(VectorSpeaker.Center, admitted, half: name);
        if (!_hasTls)
        {
            _keys = LineKeys.Derive(key);
            _file.Made("line key, to the center", _keys.ToCenter.Span, ("info", Hex(new Labelled(ProtocolLabels.LineToCenter))));
            _file.Made("line key, to the terminal", _keys.ToTerminal.Span, ("info", Hex(new Labelled(ProtocolLabels.LineToTerminal))));
        }
        if (half is LineHalf.Results) key.Dispose();
        else (Admission, Key) = (transcript.Hash(), key);
    }

    /// <summary>A message after the admission, on a line without TLS with its counter and MAC.</summary>
    public void Say(VectorSpeaker from, RelayMessage message, LineHalf half = LineHalf.Whole)
    {
        if (_keys is null)
        {
            _file.Message(from, message, half: NameOf(half));
            return;
        }
        var counter = from is VectorSpeaker.Terminal ? ++_fromTerminal : ++_fromCenter;
        var counted = new byte[AuthenticatedLine.CounterLength];
        BinaryPrimitives.WriteUInt64BigEndian(counted, counter);
        counted = [.. counted, .. MessageCodec.BytesOf(message).Span];
        var mac = HMACSHA256.HashData((from is VectorSpeaker.Terminal ? _keys.ToCenter : _keys.ToTerminal).Span, counted);
        _file.Message(from, message, ByteString.Own([.. counted, .. mac.AsSpan(0, AuthenticatedLine.TagLength)]));
    }

    /// <summary>The center's note of its store.</summary>
    public static ByteString Note() => Signed(
        SignedWitnessNote.Sign(new WitnessNote(Center, Counting(0xE0).Slice(0, 16), 300, "host-1", 70_000, Counting(0x60)), Signing), ProtocolLabels.WitnessNote);

    /// <summary>The certificate that the center is going to have.</summary>
    public static ByteString NextCertificate() => Signed(new CenterCertificate(Center, 2, Counting(0x70)).Sign(Signing), ProtocolLabels.CenterCertificate);

    /// <summary>The keys that the center is going to have alone, said under those of now.</summary>
    public static ByteString NextKeys() => Signed(
        new CenterKeys(Center, 1, Point(NextSigning), Point(NextAgreement)).Sign(Signing), ProtocolLabels.CenterKeys);

    /// <summary>From the next admission on the terminal comes with those.</summary>
    public void TakeNextKeys()
    {
        _file.Given("centerNextSigningPrivateKey", Counting(NextSigning));
        _file.Given("centerNextAgreementPrivateKey", Counting(NextAgreement));
        _center.Dispose();
        _transport.Dispose();
        (_center, _signing) = (Private(NextAgreement), NextSigning);
        _transport = Agree();
    }

    private const byte NextSigning = 0xA1, NextAgreement = 0x31;

    public static ByteString Counting(byte first) => ByteString.Own([.. Enumerable.Range(first, 32).Select(i => (byte)i)]);

    public static P256PrivateKey Private(byte first) => P256PrivateKey.FromNumber(Counting(first).Span);

    public static string Hex(Labelled labelled) => Convert.ToHexString(labelled.ToArray());

    public void Dispose()
    {
        _keys?.Dispose();
        Key?.Dispose();
        _transport.Dispose();
        _module.Dispose();
        _center.Dispose();
    }

    private static P256PrivateKey Signing { get; } = Private(0x41);

    private static string NameOf(LineHalf half) => half switch { LineHalf.Data => "data", LineHalf.Results => "results", LineHalf.Whole => "" };

    public static P256PublicKey Point(byte first)
    {
        using var key = Private(first);
        return key.PublicKey;
    }

    private static ByteString HashOf(ReadOnlySpan<byte> bytes) => ByteString.Own(SHA256.HashData(bytes));

    /// <summary>
    /// The same document with a signature that is always the same: body and signature are byte strings, the latter of 64 bytes and
    /// last.
    /// </summary>
    private static ByteString Signed(ByteString document, string label, byte key = 0x41)
    {
        var cbor = new System.Formats.Cbor.CborReader(document.Memory);
        cbor.ReadStartArray();
        var signature = Sign(key, SignedBody.Signed(label, cbor.ReadByteString()).AsSpan());
        return ByteString.Concat(document.Slice(0, document.Length - signature.Length), signature);
    }

    public static ByteString Sign(byte key, ReadOnlySpan<byte> message)
    {
        var curve = SecNamedCurves.GetByName("secp256r1");
        var signer = new ECDsaSigner(new HMacDsaKCalculator(new Sha256Digest()));
        signer.Init(true, new ECPrivateKeyParameters(new BigInteger(1, Counting(key).ToArray()), new ECDomainParameters(curve)));
        var numbers = signer.GenerateSignature(SHA256.HashData(message));
        var signature = new byte[64];
        Fill(numbers[0], signature.AsSpan(0, 32));
        Fill(numbers[1], signature.AsSpan(32));
        return ByteString.Own(signature);
    }

    private static void Fill(BigInteger number, Span<byte> target)
    {
        var bytes = number.ToByteArrayUnsigned();
        bytes.CopyTo(target[(target.Length - bytes.Length)..]);
    }
}
