using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.Pipeline;
using CardIssue.Core.Cards.Tlv;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.Terminal.Readers;

/// <summary>
/// A reader's key in a SAM in a second slot: a PIV application (NIST SP 800-73-4) whose card authentication key 9E signs without a PIN. Each call
/// connects anew, so that a SAM that was taken out or exchanged is noticed. It proves that the SAM is here, not that the cards' slot belongs to it.
/// </summary>
public sealed class SamReaderKey : IReaderKey, IDisposable
{
    /// <summary>How long a SAM may take for one answer unless another time is given.</summary>
    internal static readonly TimeSpan DefaultSlow = TimeSpan.FromSeconds(5);

    /// <summary>How long a slot that was plugged in a moment ago may take to see its SAM.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);

    private const byte GetData = 0xCB, GeneralAuthenticate = 0x87, EccP256 = 0x11, CardAuthenticationKey = 0x9E;
    private const int CoordinateLength = 32;

    private static readonly Aid Piv = Aid.FromHex("A000000308 00001000 0100");

    // The card authentication certificate's tag (SP 800-73-4 part 1, table 3), as a tag list (part 2, §3.1.2).
    private static readonly ByteString CertificateTag = ByteString.FromHex("5C03 5FC101");

    // 70 in the terms of ASN.1.
    private static readonly Asn1Tag Certificate = new(TagClass.Application, 16, isConstructed: true);

    private readonly ICardReader _slot;
    private readonly TimeSpan _slow;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Makes a key; the SAM is not asked yet.</summary>
    /// <param name="samSlot">The slot that the SAM is in; belongs to the caller, and is used for nothing else.</param>
    /// <param name="slow">How long the SAM may take for one answer, connecting included; 5 s when null.</param>
    /// <param name="time">Where time comes from; the system's clock when null.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="slow"/> is not more than zero.</exception>
    public SamReaderKey(ICardReader samSlot, TimeSpan? slow = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(samSlot);
        (_slot, _slow, _time) = (samSlot, slow ?? DefaultSlow, time ?? TimeProvider.System);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(_slow, TimeSpan.Zero, nameof(slow));
    }

    /// <inheritdoc/>
    public async ValueTask<ReaderKeyAnswer> SignAsync(ReadOnlyMemory<byte> hash, CancellationToken cancellation)
    {
        if (hash.Length != ReaderChallenge.HashLength) throw new ArgumentException($"A hash has {ReaderChallenge.HashLength} bytes; this has {hash.Length}.", nameof(hash));
        // Part 2, §3.2.4: dynamic authentication template; 82 asks for the answer to the challenge 81.
        var template = BerTlv.Constructed(0x7C, BerTlv.Primitive(0x82, default), BerTlv.Primitive(0x81, ByteString.Copy(hash.Span)));
        var command = new CommandApdu(0x00, GeneralAuthenticate, EccP256, CardAuthenticationKey, template.ToBytes(), CommandApdu.MaxShortLe);
        return await AskAsync(command, Signature, cancellation).ConfigureAwait(false);
    }

    /// <summary>
    /// Reads the public key out of the card authentication certificate (SP 800-73-4 part 1, table 3). Nobody's signature on it is checked: the
    /// center's operator decides.
    /// </summary>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The uncompressed P-256 point, <see cref="P256PublicKey.Length"/> bytes, or why there is none.</returns>
    public async ValueTask<ReaderKeyAnswer> ReadPublicKeyAsync(CancellationToken cancellation)
    {
        var command = new CommandApdu(0x00, GetData, 0x3F, 0xFF, CertificateTag, CommandApdu.MaxShortLe);
        return await AskAsync(command, CertifiedKey, cancellation).ConfigureAwait(false);
    }

    /// <summary>The slot stays the caller's.</summary>
    public void Dispose() => _turn.Dispose();

    private async ValueTask<ReaderKeyAnswer> AskAsync(CommandApdu command, Func<ByteString, ByteString?> read, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        using var slow = new CancellationTokenSource(_slow, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, slow.Token);
        try
        {
            var response = await ExchangeAsync(command, either.Token).ConfigureAwait(false);
            if (!response.IsOk) return ReaderKeyAnswer.None(ReaderKeyFault.Refused, $"status word {response.StatusWord:X4}");
            return read(response.Data) is { } value ? ReaderKeyAnswer.Of(value) : ReaderKeyAnswer.None(ReaderKeyFault.Malformed, $"{response.Data.Length} bytes");
        }
        catch (CardException e)
        {
            return ReaderKeyAnswer.None(FaultOf(e.Fault), e.Fault.ToString());
        }
        catch (OperationCanceledException) when (slow.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            return ReaderKeyAnswer.None(ReaderKeyFault.Slow, $"no answer within {_slow.TotalSeconds:0.#} s");
        }
        finally
        {
            _turn.Release();
        }
    }

    private async ValueTask<ResponseApdu> ExchangeAsync(CommandApdu command, CancellationToken cancellation)
    {
        var sam = new GetResponseConnection(await ConnectAsync(cancellation).ConfigureAwait(false));
        await using var _ = sam.ConfigureAwait(false);
        var response = new byte[ResponseApdu.MaxLength];
        var length = await sam.TransmitAsync(Select.Application(Piv).ToBytes().Memory, response, cancellation).ConfigureAwait(false);
        if (ResponseApdu.Parse(response.AsSpan(0, length)) is { IsOk: false } noApplication) return noApplication;
        length = await sam.TransmitAsync(command.ToBytes().Memory, response, cancellation).ConfigureAwait(false);
        return ResponseApdu.Parse(response.AsSpan(0, length));
    }

    private async ValueTask<ICardConnection> ConnectAsync(CancellationToken cancellation)
    {
        using var settling = new CancellationTokenSource(Settling, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, settling.Token);
        try
        {
            return await _slot.ConnectAsync(cancellation).ConfigureAwait(false);
        }
        catch (CardException e) when (e.Fault is CardFault.NoCard)
        {
            try
            {
                await _slot.WaitForCardAsync(either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                throw new CardException(e.Fault, e.Message, e);
            }
        }
        return await _slot.ConnectAsync(cancellation).ConfigureAwait(false);
    }

    private static ReaderKeyFault FaultOf(CardFault fault) => fault switch
    {
        CardFault.NoCard or CardFault.Removed or CardFault.Mute => ReaderKeyFault.Absent,
        CardFault.ReaderGone or CardFault.ServiceGone => ReaderKeyFault.Away,
        CardFault.SlowCard => ReaderKeyFault.Slow,
        CardFault.Busy or CardFault.Reset => ReaderKeyFault.Refused,
        CardFault.Protocol => ReaderKeyFault.Malformed,
    };

    /// <summary>The signature r‖s out of the template: 7C, 82, and in it ECDSA-Sig-Value in DER (RFC 3279 §2.2.3).</summary>
    private static ByteString? Signature(ByteString data)
    {
        if (!BerTlv.TryParseOne(data.Span, out var template, out _) || template.Tag != 0x7C || template.Find(0x82) is not { } answer) return null;
        var signature = new byte[P256PublicKey.SignatureLength];
        try
        {
            var sequence = new AsnReader(answer.Value.Memory, AsnEncodingRules.DER);
            var numbers = sequence.ReadSequence();
            sequence.ThrowIfNotEmpty();
            if (!TryPut(numbers, signature.AsSpan(0, CoordinateLength)) || !TryPut(numbers, signature.AsSpan(CoordinateLength))) return null;
            numbers.ThrowIfNotEmpty();
        }
        catch (AsnContentException)
        {
            return null;
        }
        return ByteString.Own(signature);
    }

    private static bool TryPut(AsnReader numbers, Span<byte> destination)
    {
        var digits = numbers.ReadIntegerBytes().Span;
        // A leading zero keeps the number positive.
        if (digits[0] == 0) digits = digits[1..];
        if (digits.Length > destination.Length) return false;
        digits.CopyTo(destination[^digits.Length..]);
        return true;
    }

    /// <summary>The key out of the data object: 53, and in it the certificate 70 (SP 800-73-4 part 1, table 15), not compressed.</summary>
    private static ByteString? CertifiedKey(ByteString data)
    {
        if (!BerTlv.TryParseOne(data.Span, out var container, out _) || container.Tag != 0x53) return null;
        try
        {
            // 70 looks constructed, but PIV means the certificate as it stands: it is not taken apart here.
            for (var fields = new AsnReader(container.Value.Memory, AsnEncodingRules.BER); fields.HasData; fields.ReadEncodedValue())
            {
                if (fields.PeekTag() == Certificate) return TryRead(ByteString.Copy(fields.PeekContentBytes().Span), out var key) ? key.Encoded : null;
            }
        }
        catch (AsnContentException)
        {
            return null;
        }
        return null;
    }

    private static bool TryRead(ByteString certificate, [NotNullWhen(true)] out P256PublicKey? key)
    {
        key = null;
        try
        {
            using var read = X509CertificateLoader.LoadCertificate(certificate.Span);
            using var ecdsa = read.GetECDsaPublicKey();
            if (ecdsa is null) return false;
            var point = ecdsa.ExportParameters(includePrivateParameters: false).Q;
            return point is { X: { Length: CoordinateLength } x, Y: { Length: CoordinateLength } y } && P256PublicKey.TryParse([0x04, .. x, .. y], out key);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
