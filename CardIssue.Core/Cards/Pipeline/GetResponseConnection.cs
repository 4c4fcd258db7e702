using System.Security.Cryptography;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Pipeline;

/// <summary>
/// Settles 61xx with GET RESPONSE and 6Cxx by the same command with the right Le (ISO 7816-4 5.3.4), so that the layers above see whole
/// responses. With T=0 it
/// fetches what goes with a warning, too (ISO 7816-3 12.2). It goes below a secure channel: GET RESPONSE is never wrapped.
/// </summary>
internal sealed class GetResponseConnection : ICardConnection
{
    /// <summary>How many GET RESPONSE one command may take: enough for 65,536 bytes in pieces of 256, and one more for an R-MAC.</summary>
    public const int MaxGetResponseRounds = 257;

    private const byte GetResponseIns = 0xC0, MoreData = 0x61, WrongLe = 0x6C, Warning = 0x62, WarningOfChange = 0x63;
    private const int ShortResponseLength = CommandApdu.MaxShortLe + 2;

    private readonly ICardConnection _inner;

    /// <summary>Wraps <paramref name="inner"/> and owns it.</summary>
    public GetResponseConnection(ICardConnection inner)
    {
        ArgumentNullException.ThrowIfNull(inner);
        _inner = inner;
    }

    /// <inheritdoc/>
    public ByteString Atr => _inner.Atr;

    /// <inheritdoc/>
    public TransmissionProtocol Protocol => _inner.Protocol;

    /// <inheritdoc/>
    public ValueTask<ByteString> ResetAsync(CancellationToken cancellation) => _inner.ResetAsync(cancellation);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _inner.DisposeAsync();

    /// <inheritdoc/>
    /// <exception cref="CardException">As below; or the card went on answering 61xx, or more than <paramref name="response"/> holds.</exception>
    public async ValueTask<int> TransmitAsync(ReadOnlyMemory<byte> command, Memory<byte> response, CancellationToken cancellation)
    {
        var length = await TransmitWithRightLeAsync(command, response, cancellation).ConfigureAwait(false);
        var cla = command.Span[0];
        return response.Span[length - 2] == MoreData ? await CollectAsync(cla, response, length, cancellation).ConfigureAwait(false)
            : MayHoldData(command.Span, response.Span[..length]) ? await FetchAsync(cla, response, cancellation).ConfigureAwait(false)
            : length;
    }

    /// <summary>A warning of T=0 to a command with data, which may have an answer all the same: it has Le, or a MAC is due.</summary>
    private bool MayHoldData(ReadOnlySpan<byte> command, ReadOnlySpan<byte> response) =>
        _inner.Protocol is TransmissionProtocol.T0 && response is [Warning or WarningOfChange, _]
        && CommandShape.TryRead(command, out var shape, out _) && shape.DataLength > 0
        && (shape.Le is not null || HasSecureMessaging(command[0]));

    /// <summary>
    /// ISO 7816-4 5.1.1: b4 and b3 of the first interindustry classes and of those of GlobalPlatform, b6 of the further ones.
    /// </summary>
    private static bool HasSecureMessaging(byte cla) => (cla & 0x40) == 0 ? (cla & 0x0C) != 0 : (cla & 0x20) != 0;

    /// <summary>
    /// Asks for what goes with a warning. Nothing, or a refusal, leaves the warning as it was; 9000 says only that GET RESPONSE went
    /// well.
    /// </summary>
    private async ValueTask<int> FetchAsync(byte cla, Memory<byte> response, CancellationToken cancellation)
    {
        var (sw1, sw2) = (response.Span[0], response.Span[1]);
        // As though 6100 had come: there may be up to 256 bytes.
        (response.Span[0], response.Span[1]) = (MoreData, 0x00);
        var length = await CollectAsync(cla, response, 2, cancellation).ConfigureAwait(false);
        if (length == 2 || response.Span[length - 2] == 0x90) (response.Span[length - 2], response.Span[length - 1]) = (sw1, sw2);
        return length;
    }

    private async ValueTask<int> TransmitWithRightLeAsync(ReadOnlyMemory<byte> command, Memory<byte> response, CancellationToken cancellation)
    {
        var length = Check(await _inner.TransmitAsync(command, response, cancellation).ConfigureAwait(false), response);
        if (length != 2 || response.Span[0] != WrongLe || WithLe(command.Span, response.Span[1]) is not { } repeated) return length;
        try
        {
            return Check(await _inner.TransmitAsync(repeated, response, cancellation).ConfigureAwait(false), response);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(repeated);
        }
    }

    /// <summary>The same command with another Le; null when it has none that could be corrected.</summary>
    private static byte[]? WithLe(ReadOnlySpan<byte> command, byte le)
    {
        if (!CommandShape.TryRead(command, out var shape, out _) || shape.Le is null) return null;
        var repeated = GC.AllocateUninitializedArray<byte>(command.Length, pinned: true);
        command.CopyTo(repeated);
        repeated[^1] = le;
        // 00 means 256: extended Le says that as 0100.
        if (shape.Extended) repeated[^2] = le == 0 ? (byte)1 : (byte)0;
        return repeated;
    }

    private async ValueTask<int> CollectAsync(byte cla, Memory<byte> response, int length, CancellationToken cancellation)
    {
        var piece = GC.AllocateUninitializedArray<byte>(ShortResponseLength, pinned: true);
        try
        {
            var collected = length - 2;
            for (var round = 0; round < MaxGetResponseRounds; round++)
            {
                byte[] getResponse = [ChannelOf(cla), GetResponseIns, 0x00, 0x00, response.Span[collected + 1]];
                var got = await TransmitWithRightLeAsync(getResponse, piece, cancellation).ConfigureAwait(false);
                if (collected + got > response.Length)
                    throw new CardException(CardFault.Protocol, $"The card answers more than the {response.Length} bytes that there is room for.");
                piece.AsSpan(0, got).CopyTo(response.Span[collected..]);
                collected += got - 2;
                if (response.Span[collected] != MoreData) return collected + 2;
            }
            throw new CardException(CardFault.Protocol, $"After {MaxGetResponseRounds} GET RESPONSE the card still answers 61xx.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(piece);
        }
    }

    /// <summary>GET RESPONSE goes on the logical channel of its command (ISO 7816-4 5.1.1), without secure messaging.</summary>
    private static byte ChannelOf(byte cla) => (cla & 0x40) != 0 ? (byte)(0x40 | cla & 0x0F) : (byte)(cla & 0x03);

    private static int Check(int length, Memory<byte> response) => length >= 2 && length <= response.Length
        ? length
        : throw new CardException(CardFault.Protocol, $"A response of {length} bytes came; 2 to {response.Length} can be.");
}
