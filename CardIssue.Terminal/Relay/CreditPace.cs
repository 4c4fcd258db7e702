namespace CardIssue.Terminal.Relay;

/// <summary>
/// When credit must leave so that the card never waits for it: what the line takes for a round trip, and the card for a command, measured
/// while they work. Errs towards too early: of a round trip the longer counts, of commands the shorter ones.
/// </summary>
internal sealed class CreditPace(TimeProvider time)
{
    /// <summary>How much of a sample counts that would let credit leave later.</summary>
    private const double Slowly = 1.0 / 8;

    /// <summary>Of commands that are on their way: one is at the card, and one is for what the line does unevenly.</summary>
    private const int Margin = 2;

    private double _roundTrip, _command;
    private long _reported, _credited, _transmitted;
    private int _granted, _firstOfCredit;

    /// <summary>How many commands should be left when credit is sent; 0 while that is not known.</summary>
    public int Ahead => _roundTrip == 0 || _command == 0 ? 0 : (int)Math.Ceiling(_roundTrip / _command) + Margin;

    /// <summary>A new line: nothing is known of it.</summary>
    public void LineUp() => (_roundTrip, _reported, _credited) = (0, 0, 0);

    /// <summary>The center was told what became of a script: its next word takes a round trip, and what it does before.</summary>
    public void Reported() => _reported = time.GetTimestamp();

    /// <summary>The head of a script came.</summary>
    /// <param name="granted">The first number that may not be sent yet.</param>
    public void ScriptCame(int granted)
    {
        (_granted, _credited) = (granted, 0);
        // Only until a credit tells more exactly.
        if (_reported != 0 && _roundTrip == 0) _roundTrip = time.GetElapsedTime(_reported).TotalMilliseconds;
        _reported = 0;
    }

    /// <summary>Credit is sent.</summary>
    /// <param name="until">The first number that may not be sent yet.</param>
    public void Credited(int until)
    {
        if (_credited == 0) (_credited, _firstOfCredit) = (time.GetTimestamp(), _granted);
        _granted = until;
    }

    /// <summary>A command came.</summary>
    public void CommandCame(int sequence)
    {
        if (_credited == 0 || sequence < _firstOfCredit) return;
        _roundTrip = Towards(_roundTrip, time.GetElapsedTime(_credited).TotalMilliseconds, isSafe: static (was, now) => now > was);
        _credited = 0;
    }

    /// <summary>A command goes to the card.</summary>
    public void Transmitted() => _transmitted = time.GetTimestamp();

    /// <summary>The card answered it.</summary>
    public void Answered() =>
        _command = Towards(_command, Math.Max(1, time.GetElapsedTime(_transmitted).TotalMilliseconds), isSafe: static (was, now) => now < was);

    private static double Towards(double was, double now, Func<double, double, bool> isSafe) =>
        was == 0 ? now : isSafe(was, now) ? (was + now) / 2 : was + ((now - was) * Slowly);
}
