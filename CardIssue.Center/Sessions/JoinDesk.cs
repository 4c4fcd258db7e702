using System.Security.Cryptography;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Sessions;

/// <summary>What came of a token.</summary>
/// <param name="Data">The session of the data half that the token was for, which it is spent for in any case; null when none waits.</param>
/// <param name="Fits">Whether the half is joined.</param>
/// <param name="Detail">For the log only.</param>
internal readonly record struct JoinOutcome(CenterSession? Data, bool Fits, string Detail);

/// <summary>
/// Joins the halves of split lines: who waits for its results half, and by which token. A data half is looked up by what the center itself knows of a results half, its verified terminal and its line; the
/// token is compared only then. So a token is no good to another terminal or on another line, and cannot be spent from there. The first try spends it, right or wrong.
/// </summary>
internal sealed class JoinDesk(TimeProvider time, TimeSpan lifetime)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Place, Waiting> _waiting = [];

    /// <summary>A terminal's results half on a line.</summary>
    private readonly record struct Place(TerminalId Terminal, LineNumber Results);

    private sealed record Waiting(CenterSession Data, ByteString Token, long Since);

    /// <summary>A data half waits from now on; one of the same terminal that still waited for the same line does so in vain. Bounded by the sessions, of which each waits once.</summary>
    /// <returns>The token, 16 random bytes.</returns>
    public ByteString Open(TerminalId terminal, LineNumber results, CenterSession data)
    {
        var token = ByteString.Own(RandomNumberGenerator.GetBytes(ProtocolLimits.TokenLength));
        lock (_gate) _waiting[new Place(terminal, results)] = new Waiting(data, token, time.GetTimestamp());
        return token;
    }

    /// <summary>Judges a token and spends it.</summary>
    /// <param name="terminal">The results half's terminal, as its own admission verified it.</param>
    /// <param name="results">The line that it came in on.</param>
    /// <param name="join">What it said.</param>
    public JoinOutcome TryJoin(TerminalId terminal, LineNumber results, Join join)
    {
        Waiting? waiting;
        lock (_gate)
            if (!_waiting.Remove(new Place(terminal, results), out waiting)) return new JoinOutcome(null, false, "no data half of this terminal waits for this line");
        if (!CryptographicOperations.FixedTimeEquals(waiting.Token.Span, join.Token.Span)) return new JoinOutcome(waiting.Data, false, "the token is not that of the data half");
        return time.GetElapsedTime(waiting.Since) >= lifetime
            ? new JoinOutcome(waiting.Data, false, "the token came too late")
            : new JoinOutcome(waiting.Data, true, $"joined to {waiting.Data.Name}");
    }

    /// <summary>A session is over and waits no more.</summary>
    public void Withdraw(CenterSession data)
    {
        lock (_gate)
            foreach (var (place, _) in _waiting.Where(entry => entry.Value.Data == data).ToList()) _waiting.Remove(place);
    }
}
