namespace CardIssue.Testing.Cards.Apdu;

/// <summary>
/// GlobalPlatform's command chaining (GPCS 2.3.1 11.1.5.1): a DELETE, INSTALL or PUT KEY that is too long for one command comes in segments,
/// b8 of P1 set in all but the last. What they carry is one command, encrypted and MACed before it was cut: P1 as the last segment has it,
/// Lc of the whole, the MAC at its end.
/// </summary>
internal sealed class CommandChain
{
    /// <summary>The most data that a chain may have, in bytes: what Lc of the whole, with its two bytes, can say.</summary>
    public const int MaximumLength = 0xFFFF;

    private const byte More = 0x80;
    private const byte Delete = 0xE4, Install = 0xE6, PutKey = 0xD8;

    private readonly List<byte> _data = [];
    private Command? _last;

    /// <summary>
    /// Takes a command. Null: it is whole now, and <paramref name="command"/> is what to execute. Otherwise the answer: 9000 to a segment that
    /// others follow. A command that does not repeat the header of the segments before it breaks their chain off and stands for itself.
    /// </summary>
    public Reply? Take(ref Command command)
    {
        if (_last is { } last && !Continues(last, command)) Drop();
        var hasMore = command.Ins is Delete or Install or PutKey && (command.P1 & More) != 0;
        if (!hasMore && _last is null) return null;
        if (_data.Count + command.Data.Length > MaximumLength)
        {
            Drop();
            return Sw.WrongLength;
        }
        _data.AddRange(command.Data);
        if (hasMore)
        {
            _last = command;
            return Reply.Ok();
        }
        command = command with { Data = [.. _data], IsExtended = false };
        Drop();
        return null;
    }

    public void Drop()
    {
        _data.Clear();
        _last = null;
    }

    private static bool Continues(Command last, Command next) =>
        (last.Cla, last.Ins, last.P2, last.P1 | More) == (next.Cla, next.Ins, next.P2, next.P1 | More);
}
