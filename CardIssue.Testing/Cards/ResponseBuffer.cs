using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards;

/// <summary>
/// Brings replies into the length that was asked for: 61xx and GET RESPONSE, 6Cxx and the repeat (ISO 7816-3 12.2, 7816-4 5.3.4).
/// A repeat after 6Cxx is served from here, so that it does not run twice inside a secure channel whose counters have moved.
/// </summary>
internal sealed class ResponseBuffer
{
    private const int ShortMaximum = 256;

    private byte[] _rest = [];
    private ushort _statusWord;
    private byte[]? _awaitedRepeat;

    public void Clear()
    {
        _rest = [];
        _awaitedRepeat = null;
    }

    /// <summary>Serves GET RESPONSE and the repeat after 6Cxx; null when the command is a new one, and then what was held is gone.</summary>
    public byte[]? TryServe(ReadOnlySpan<byte> command, CardProtocol protocol)
    {
        var isGetResponse = command.Length == 5 && (command[0] & 0x7F) is 0x00 or 0x04 && command[1] == 0xC0 && command[2] == 0 && command[3] == 0;
        var isRepeat = _awaitedRepeat is not null && command.Length == _awaitedRepeat.Length + 1 && command.StartsWith(_awaitedRepeat);
        if (_rest.Length > 0 && (isGetResponse || isRepeat))
        {
            var wanted = command[^1] == 0 ? ShortMaximum : command[^1];
            // T=0 can't answer with less than P3 says.
            return protocol == CardProtocol.T0 && wanted > _rest.Length ? new Reply((ushort)(0x6C00 | _rest.Length)).ToBytes() : Take(wanted);
        }
        Clear();
        return isGetResponse ? new Reply(Sw.Conditions).ToBytes() : null;
    }

    /// <param name="warnsFirst">T=0: whether a warning is told before its data is fetched, instead of with it.</param>
    public byte[] Deliver(Command command, Reply reply, CardProtocol protocol, bool warnsFirst = false)
    {
        var length = reply.Data.Length;
        if (length == 0) return reply.ToBytes();
        var hasData = command.Data.Length > 0;
        // T=0 has no case 4: the answer to a command with data is always fetched.
        if (protocol == CardProtocol.T0 && hasData)
        {
            var warns = warnsFirst && reply.StatusWord >> 8 is 0x62 or 0x63;
            return warns ? Hold(new Reply(reply.Data, Sw.Ok), reply.StatusWord) : Hold(reply, More(length));
        }
        // GPCS hosts leave Le out now and then; a T=1 card then answers all the same.
        var wanted = command.Expected ?? ShortMaximum;
        var isExact = wanted == length || protocol == CardProtocol.T1 && wanted > length && (wanted >= ShortMaximum || command.IsExtended);
        if (isExact || command.Expected is null && length <= ShortMaximum) return reply.ToBytes();
        if (length <= ShortMaximum && wanted < length || protocol == CardProtocol.T0 && length < wanted)
        {
            _awaitedRepeat = Repeatable(command);
            return Hold(reply, (ushort)(0x6C00 | (byte)length));
        }
        if (length <= wanted) return reply.ToBytes();
        _rest = reply.Data;
        _statusWord = reply.StatusWord;
        return Take(wanted);
    }

    private byte[] Hold(Reply reply, ushort statusWord)
    {
        _rest = reply.Data;
        _statusWord = reply.StatusWord;
        return new Reply(statusWord).ToBytes();
    }

    private byte[] Take(int wanted)
    {
        _awaitedRepeat = null;
        var count = Math.Min(wanted, _rest.Length);
        var part = _rest[..count];
        _rest = _rest[count..];
        return new Reply(part, _rest.Length == 0 ? _statusWord : More(_rest.Length)).ToBytes();
    }

    private static ushort More(int length) => (ushort)(0x6100 | (length >= ShortMaximum ? 0 : length));

    private static byte[] Repeatable(Command command) => command.Data.Length == 0
        ? [command.Cla, command.Ins, command.P1, command.P2]
        : [command.Cla, command.Ins, command.P1, command.P2, (byte)command.Data.Length, .. command.Data];
}
