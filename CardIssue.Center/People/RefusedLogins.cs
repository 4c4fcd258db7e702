using CardIssue.Center.Storage;

namespace CardIssue.Center.People;

/// <summary>Refused logins are counted; the log gets one entry a name and minute, with how many there were, and not a row for each try.</summary>
internal static class RefusedLogins
{
    /// <summary>Names that nobody has are counted together: what was typed there may be a password.</summary>
    private const string Nobody = "";

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    public static void Count(StoreTransaction transaction, PersonName? person, string why, DateTimeOffset now)
    {
        var name = person?.Value ?? Nobody;
        transaction.Execute("INSERT INTO refused_logins (person, untold, told_at) VALUES ($person, 0, 0) ON CONFLICT DO NOTHING", ("$person", name));
        transaction.Execute("UPDATE refused_logins SET untold = untold + 1 WHERE lower(person) = lower($person)", ("$person", name));
        var told = transaction.Number("SELECT told_at FROM refused_logins WHERE lower(person) = lower($person)", ("$person", name));
        if (now - DateTimeOffset.FromUnixTimeMilliseconds(told) >= Window) Tell(transaction, person, why, now);
    }

    /// <summary>Tells of those that the log has not yet; before a login that is let in.</summary>
    public static void Tell(StoreTransaction transaction, PersonName? person, string why, DateTimeOffset now)
    {
        var name = person?.Value ?? Nobody;
        var untold = transaction.Number("SELECT untold FROM refused_logins WHERE lower(person) = lower($person)", ("$person", name));
        if (untold == 0) return;
        transaction.Log(ConsoleLog.Of("LoginRefused", new { person = person?.Value, refused = untold, why }));
        transaction.Execute("UPDATE refused_logins SET untold = 0, told_at = $now WHERE lower(person) = lower($person)", ("$now", now), ("$person", name));
    }
}
