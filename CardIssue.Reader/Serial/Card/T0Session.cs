using System.Security.Cryptography;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Reader.Serial.Ccid;
using CardIssue.Reader.Serial.Framing;

namespace CardIssue.Reader.Serial.Card;

/// <summary>A card that speaks T=0 (ISO 7816-3 10). The reader sees to procedure bytes; see <see cref="T0Command"/> for what a command becomes.</summary>
internal sealed class T0Session(CcidReader reader, Atr atr, byte speed) : CardSession(reader, atr)
{
    private readonly byte[] _tpdu = GC.AllocateArray<byte>(T0Command.MaxLength, pinned: true);
    // The reader cannot tell a command that it got twice from two commands, so none is ever sent twice on suspicion.
    private readonly ExchangeLimits _limits = new(CardTiming.T0Wait(speed, atr.WaitingInteger, atr.GuardTime), IsRepeatable: false);

    public override async ValueTask<int> TransmitAsync(ReadOnlyMemory<byte> command, Memory<byte> response, CancellationToken cancellation)
    {
        var shape = Shape(command.Span);
        var count = T0Command.CountOf(shape, command.Length);
        IsUsable = false;
        var length = 0;
        for (var i = 0; i < count; i++)
        {
            length = await TransferAsync(command, shape, i, response, cancellation).ConfigureAwait(false);
            // The card took an ENVELOPE: 9000. Anything else is its answer to the whole, 6D00 above all: it does not know ENVELOPE.
            if (response.Span[length - 2] != 0x90 || response.Span[length - 1] != 0x00) break;
        }
        IsUsable = true;
        return length;
    }

    public override void Dispose() => CryptographicOperations.ZeroMemory(_tpdu);

    private async ValueTask<int> TransferAsync(ReadOnlyMemory<byte> command, CommandShape shape, int index, Memory<byte> response, CancellationToken cancellation)
    {
        try
        {
            var length = T0Command.Write(command.Span, shape, index, _tpdu);
            using var answer = await Reader.ExchangeAsync(new CcidCommand(CcidCommandType.TransferBlock, _tpdu.AsMemory(0, length)), _limits, cancellation).ConfigureAwait(false);
            if (!answer.IsOk) throw Fault(answer);
            if (answer.Data.Length < 2 || answer.Data.Length > response.Length)
                throw new CardException(CardFault.Protocol, $"A response of {answer.Data.Length} bytes came; 2 to {response.Length} can be.");
            answer.Data.CopyTo(response);
            return answer.Data.Length;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(_tpdu);
        }
    }
}
