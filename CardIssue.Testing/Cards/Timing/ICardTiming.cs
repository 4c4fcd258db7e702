namespace CardIssue.Testing.Cards.Timing;

/// <summary>How long a card takes for a command.</summary>
public interface ICardTiming
{
    /// <summary>The time from the command's last byte to the response's last, wire included.</summary>
    /// <param name="command">The command APDU as sent.</param>
    /// <param name="responseLength">In bytes, status word included.</param>
    TimeSpan Of(ReadOnlySpan<byte> command, int responseLength);

    /// <summary>The card was reset.</summary>
    void Restart();
}

/// <summary>
/// NXP P71 (JCOP4), security level 01, as a straight line per instruction through what the public traces show (responses in p71_install.json;
/// GET STATUS, SELECT, GET DATA from sessions of the same card). What no trace shows (STORE DATA, PUT KEY, DELETE, SET STATUS,
/// READ RECORD) is set like the measured command that does most nearly the same, and so an estimate.
/// </summary>
public sealed class P71Timing : ICardTiming
{
    private const double PerByteIn = 0.11, PerByteOut = 0.2;
    private const double LastLoadBlock = 662, FirstLoadBlock = 73;

    /// <inheritdoc/>
    public TimeSpan Of(ReadOnlySpan<byte> command, int responseLength)
    {
        if (command.Length < 4) return TimeSpan.FromMilliseconds(10);
        double fixedPart = command[1] switch
        {
            0x50 => 42,
            0x82 => 15,
            0xE8 when (command[2] & 0x80) != 0 => LastLoadBlock,
            0xE8 when command[3] == 0 => FirstLoadBlock,
            0xE8 => 14,
            0xE6 or 0xD8 or 0xE4 => 75,
            0xE2 or 0xF0 => 14,
            _ => 10.5,
        };
        return TimeSpan.FromMilliseconds(fixedPart + PerByteIn * command.Length + PerByteOut * Math.Max(0, responseLength - 2));
    }

    /// <inheritdoc/>
    public void Restart() { }
}
